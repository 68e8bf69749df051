import { findCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import type { Control } from '#kernel/control'
import { Fault } from '#kernel/fault'
import type { Decisions } from '#engine/decisions'
import { EvaluateBody } from './contract.ts'
import { judgePayment, rejudge } from './evaluate.ts'

const payment = { amount: '20.00', currency: 'EUR', category: 'groceries', merchant_id: 'm_1' }
/** Published test numbers of card networks: one each of Visa, Mastercard, American Express, Diners, Discover, JCB. */
const cards = [
  '4111111111111111',
  '5555555555554444',
  '378282246310005',
  '30569309025904',
  '6011111111111117',
  '3530111333300000',
]

/** Fields without which there is no decision. None of them is about a person. */
const requiredWithoutPerson = ['currency', 'category', 'merchant_id']

export const controls = ({ clock, decisions }: { clock: Clock; decisions: Decisions }): Control[] => [
  {
    claim: 'aud.decisions',
    tests: [
      'whatever the policy and the payments: a dry run answers as the next live one and leaves nothing, and every decision is replayed to the byte, also after later publications, changes of lists and decisions',
      'a stored decision that was changed, by however little, is not the same, and the check of the claim says so',
      'each default factor is measured from what happened before, and earns the points of its curve, both above and below nothing',
      'every reason has a sentence, and none shows a parameter that is not there',
    ],
    check: {
      looks: 'judges the newest decisions of up to 50 tenants again, compares every byte, and adds up their parts',
      async run() {
        const { same, erased, wrong } = await decisions.replaySample(rejudge)
        const [first] = wrong
        if (first !== undefined)
          return { ok: false, saw: `${wrong.length} decisions are judged otherwise, ${first} first` }
        // Nothing to look at proves nothing, and what is erased cannot be looked at.
        if (same === 0) throw new Error('there is no decision to judge again')
        return { ok: true, saw: `${same} decisions judged again, each the same; ${erased} erased` }
      },
    },
  },
  {
    claim: 'dat.cards',
    tests: [
      'published test numbers of every brand are found as text and as number',
      'no log line, of this process or of another, holds anything a caller sent',
      'no row of any table holds a caller’s word, a key or a card number in the clear',
    ],
    check: {
      looks: 'offers test numbers of six card networks, plain and spaced, as identifier and as metadata',
      async run() {
        for (const card of cards) {
          const spaced = card.replaceAll(/(.{4})/g, '$1 ').trim()
          for (const body of [
            { ...payment, merchant_id: spaced },
            { ...payment, metadata: { note: `card ${card}` } },
          ]) {
            if (!isRefused(body, clock)) return { ok: false, saw: `a number beginning with ${card.slice(0, 2)} passed` }
          }
        }
        if (findCardNumber(payment) !== undefined) return { ok: false, saw: 'a payment without a card was refused' }
        return { ok: true, saw: `${cards.length} networks' numbers in two places and two forms, each refused` }
      },
    },
  },
  {
    claim: 'dat.minimum',
    tests: [
      'a decision needs an amount, a currency, a category and a merchant, and nothing about a person',
      'no table, view or function of the catalogue is a hole in the wall',
    ],
    check: {
      looks: 'asks for a decision with nothing about a person in it, and at what a request must hold',
      async run() {
        const required = EvaluateBody.required.filter((field) => !requiredWithoutPerson.includes(field))
        if (required.length > 0) return { ok: false, saw: `${required.join(', ')} must be sent` }
        const { decision } = judgePayment(payment, clock)
        return { ok: true, saw: `a decision (${decision}) from an amount, a category and an opaque merchant id` }
      },
    },
  },
]

function isRefused(body: EvaluateBody, clock: Clock): boolean {
  try {
    judgePayment(body, clock)
    return false
  } catch (error) {
    return error instanceof Fault && error.code === 'card_number_present'
  }
}
