import type { Vouch } from '#app'
import { fromWireId, toWireId } from '#kernel/id'
import type { Actor } from '#kernel/actor'
import { systemScope, type Scope } from '#platform/database'
import { installationTenant } from '#platform/tenancy'
import { type Context, textOf, unlessStopped, UsageError } from './command.ts'

/** Whoever has a shell on this machine, by number: a name would be a personal datum. */
export const operator = (): Actor => ({ kind: 'operator', id: `uid:${process.getuid?.() ?? 'unknown'}` })

/** Opens the installation beside a running server, does `work`, and closes it, also on Ctrl-C. Only warnings are logged. */
export async function withVouch<T>(context: Context, work: (vouch: Vouch) => Promise<T>): Promise<T> {
  const config = context.readConfig()
  const logLevel = config.logLevel === 'info' ? 'warn' : config.logLevel
  const { openVouch } = await import('#app')
  const vouch = await openVouch({
    config,
    clock: context.clock,
    log: await context.createLog({ ...config, logLevel }),
    as: 'guest',
  })
  try {
    return await unlessStopped(context.terminal, work(vouch))
  } finally {
    await vouch.close()
  }
}

/** The tenant that --tenant names, or the only one; with --test its twin. `installation` is the installation's own. */
export async function chooseTenant(context: Context, vouch: Vouch): Promise<{ scope: Scope; mode: 'live' | 'test' }> {
  return findTenant(vouch, textOf(context, 'tenant'), context.options['test'] === true ? 'test' : 'live')
}

/** The tenant with this wire id, or its twin; the only one where none is named. */
export async function findTenant(
  vouch: Vouch,
  wire: string | undefined,
  mode: 'live' | 'test' = 'live',
): Promise<{ scope: Scope; mode: 'live' | 'test' }> {
  const system = systemScope(vouch.database, 'command line')
  if (wire === 'installation') return { scope: system.asTenant(installationTenant, operator()), mode: 'live' }
  const tenants = await vouch.tenancy.list({ limit: wire === undefined ? 2 : 100_000 })
  const id = wire === undefined ? undefined : fromWireId('tenant', wire)
  const chosen = wire === undefined ? tenants[0] : tenants.find((tenant) => tenant.id === id || tenant.twinId === id)
  if (!chosen)
    throw new UsageError(
      wire === undefined
        ? 'There is no tenant yet: vouch tenant create NAME'
        : 'There is no such tenant: vouch tenant list',
    )
  if (wire === undefined && tenants.length > 1)
    throw new UsageError(
      `There are several tenants: choose with --tenant ${toWireId('tenant', chosen.id)} (vouch tenant list)`,
    )
  const isTwin = mode === 'test' || chosen.twinId === id
  return { scope: system.asTenant(isTwin ? chosen.twinId : chosen.id, operator()), mode: isTwin ? 'test' : 'live' }
}
