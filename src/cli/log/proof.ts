import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { fromWireId } from '#kernel/id'
import { parseCheckpoint, parseNote } from '#platform/tlog'
import { type Context, exit, type ExitCode, textOf, UsageError } from '../command.ts'
import { chooseTenant, withVouch } from '../open-guest.ts'
import { quote } from './given-keys.ts'

export const proofSuffix = '.tlog-proof'
/** What stands beside a proof: the bytes that were hashed, and what they commit to. Nothing private is in the proof. */
export function filesBeside(proof: string): { entry: string; content: string } {
  const base = proof.endsWith(proofSuffix) ? proof.slice(0, -proofSuffix.length) : proof
  return { entry: `${base}.entry`, content: `${base}.content` }
}

export async function proveEntry(context: Context, wireId: string): Promise<ExitCode> {
  const id = fromWireId('decision', wireId) ?? fromWireId('audit', wireId)
  if (id === undefined) throw new UsageError('ID is that of a decision (tr_…) or of a row of the trail (aud_…)')
  const out = textOf(context, 'out') ?? wireId
  const file = out.endsWith(proofSuffix) ? out : `${out}${proofSuffix}`
  const beside = filesBeside(file)
  const taken = [file, beside.entry, beside.content].find((name) => existsSync(name))
  if (taken !== undefined) throw new UsageError(`${taken} exists already: choose another name with --out FILE`)

  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    await vouch.logs.drain(scope)
    const { proof, entry, checkpoint, vkeys } = await scope.transaction((tx) => vouch.logs.proveEntry(tx, id))
    const { origin, size, root } = parseCheckpoint(parseNote(checkpoint.note).text)
    const { bytes, salt, content } = entry
    const index = Number(entry.index)
    await write(file, proof)
    await write(beside.entry, bytes)
    if (salt && content !== null)
      await write(beside.content, `${JSON.stringify({ index, salt: salt.toString('hex'), content })}\n`)
    const files = { proof: file, entry: beside.entry, content: content === null ? null : beside.content }
    const [vkey = ''] = vkeys.split('\n')
    context.answer(
      { id: wireId, origin, index, size, root: root.toString('base64'), files, vkeys },
      [
        `● ${wireId} is entry ${index} of ${origin}`,
        `  proof    ${file}`,
        `  entry    ${beside.entry}`,
        `  content  ${files.content ?? 'erased: the entry stands, and what it committed to is gone'}`,
        '',
        'Anybody verifies it, without a server or a database:',
        `  vouch log verify-proof ${quote(file)} --key ${quote(vkey)}`,
        'Hand the content on only to those who may read it: proof and entry are verified without it.',
      ].join('\n'),
    )
    return exit.ok
  })
}

const write = (file: string, data: string | Uint8Array): Promise<void> =>
  writeFile(file, data, { flag: 'wx' }).catch((error: unknown) => {
    throw new UsageError(`${file} cannot be written`, { cause: error })
  })
