/** Reasons in words. A reason is stored as id and parameters; here it gets its sentence. */
import type { Reason } from './decide.ts'
import { fillSentence } from './sentence.ts'

type Params = Reason['params']

const factorNames: Readonly<Record<string, string>> = {
  amount_ratio: 'the amount',
  velocity: 'how often payments come',
  category_risk: 'the category',
  merchant_trust: 'the trust in the merchant',
  geo_consistency: 'the places',
  signature: "the agent's signature",
  time_anomaly: 'the time of day',
}
const fieldNames: Readonly<Record<string, string>> = {
  user_id: 'customer',
  merchant_id: 'merchant',
  card_fingerprint: 'card',
  device_id: 'device',
  ip: 'address',
  country: 'country',
  agent: 'agent',
}
const named = (names: Readonly<Record<string, string>>, value: string | number | undefined): string =>
  names[String(value)] ?? String(value)
const factorName = (id: string | number | undefined): string => {
  const word = String(id)
  return word.startsWith('rule:') ? `the rule ${word.slice(5)}` : named(factorNames, id)
}
const own = (params: Params): string => fillSentence(String(params['text'] ?? ''), params)
const money = ({ amount, currency }: Params): string => `${amount} ${currency}`

const english: Readonly<Record<string, (params: Params) => string>> = {
  'score.APPROVED': (p) =>
    `Approved: ${money(p)} scores ${p['score']}, below ${p['threshold']} where confirmation begins.`,
  'score.STEP_UP_REQUIRED': (p) =>
    `Confirmation needed: ${money(p)} scores ${p['score']}, at or above ${p['threshold']}; most of it comes from ${factorName(p['factor'])}.`,
  'score.DECLINED': (p) =>
    `Declined: ${money(p)} scores ${p['score']}, at or above ${p['threshold']}; most of it comes from ${factorName(p['factor'])}.`,
  'score.below_decline': (p) =>
    `Approved: ${money(p)} scores ${p['score']}, below ${p['threshold']} where refusal begins.`,
  'score.decides_nothing': (p) => `Approved: ${money(p)} scores ${p['score']}, and the score decides nothing here.`,
  'rule.decline': (p) => `Declined by the rule ${p['rule']}: ${own(p)}`,
  'rule.step_up': (p) => `Confirmation needed by the rule ${p['rule']}: ${own(p)}`,
  'rule.approve': (p) => `Approved by the rule ${p['rule']}: ${own(p)}`,
  'rule.add': own,
  'rule.missing': (p) => `The rule did not fire: ${p['signal']} was not measured.`,
  'rule.failed': (p) => `The rule did not fire. ${p['error']}`,
  'factor.text': own,
  'factor.missing': (p) => `Not measured: ${p['signal']} is missing; it earns the points of a missing signal.`,
  'factor.failed': (p) => `It earns the points of a missing signal. ${p['error']}`,
  'factor.endless': () => 'The expression gave no finite number; it earns the points of a missing signal.',
  'list.deny': (p) => `Declined: the ${named(fieldNames, p['field'])} is on the deny list ${p['list']}.`,
  'list.allow': (p) => `Approved: the ${named(fieldNames, p['field'])} is on the allow list ${p['list']}.`,
  missing: () => 'Not measured for this event; it earns the points of a missing signal.',
  'limit.top': () => 'The sum passed 100, where the score ends.',
  'limit.bottom': () => 'The sum fell below 0, where the score begins.',
  'amount_ratio.spendable': (p) =>
    `${money(p)} is ${p['ratio']} times the ${p['spendable']} ${p['currency']} that the customer may spend.`,
  'amount_ratio.typical': (p) =>
    `${money(p)} is ${p['ratio']} times a typical payment of ${p['typical']} ${p['currency']}.`,
  category_risk: (p) => `The category ${p['category']} has risk ${p['risk']} on a scale from 0 to 1.`,
  merchant_trust: (p) => `The merchant has trust ${p['trust']} on a scale from 0 to 1.`,
}

export function renderReason({ id, params }: Reason): string {
  const sentence = english[id]
  if (!sentence) throw new Error(`no sentence for the reason ${id}`)
  return sentence(params)
}
export const reasonIds: readonly string[] = Object.keys(english)
