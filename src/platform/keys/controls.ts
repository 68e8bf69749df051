import type { Control } from '#kernel/control'
import type { Tenancy } from '#platform/tenancy'
import { rememberedMs } from './authenticate.ts'
import type { Keys } from './index.ts'
import { readSecret } from './store.ts'
import { parseToken } from './token.ts'

export const controls = ({ keys, tenancy }: { keys: Keys; tenancy: Tenancy }): Control[] => [
  {
    claim: 'acc.keys',
    tests: [
      'what a key’s scopes do not name is denied: with no scope everything, with one all others',
      'a key works until the moment it expires, and not at that moment',
      'rotation overlaps: both keys work, then the new one alone; it works once, and never prolongs the old key',
      'a revoked key is dead on every process within a second',
    ],
    check: {
      looks:
        'issues a key in a tenant that is taken back at once: it names its tenant, is stored as a hash alone, and is not seen from elsewhere',
      async run() {
        const problems: string[] = []
        let issued: { id: string; token: string } | undefined
        await tenancy.rehearse(async (tx, twin) => {
          if (twin === 'test') {
            if (!issued || (await readSecret(tx, issued.id))) problems.push('the key is seen from another tenant')
            return
          }
          const { row, token } = await keys.issue(tx, 'live', { name: 'check', scopes: [] }, new Set())
          issued = { id: row.id, token }
          if (parseToken(token)?.tenantId !== tx.tenantId) problems.push('the key does not name its tenant')
          const stored = await readSecret(tx, row.id)
          const secret = token.split('_')[3] ?? token
          if (!stored || JSON.stringify(stored).includes(secret)) problems.push('the secret is stored')
          if (stored && stored.scopes.length > 0) problems.push('a key without scopes got some')
        })
        if (rememberedMs >= 1_000) problems.push('keys are remembered longer than a second')
        if (problems.length > 0) return { ok: false, saw: problems.join('; ') }
        return {
          ok: true,
          saw: `a key of its tenant alone, kept as a hash; what is known of a key is remembered for ${rememberedMs} ms`,
        }
      },
    },
  },
]
