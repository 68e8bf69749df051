import { examineClaims, renderClaims, toClaimsDocument } from '#assurance/claims'
import { errorFields } from '#platform/telemetry'
import { type Command, exit, textOf, UsageError } from './command.ts'
import { withVouch } from './open-guest.ts'

export const claims: Command = {
  name: 'claims',
  form: '',
  summary: 'Every promise, who keeps it, and its state: checks run now, against this installation',
  more: 'Exit code 1 when a check fails.',
  options: { language: { type: 'string', value: 'en|sv', means: 'of the sentences' } },
  positionals: { min: 0, max: 0 },
  run: (context) =>
    withVouch(context, async (vouch) => {
      const language = textOf(context, 'language') ?? 'en'
      if (language !== 'en' && language !== 'sv') throw new UsageError('--language takes en or sv')
      const noteError = (claim: string, error: unknown) =>
        vouch.log.warn('check_could_not_look', { claim, ...errorFields(error) })
      const states = await examineClaims({ controls: vouch.controls, clock: context.clock, noteError })
      context.answer(toClaimsDocument(states, language), renderClaims(states, language, context.terminal.columns))
      return states.some(({ state }) => state === 'failing') ? exit.failed : exit.ok
    }),
}
