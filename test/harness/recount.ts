/** The numbers of analytics, counted from rows by SQL alone: what the counts that are kept must say. */
import type pg from 'pg'

/** `day policy_version name` → value, as tallies have them; latencies are in no row. */
export type Recount = Readonly<Record<string, string>>

/** Parts of the recount, so that a question is answered with no more than it needs. */
const parts = {
  decisions: `
    select day, policy_version, 'decided ' || decision as name, 1::numeric as value from judged
    union all select day, policy_version, 'minor ' || decision || ' ' || currency, amount_minor from judged`,
  outcomes: `
    select day, policy_version, 'label ' || decision || ' ' || outcome, 1::numeric from judged join latest on decision_id = judged.id
    union all select day, policy_version, 'label_minor ' || decision || ' ' || outcome || ' ' || currency, coalesce(latest.amount_minor, judged.amount_minor)
      from judged join latest on decision_id = judged.id`,
  factors: `
    select day, policy_version, kind || ' ' || part || ' ' || status, 1::numeric from part
    union all select day, policy_version, kind || ' ' || part || ' points', round(contribution * 100) from part
    union all select day, policy_version, 'rule ' || rule || ' measured', 1 from decider
    union all select day, policy_version, 'rule ' || rule || ' ' || outcome, 1 from (
      select id, day, policy_version, rule from decider
      union all select id, day, policy_version, part from part where kind = 'rule' and status = 'measured'
    ) fired join latest on decision_id = fired.id`,
} as const
export type Part = keyof typeof parts

/** Days from `fromDay` up to but without `toDay`, from 1970-01-01, UTC. */
export function recountSql(wanted: readonly Part[]): string {
  const documents = wanted.includes('factors') ? `, convert_from(document, 'UTF8')::jsonb as document` : ''
  return `
    with judged as materialized (
      select id, (extract(epoch from at)::bigint / 86400)::integer as day, policy_version, decision, currency, amount_minor ${documents}
      from decision where tenant_id = $1 and at >= to_timestamp($2 * 86400.0) and at < to_timestamp($3 * 86400.0)
    ),
    latest as (select distinct on (decision_id) decision_id, outcome, amount_minor from outcome where tenant_id = $1 order by decision_id, id desc)
    ${wanted.includes('factors') ? factorParts : ''}
    select day, policy_version, name, sum(value)::text as value from (${wanted.map((part) => parts[part]).join(' union all ')}) counted
    group by 1, 2, 3 having sum(value) <> 0`
}

const factorParts = `,
    part as (
      select id, day, policy_version, case when one->>'id' like 'rule:%' then 'rule' else 'factor' end as kind,
        regexp_replace(one->>'id', '^rule:', '') as part, one->>'status' as status, (one->>'contribution')::numeric as contribution
      from judged cross join jsonb_array_elements(document->'factors') one
    ),
    decider as (
      select id, day, policy_version, document->'reason'->'params'->>'rule' as rule
      from judged where document->'reason'->>'id' in ('rule.decline', 'rule.step_up', 'rule.approve')
    )`

export async function recount(
  admin: pg.ClientBase | pg.Pool,
  tenantId: string,
  { fromDay = 0, toDay = 40_000, wanted = ['decisions', 'outcomes', 'factors'] as readonly Part[] } = {},
): Promise<Recount> {
  const { rows } = await admin.query<{ day: number; policy_version: number; name: string; value: string }>(
    recountSql(wanted),
    [tenantId, fromDay, toDay],
  )
  return Object.fromEntries(
    rows.map(({ day, policy_version, name, value }) => [`${day} ${policy_version} ${name}`, value]),
  )
}

type Placed = { day: number; policyVersion: number; tally: ReadonlyMap<string, bigint> }
/** What was kept, in the form of a recount, with latencies left out. */
export function flatten(placed: readonly Placed[]): Recount {
  const sums = new Map<string, bigint>()
  for (const { day, policyVersion, tally } of placed)
    for (const [name, value] of tally) {
      if (name.startsWith('latency ')) continue
      const key = `${day} ${policyVersion} ${name}`
      sums.set(key, (sums.get(key) ?? 0n) + value)
    }
  return Object.fromEntries([...sums].flatMap(([key, value]) => (value === 0n ? [] : [[key, String(value)]])))
}
