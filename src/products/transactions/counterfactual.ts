/**
 * The smallest single change that would have been approved, for each input that the payer could choose otherwise and that
 * the policy reads. Found by search with a bound, proven by deciding again.
 */
import type { CompiledPolicy, DecisionWord, Judgement } from '#engine/decide'
import type { Change } from '#engine/decisions'
import { formatMajor, maxMinor } from '#kernel/currency'
import type { EvaluateBody } from './contract.ts'
import type { Facts } from './judge.ts'
import type { Payment } from './payment.ts'
import { searchBelow, searchAbove } from './search-amounts.ts'

/** One input as it is tried. */
export type Altered = { minor?: number; balanceMinor?: number; hour?: number; hasAgent?: false }
export type Counterfactual = { changes: readonly Change[]; none: string | null }

type Event = { body: EvaluateBody; payment: Payment; facts: Facts }
export function alter({ minor, balanceMinor, hour, hasAgent }: Altered, { body, payment, facts }: Event): Event {
  const { agent, ...alone } = body
  const isAlone = hasAgent === false && agent !== undefined
  const ceilings = payment.ceilings.map((ceiling) =>
    balanceMinor !== undefined && ceiling.name === 'user_balance' ? { ...ceiling, minor: balanceMinor } : ceiling,
  )
  const { local, proof } = facts.measured
  const measured = {
    local: local && hour !== undefined ? { ...local, hour } : local,
    proof: isAlone ? ({ status: 'not_checked' } as const) : proof,
  }
  return {
    body: isAlone ? alone : body,
    facts: isAlone ? { ...withoutAgent(facts), measured } : { ...facts, measured },
    payment: { ...payment, ceilings, money: minor === undefined ? payment.money : { ...payment.money, minor } },
  }
}

/** What is known where no agent takes part. */
const withoutAgent = ({ lists, readings, ...facts }: Facts): Facts => ({
  ...facts,
  lists: lists.filter(({ field }) => field !== 'agent'),
  readings: Object.fromEntries(Object.entries(readings).filter(([name]) => !/^(\w+_)?agent(_\w+)?\./.test(name))),
})

/** The event has no such input. */
const notAsked = Symbol('not asked')

type Question = {
  policy: CompiledPolicy
  event: Event
  isApproved(altered: Altered): boolean
}
/** How the inputs are searched. `reads`: signals that depend on the input; where a policy reads none, nothing is tried. */
const searches: readonly {
  signals: readonly string[]
  reads: readonly string[]
  find(question: Question): string | undefined | typeof notAsked
}[] = [
  { signals: ['amount', 'amount_minor'], reads: ['amount', 'amount_minor', 'amount_ratio'], find: findAmount },
  { signals: ['user_balance'], reads: ['user_balance', 'amount_ratio'], find: findBalance },
  { signals: ['has_agent'], reads: ['has_agent', 'signature', 'velocity'], find: findAlone },
  { signals: ['hour'], reads: ['hour', 'time_anomaly', 'user.hour_share', 'card.hour_share'], find: findHour },
]
export const searchedSignals: readonly string[] = searches.flatMap(({ signals }) => signals)

/** Units that the expressions of a policy may use up in one search: 170 judgements of 100 rules with 50 parts each. */
const maxFuel = 850_000

export function findChanges(
  judgement: Judgement,
  policy: CompiledPolicy,
  event: Event,
  decideAs: (altered: Altered) => DecisionWord,
): Counterfactual {
  if (judgement.decision === 'APPROVED') return { changes: [], none: null }
  if (judgement.reason.id === 'list.deny') return { changes: [], none: 'on_deny_list' }
  let left = maxFuel
  // Once it is used up nothing more is found: what was found by then is approved, but need not be the smallest.
  const isApproved = (altered: Altered): boolean => {
    if (left <= 0) return false
    const decision = decideAs(altered)
    left -= policy.fuelUsed()
    return decision === 'APPROVED'
  }
  const asked = searches.filter(({ reads }) => reads.some((name) => policy.reads.has(name)))
  const found = asked.map(({ find }) => find({ policy, event, isApproved }))
  const tried = found.filter((change) => change !== notAsked)
  const changes = tried.flatMap((change): Change[] =>
    typeof change === 'string' ? [{ change, decision: 'APPROVED' }] : [],
  )
  if (changes.length > 0) return { changes, none: null }
  return { changes, none: tried.length > 1 ? 'not_by_one_change' : 'not_by_amount' }
}

/** Whether a larger amount is never judged more mildly: then one edge parts what is approved from what is not. */
function isRising({ factors, rules }: CompiledPolicy): boolean {
  const follows = (name: string): boolean => /^(amount|amount_minor|amount_ratio|points\..*)$/.test(name)
  const programs = [...factors, ...rules].flatMap(({ program }) => (program ? [program] : []))
  if (programs.some(({ reads }) => reads.some(follows))) return false
  return factors.every(
    ({ factor: { id, curve } }) => !curve || !follows(id) || curve.every(([, y], n) => y >= (curve[n - 1]?.[1] ?? y)),
  )
}

function findAmount({
  policy,
  event: {
    payment: { money },
  },
  isApproved,
}: Question): string | undefined {
  const edge = searchBelow(money.minor, isRising(policy), (minor) => isApproved({ minor }))
  return edge && `amount ${edge.isEdge ? '<=' : '=='} ${formatMajor(edge.minor, money.currency)}`
}

function findBalance({
  event: {
    payment: { money, ceilings },
  },
  isApproved,
}: Question): string | undefined | typeof notAsked {
  const balance = ceilings.find(({ name }) => name === 'user_balance')
  if (!balance) return notAsked
  const edge = searchAbove(balance.minor, maxMinor, (balanceMinor) => isApproved({ balanceMinor }))
  return edge && `user_balance ${edge.isEdge ? '>=' : '=='} ${formatMajor(edge.minor, money.currency)}`
}

function findAlone({ event: { body }, isApproved }: Question): string | undefined | typeof notAsked {
  if (!body.agent) return notAsked
  return isApproved({ hasAgent: false }) ? 'has_agent == false' : undefined
}

/** Later on the same day: nobody can pay earlier. */
function findHour({ event: { facts }, isApproved }: Question): string | undefined | typeof notAsked {
  const now = facts.measured.local
  if (!now) return notAsked
  for (let hour = now.hour + 1; hour < 24; hour++) if (isApproved({ hour })) return `hour == ${hour}`
  return undefined
}
