import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatAttestation } from '#assurance/attestations'
import { type Context, exit, type ExitCode } from '../command.ts'
import { quote, requireFree } from '../log/given-keys.ts'
import { withVouch } from '../open-guest.ts'

export async function exportAttestations(context: Context, dir: string): Promise<ExitCode> {
  requireFree(dir)
  return withVouch(context, async ({ assurance }) => {
    await assurance.runDue()
    const { claims } = await assurance.standing()
    await mkdir(dir, { recursive: true })
    for (const { id } of claims) {
      const envelope = await assurance.attestation(id)
      if (envelope) await writeFile(join(dir, `${id}.json`), formatAttestation(envelope))
    }
    const [key] = await assurance.publicKeys()
    const vkey = key?.vkey ?? ''
    context.answer(
      { dir, claims: claims.length, vkey },
      [
        `● ${claims.length} claims are exported to ${dir}`,
        `  key  ${vkey}`,
        '',
        'Anybody verifies one, without a server or a database:',
        `  vouch trust verify ${quote(join(dir, 'enc.rest.json'))} --key ${quote(vkey)}`,
        'Hand the key over by another way than the files: the key inside proves nothing about who signed.',
      ].join('\n'),
    )
    return exit.ok
  })
}
