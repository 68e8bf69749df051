import { type Control, fail, pass, type Text, watch } from '#kernel/control'
import type { Permission } from '#kernel/route'
import type { Audit } from '#platform/audit'
import type { Tx } from '#platform/database'
import type { Tenancy } from '#platform/tenancy'
import { keyIssued } from './actions.ts'
import { rememberedMs } from './authenticate.ts'
import type { Keys } from './index.ts'
import { readEverything, readSecret } from './store.ts'
import { parseToken } from './token.ts'

type Issued = { id: string; token: string }
/** Issues a key in a transaction that is taken back. */
type IssueWorld = { issue(tx: Tx): Promise<Issued> }
type StoreWorld = IssueWorld & {
  /** What is written beside it. */
  leak(tx: Tx, token: string): Promise<void>
}

const sources = [
  import.meta.url,
  new URL('index.ts', import.meta.url).href,
  new URL('store.ts', import.meta.url).href,
] as const

/** The forms in which a row could hold a secret: as text, or in bytes. */
const formsOf = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64').slice(0, -4),
]
const printed = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    if (isBytes(value)) return [Buffer.from(value.data).toString(), Buffer.from(value.data).toString('hex')]
    return value
  })
const isBytes = (value: unknown): value is { data: number[] } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value

export const controls = (needs: { keys: Keys; tenancy: Tenancy; audit: Audit }): Control[] => {
  const { keys, tenancy, audit } = needs
  const issueWith =
    (scopes: readonly Permission[]) =>
    async (tx: Tx): Promise<Issued> => {
      const { row, token } = await keys.issue(tx, 'live', { name: 'check', scopes }, new Set(scopes))
      return { id: row.id, token }
    }
  return [
    {
      claim: 'acc.keys',
      tests: [
        'what a key’s scopes do not name is denied: with no scope everything, with one all others',
        'a key works until the moment it expires, and not at that moment',
        'rotation overlaps: both keys work, then the new one alone; it works once, and never prolongs the old key',
        'a revoked key is dead on every process within a second',
      ],
      check: watch<IssueWorld>({
        id: 'acc.keys.issue',
        version: 1,
        what: {
          en: 'Issues a key in a tenant that is taken back at once: it names its tenant, has the scopes it was given and no other, and is not seen from another tenant.',
          sv: 'Utfärdar en nyckel hos en kund som genast tas bort igen: den anger sin kund, har de behörigheter den fick och inga andra, och syns inte från en annan kund.',
        },
        sources,
        every: 'hour',
        real: () => ({ issue: issueWith([]) }),
        async look({ issue }) {
          const problems: Text[] = []
          let issued: Issued | undefined
          await tenancy.rehearse(async (tx, twin) => {
            if (twin === 'test') {
              if (!issued || (await readSecret(tx, issued.id)))
                problems.push({ en: 'The key is seen from another tenant.', sv: 'Nyckeln syns från en annan kund.' })
              return
            }
            issued = await issue(tx)
            if (parseToken(issued.token)?.tenantId !== tx.tenantId)
              problems.push({ en: 'The key does not name its tenant.', sv: 'Nyckeln anger inte sin kund.' })
            const stored = await readSecret(tx, issued.id)
            if (!stored || stored.scopes.length > 0)
              problems.push({ en: 'A key without scopes got some.', sv: 'En nyckel utan behörigheter fick några.' })
          })
          if (rememberedMs >= 1_000)
            problems.push({
              en: 'Keys are remembered for longer than a second.',
              sv: 'Nycklar hålls i minnet längre än en sekund.',
            })
          const [first] = problems
          if (first) return fail(first)
          return pass({
            en: `A key of its tenant alone, without a scope that it was not given; what is known of a key is remembered for ${rememberedMs} ms.`,
            sv: `En nyckel för enbart sin kund, utan behörigheter den inte fått; det som är känt om en nyckel hålls i minnet i ${rememberedMs} ms.`,
          })
        },
        plant: {
          what: {
            en: 'a key that is given a scope that nobody asked for, in a tenant that is taken back at once',
            sv: 'en nyckel som får en behörighet som ingen bett om, hos en kund som genast tas bort igen',
          },
          over: (look) => look({ issue: issueWith(['keys:write']) }),
        },
      }),
    },
    {
      claim: 'enc.secrets',
      tests: ['no row of any table holds a caller’s word, a key or a card number in the clear'],
      lacks: {
        en: 'The master key and the passwords of the own database lie in files that only their owner may read, and are not encrypted.',
        sv: 'Huvudnyckeln och lösenorden till den egna databasen ligger i filer som bara ägaren får läsa, och är inte krypterade.',
      },
      check: watch<StoreWorld>({
        id: 'enc.secrets.keys',
        version: 1,
        what: {
          en: 'Issues a key in a tenant that is taken back at once, and searches everything that was written with it for the secret, in text and in bytes.',
          sv: 'Utfärdar en nyckel hos en kund som genast tas bort igen, och söker efter hemligheten i allt som skrevs samtidigt, i text och i byte.',
        },
        sources,
        every: 'hour',
        real: () => ({ issue: issueWith([]), leak: async () => {} }),
        async look({ issue, leak }) {
          let [rows, found] = [0, false]
          await tenancy.rehearse(async (tx, twin) => {
            if (twin === 'test') return
            const { token } = await issue(tx)
            await leak(tx, token)
            const written = await readEverything(tx)
            const text = printed(written)
            rows = written.length
            found = formsOf(token.split('_')[3] ?? token).some((form) => text.includes(form))
          })
          if (found) return fail({ en: 'The secret of a key is stored.', sv: 'En nyckels hemlighet är lagrad.' })
          return pass({
            en: `${rows} rows written with a new key, and its secret in none of them.`,
            sv: `${rows} rader skrevs med en ny nyckel, och hemligheten finns inte i någon av dem.`,
          })
        },
        plant: {
          what: {
            en: 'a key that is written into the trail, in a tenant that is taken back at once',
            sv: 'en nyckel som skrivs in i loggen, hos en kund som genast tas bort igen',
          },
          over: (look) =>
            look({
              issue: issueWith([]),
              leak: async (tx, token) => void (await audit.append(tx, { action: keyIssued, target: token })),
            }),
        },
      }),
    },
  ]
}
