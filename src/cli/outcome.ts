import { outcomeWords } from '#engine/analytics'
import { rfc3339 } from '#kernel/clock'
import { maxMinor } from '#kernel/currency'
import { fromWireId } from '#kernel/id'
import { type Command, exit, integerOf, textOf, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'

const words = outcomeWords.join('|')

export const outcome: Command = {
  form: `TRACE_ID ${words}`,
  options: {
    tenant: { type: 'string', value: 'ID', means: 'whose; not needed while there is only one' },
    test: { type: 'boolean', means: "the tenant's test twin" },
    at: { type: 'string', value: 'TIME', means: 'when it happened, e.g. 2026-11-01T00:00:00Z; now unless told' },
    'amount-minor': { type: 'string', value: 'N', means: "minor units of the decision's currency; its whole amount unless told" },
  },
  positionals: { min: 2, max: 2 },
  async run(context) {
    const [wire = '', word = ''] = context.positionals
    const id = fromWireId('decision', wire)
    if (id === undefined || !outcomeWords.some((one) => one === word))
      throw new UsageError(`Usage: vouch outcome TRACE_ID ${words}`)
    const at = textOf(context, 'at')
    const occurredMs = at === undefined ? context.clock.now() : Date.parse(at)
    if (Number.isNaN(occurredMs)) throw new UsageError('--at takes a time, e.g. 2026-11-01T00:00:00Z')
    const given = { outcome: word, occurredMs, minor: integerOf(context, 'amount-minor', { min: 0, max: maxMinor }) }
    return withVouch(context, async (vouch) => {
      const { scope } = await chooseTenant(context, vouch)
      const { minor, currency, receivedMs } = await scope.transaction((tx) => vouch.outcomes.record(tx, id, given))
      context.answer(
        { trace_id: wire, outcome: word, occurred_at: rfc3339(occurredMs), amount_minor: minor, currency, received_at: rfc3339(receivedMs) },
        `${wire} is ${word} of ${minor} minor units, ${currency}.`,
      )
      return exit.ok
    })
  },
} // prettier-ignore
