import type { Vouch } from '#app'
import { fromWireId } from '#kernel/id'
import { isPermission, permissions } from '#kernel/route'
import { maxOverlapSeconds, toWireIssued, toWireKey } from '#platform/keys'
import { type Command, type Context, exit, integerOf, textOf, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'
import { allPermissions } from './tenant.ts'

const usage = 'Usage: vouch key create --name NAME --scopes LIST | list | rotate KEY_ID | revoke KEY_ID'

export const key: Command = {
  form: 'create | list | rotate KEY_ID | revoke KEY_ID',
  more: `Scopes:\n${Object.entries(permissions)
    .map(([name, means]) => `  ${name.padEnd(16)}  ${means}`)
    .join('\n')}`,
  options: {
    tenant: { type: 'string', value: 'ID', means: 'whose; not needed while there is only one' },
    test: { type: 'boolean', means: "the tenant's test twin" },
    name: { type: 'string', value: 'NAME', means: 'create: what the key is for' },
    scopes: { type: 'string', value: 'A,B', means: 'create: what the key may do' },
    ips: { type: 'string', value: 'CIDR,…', means: 'create: networks the key is accepted from' },
    'expires-in': { type: 'string', value: 'DAYS', means: 'create: days until it stops working' },
    overlap: {
      type: 'string',
      value: 'SECONDS',
      means: 'rotate: how long the old key still works (86400 unless told)',
    },
  },
  positionals: { min: 1, max: 2 },
  run: (context) => withVouch(context, (vouch) => runKey(context, vouch)),
}

async function runKey(context: Context, vouch: Vouch) {
  const [verb, wireId] = context.positionals
  const { scope, mode } = await chooseTenant(context, vouch)
  const requireId = (): string => {
    const id = wireId === undefined ? undefined : fromWireId('key', wireId)
    if (!id) throw new UsageError(`${usage}\nKEY_ID looks like key_…; vouch key list shows them`)
    return id
  }
  if (verb === 'create') {
    const days = integerOf(context, 'expires-in', { min: 1, max: 3_650 })
    const asked = split(textOf(context, 'scopes'))
    const unknown = asked.filter((scope) => !isPermission(scope))
    if (unknown.length > 0) throw new UsageError(`Unknown scopes: ${unknown.join(', ')}`)
    const name = textOf(context, 'name')
    if (!name || asked.length === 0) throw new UsageError(usage)
    const wanted = {
      name,
      scopes: asked.filter(isPermission),
      allowedIps: split(textOf(context, 'ips')),
      expiresAt: days === undefined ? null : new Date(context.clock.now() + days * 86_400_000),
    }
    const issued = await scope.transaction((tx) => vouch.keys.issue(tx, mode, wanted, allPermissions))
    context.answer(toWireIssued(issued), `${issued.token}\nThe key is shown this once.`)
  } else if (verb === 'rotate') {
    const overlap = integerOf(context, 'overlap', { min: 0, max: maxOverlapSeconds }) ?? 86_400
    const issued = await scope.transaction((tx) => vouch.keys.rotate(tx, mode, requireId(), overlap, allPermissions))
    context.answer(
      toWireIssued(issued),
      `${issued.token}\nThe key is shown this once. The old one works for another ${overlap} seconds.`,
    )
  } else if (verb === 'revoke') {
    const row = await scope.transaction((tx) => vouch.keys.revoke(tx, requireId()))
    context.answer(toWireKey(row), `Revoked. Within a second it works nowhere.`)
  } else if (verb === 'list') {
    const rows = await scope.transaction((tx) => vouch.keys.list(tx, { before: undefined, limit: 10_000 }))
    const data = rows.map(toWireKey)
    const state = (row: (typeof data)[number]) => {
      if (row.revoked_at) return 'revoked'
      if (row.expires_at && Date.parse(row.expires_at) <= context.clock.now()) return 'expired'
      return row.replaced_by ? 'rotated' : 'active'
    }
    const lines = data.map(
      (row) =>
        `${row.id}  ${state(row).padEnd(7)}  ${row.last_used_at ?? 'never used              '}  ${row.name}  [${row.scopes.join(' ')}]`,
    )
    context.answer({ keys: data }, lines.join('\n') || 'No keys.')
  } else {
    throw new UsageError(usage)
  }
  return exit.ok
}

const split = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
