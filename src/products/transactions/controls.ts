import { findCardNumber } from '#kernel/card-number'
import type { Clock } from '#kernel/clock'
import { type Control, fail, noData, pass, watch } from '#kernel/control'
import { Fault } from '#kernel/fault'
import type { Json } from '#kernel/canonical-json'
import type { Decisions, Sample } from '#engine/decisions'
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

type ReplayWorld = { replaySample(before: Json): Promise<Sample> }
type CardWorld = { isRefused(body: EvaluateBody): boolean }
type MinimumWorld = { required: readonly string[] }

const sources = [import.meta.url, new URL('evaluate.ts', import.meta.url).href] as const

export const controls = ({ clock, decisions }: { clock: Clock; decisions: Decisions }): Control[] => [
  {
    claim: 'aud.decisions',
    tests: [
      'whatever the policy and the payments: a dry run answers as the next live one and leaves nothing, a batch as its payments one by one, and every decision is replayed to the byte, also after later publications, changes of lists and decisions',
      'a stored decision that was changed, by however little, is not the same, and the check of the claim says so',
      'each default factor is measured from what happened before, and earns the points of its curve, both above and below nothing',
      'every reason has a sentence, and none shows a parameter that is not there',
    ],
    check: watch<ReplayWorld>({
      id: 'aud.decisions.replay',
      version: 1,
      what: {
        en: 'Judges the newest decisions of 50 tenants at a time again, going round by all of them, compares every byte, and adds up their parts.',
        sv: 'Bedömer de senaste besluten hos 50 kunder i taget på nytt, i tur och ordning, jämför varje byte och summerar delarna.',
      },
      sources,
      every: 'hour',
      timeoutMs: 30_000,
      real: () => ({ replaySample: (before) => decisions.replaySample(rejudge, before) }),
      async look({ replaySample }, before) {
        const { same, erased, wrong, round } = await replaySample(before)
        if (wrong) return fail(wrong, round)
        // Nothing to look at proves nothing, and what is erased cannot be looked at.
        if (same === 0)
          return noData(
            { en: 'There is no decision to judge again.', sv: 'Det finns inget beslut att bedöma på nytt.' },
            round,
          )
        return pass(
          {
            en: `Each decision that was judged again is the same; decisions: ${same}, erased: ${erased}.`,
            sv: `Varje beslut som bedömdes på nytt blev detsamma; beslut: ${same}, raderade: ${erased}.`,
          },
          round,
        )
      },
      plant: {
        what: {
          en: 'stored decisions judged again as if each had scored a hundredth of a point more',
          sv: 'lagrade beslut bedömda på nytt som om vart och ett hade fått en hundradels poäng mer',
        },
        over: (look) =>
          look({
            replaySample: () =>
              decisions.replaySample((...asked: Parameters<typeof rejudge>) => {
                const judged = rejudge(...asked)
                return { ...judged, judgement: { ...judged.judgement, score: judged.judgement.score + 1 } }
              }, null),
          }),
      },
    }),
  },
  {
    claim: 'dat.cards',
    tests: [
      'published test numbers of every brand are found as text and as number',
      'no log line, of this process or of another, holds anything a caller sent',
      'no row of any table holds a caller’s word, a key or a card number in the clear',
    ],
    check: watch<CardWorld>({
      id: 'dat.cards.refused',
      version: 1,
      what: {
        en: 'Offers test numbers of six card networks, plain and spaced, as identifier and as metadata: each is refused.',
        sv: 'Lämnar in testnummer från sex kortnätverk, med och utan mellanrum, som identifierare och som metadata: alla nekas.',
      },
      sources: [...sources, new URL('../../kernel/card-number.ts', import.meta.url).href],
      every: 'quarterHour',
      real: () => ({ isRefused: (body) => isRefused(body, clock) }),
      look({ isRefused }) {
        for (const card of cards) {
          const spaced = card.replaceAll(/(.{4})/g, '$1 ').trim()
          for (const body of [
            { ...payment, merchant_id: spaced },
            { ...payment, metadata: { note: `card ${card}` } },
          ]) {
            const network = card.slice(0, 2)
            if (!isRefused(body))
              return fail({
                en: `A number that begins with ${network} passed.`,
                sv: `Ett nummer som börjar med ${network} släpptes igenom.`,
              })
          }
        }
        if (findCardNumber(payment) !== undefined)
          return fail({ en: 'A payment without a card was refused.', sv: 'En betalning utan kort nekades.' })
        return pass({
          en: `Numbers of ${cards.length} networks in two places and two forms, each refused.`,
          sv: `Nummer från ${cards.length} nätverk på två ställen och i två former, alla nekade.`,
        })
      },
      plant: {
        what: {
          en: 'a reader in memory that lets numbers of American Express through',
          sv: 'en läsare i minnet som släpper igenom nummer från American Express',
        },
        over: (look) => look({ isRefused: (body) => !JSON.stringify(body).includes('3782') && isRefused(body, clock) }),
      },
    }),
  },
  {
    claim: 'dat.minimum',
    tests: [
      'a decision needs an amount, a currency, a category and a merchant, and nothing about a person',
      'no table, view or function of the catalogue is a hole in the wall',
    ],
    check: watch<MinimumWorld>({
      id: 'dat.minimum.required',
      version: 1,
      what: {
        en: 'Asks for a decision with nothing about a person in it, and reads what a request must hold.',
        sv: 'Ber om ett beslut utan något om en person, och läser vad ett anrop måste innehålla.',
      },
      sources: [...sources, new URL('contract.ts', import.meta.url).href],
      every: 'quarterHour',
      real: () => ({ required: EvaluateBody.required }),
      look({ required }) {
        const more = required.filter((field) => !requiredWithoutPerson.includes(field))
        if (more.length > 0)
          return fail({ en: `${more.join(', ')} must be sent.`, sv: `${more.join(', ')} måste skickas.` })
        const { decision } = judgePayment(payment, clock)
        return pass({
          en: `A decision (${decision}) from an amount, a category and an opaque merchant id.`,
          sv: `Ett beslut (${decision}) utifrån ett belopp, en kategori och ett neutralt id för säljaren.`,
        })
      },
      plant: {
        what: {
          en: 'a form of the request in which the id of the customer must be sent',
          sv: 'en form av anropet där kundens id måste skickas',
        },
        over: (look) => look({ required: [...EvaluateBody.required, 'user_id'] }),
      },
    }),
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
