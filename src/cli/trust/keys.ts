import type { AttestationKey } from '#assurance/attestations'
import { systemScope } from '#platform/database'
import { installationTenant } from '#platform/tenancy'
import { type Context, exit, type ExitCode } from '../command.ts'
import { operator, withVouch } from '../open-guest.ts'

export const showTrustKeys = (context: Context): Promise<ExitCode> =>
  withVouch(context, async ({ assurance }) => {
    await assurance.runDue()
    tell(context, await assurance.publicKeys())
    return exit.ok
  })

export const rotateTrustKey = (context: Context): Promise<ExitCode> =>
  withVouch(context, async ({ assurance, database }) => {
    await assurance.runDue()
    await assurance.rotate(systemScope(database, 'command line').asTenant(installationTenant, operator()))
    tell(context, await assurance.publicKeys())
    return exit.ok
  })

function tell(context: Context, keys: readonly AttestationKey[]): void {
  const lines = keys.map(({ state, vkey, created_at, retired_at }) =>
    [`${state.padEnd(7)}  ${created_at}${retired_at === null ? '' : ` to ${retired_at}`}`, `  ${vkey}`].join('\n'),
  )
  context.answer({ keys }, lines.join('\n'))
}
