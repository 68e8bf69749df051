import type { Vouch } from '#app'
import { rfc3339 } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import { isPermission, permissions, type Permission } from '#kernel/route'
import type { Actor } from '#kernel/actor'
import { type Command, exit, integerOf, UsageError } from './command.ts'
import { findTenant, operator, withVouch } from './open-guest.ts'

export const allPermissions: ReadonlySet<Permission> = new Set(Object.keys(permissions).filter(isPermission))

/** A tenant, its twin, and a first key for each with every scope. */
export async function createTenant(vouch: Vouch, name: string, actor: Actor) {
  const tokens = { live: '', test: '' }
  const tenant = await vouch.tenancy.create(name, actor, async (tx, mode) => {
    const { token } = await vouch.keys.issue(
      tx,
      mode,
      { name: 'first key', scopes: [...allPermissions] },
      allPermissions,
    )
    tokens[mode] = token
  })
  return {
    tenant_id: toWireId('tenant', tenant.id),
    test_tenant_id: toWireId('tenant', tenant.twinId),
    key: tokens.live,
    test_key: tokens.test,
  }
}

export const tenant: Command = {
  form: 'create NAME | list | contact TENANT_ID',
  more: [
    'Keys are shown once. `vouch key rotate` replaces a lost one.',
    'The installation is a tenant of its own, which is not listed: `--tenant installation` reaches its log and its trail.',
  ].join('\n'),
  options: { limit: { type: 'string', value: 'N', means: 'list: at most N tenants (1000 unless told)' } },
  positionals: { min: 1, max: 2 },
  async run(context) {
    const [verb, name] = context.positionals
    if (verb === 'create' && name !== undefined) {
      const made = await withVouch(context, (vouch) => createTenant(vouch, name, operator()))
      const lines = [
        `Tenant     ${made.tenant_id}`,
        `Test twin  ${made.test_tenant_id}`,
        `Key        ${made.key}`,
        `Test key   ${made.test_key}`,
      ]
      context.answer(made, `${lines.join('\n')}\nThe keys are shown this once.`)
      return exit.ok
    }
    if (verb === 'contact' && name !== undefined) {
      const {
        name: who,
        email,
        signedUpAt,
      } = await withVouch(context, async (vouch) => {
        const { scope } = await findTenant(vouch, name)
        return scope.transaction(vouch.signup.contact)
      })
      const at = rfc3339(signedUpAt.getTime())
      context.answer({ name: who, email, signed_up_at: at }, `${who}\n${email}\nsigned up at ${at}`)
      return exit.ok
    }
    if (verb !== 'list' || name !== undefined)
      throw new UsageError('Usage: vouch tenant create NAME | list | contact TENANT_ID')
    const limit = integerOf(context, 'limit', { min: 1, max: 1_000_000 }) ?? 1_000
    const tenants = await withVouch(context, (vouch) => vouch.tenancy.list({ limit }))
    const data = tenants.map(({ id, twinId, name, createdAt }) => ({
      tenant_id: toWireId('tenant', id),
      test_tenant_id: toWireId('tenant', twinId),
      name,
      created_at: rfc3339(createdAt.getTime()),
    }))
    const text = data.map((one) => `${one.tenant_id}  ${one.created_at}  ${one.name}`).join('\n')
    context.answer({ tenants: data }, text || 'There is no tenant yet: vouch tenant create NAME')
    return exit.ok
  },
}
