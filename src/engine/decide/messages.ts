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
const subjects: Readonly<Record<string, string>> = { user: 'customer' }
const proofFailures: Readonly<Record<string, string>> = {
  malformed: 'it does not have the documented form',
  wrong_type: 'it was made for another use',
  wrong_algorithm: 'its algorithm is none of EdDSA, Ed25519 and ES256',
  no_key: 'it shows no key, and the id of the agent is that of a key',
  private_key: 'it shows the private key of the agent, which must be replaced',
  wrong_key: 'its key is not that of the agent',
  bad_signature: 'its signature does not fit',
  other_payment: 'it was made for another amount, currency or merchant',
  stale: 'it was made too long before the payment, or after it',
}
const named = (names: Readonly<Record<string, string>>, value: string | number | undefined): string => {
  const word = String(value)
  return (Object.hasOwn(names, word) ? names[word] : undefined) ?? word
}
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
  'test.APPROVED': (p) => `Approved: a test key pays the merchant ${p['merchant']}, which forces this outcome.`,
  'test.STEP_UP_REQUIRED': (p) =>
    `Confirmation needed: a test key pays the merchant ${p['merchant']}, which forces this outcome.`,
  'test.DECLINED': (p) => `Declined: a test key pays the merchant ${p['merchant']}, which forces this outcome.`,
  missing: () => 'Not measured for this event; it earns the points of a missing signal.',
  'limit.top': () => 'The sum passed 100, where the score ends.',
  'limit.bottom': () => 'The sum fell below 0, where the score begins.',
  'amount_ratio.spendable': (p) =>
    `${money(p)} is ${p['ratio']} times the ${p['spendable']} ${p['currency']} that the customer may spend.`,
  'amount_ratio.usual': (p) =>
    `${money(p)} is ${p['ratio']} times the ${p['usual']} ${p['currency']} that the ${named(subjects, p['of'])} seldom exceeds, after ${p['payments']} payments.`,
  'amount_ratio.typical': (p) =>
    `${money(p)} is ${p['ratio']} times a typical payment of ${p['typical']} ${p['currency']}.`,
  category_risk: (p) => `The category ${p['category']} has risk ${p['risk']} on a scale from 0 to 1.`,
  velocity: (p) =>
    p['attempts'] === 0
      ? `No payment of the ${named(subjects, p['of'])} in the last hour before this one.`
      : `${p['attempts']} ${p['attempts'] === 1 ? 'payment' : 'payments'} of the ${named(subjects, p['of'])} in the last hour before this one.`,
  'geo_consistency.known_country': (p) =>
    `The ${named(subjects, p['of'])} has ${p['payments']} approved payments from this country.`,
  'geo_consistency.new_country': (p) =>
    `The ${named(subjects, p['of'])} has approved payments, and none from this country.`,
  'geo_consistency.too_fast': (p) =>
    `The ${named(subjects, p['of'])} paid ${p['km']} km away so shortly before that it takes ${p['kmh']} km/h to be here.`,
  time_anomaly: (p) =>
    `${p['percent']} % of the ${named(subjects, p['of'])}'s payments came within an hour of ${p['hour']}:00.`,
  'signature.verified': (p) => `The agent's ${p['algorithm']} signature over this payment holds.`,
  'signature.failed': (p) => `The agent's proof fails: ${named(proofFailures, p['why'])}.`,
  merchant_trust: (p) => `The merchant has trust ${p['trust']} on a scale from 0 to 1.`,
}

export function renderReason({ id, params }: Reason): string {
  const sentence = english[id]
  if (!sentence) throw new Error(`no sentence for the reason ${id}`)
  return sentence(params)
}
export const reasonIds: readonly string[] = Object.keys(english)
