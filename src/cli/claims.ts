import { renderClaims, toClaimsDocument } from '#assurance/controls'
import { type Command, exit, textOf, UsageError } from './command.ts'
import { withVouch } from './open-guest.ts'

export const claims: Command = {
  form: '',
  more: [
    'A serving Vouch runs the checks by itself, and this command shows what they saw. Without one it runs them.',
    'Exit code 1 when a claim is failing.',
  ].join('\n'),
  options: {
    language: { type: 'string', value: 'en|sv', means: 'of the sentences' },
    id: { type: 'string', value: 'CLAIM', means: 'this claim alone, looked at again' },
  },
  positionals: { min: 0, max: 0 },
  run: (context) =>
    withVouch(context, async ({ assurance }) => {
      const language = textOf(context, 'language') ?? 'en'
      if (language !== 'en' && language !== 'sv') throw new UsageError('--language takes en or sv')
      const id = textOf(context, 'id')
      await assurance.runDue(id === undefined ? [] : [id])
      const { claims: all } = await assurance.standing()
      const shown = id === undefined ? all : all.filter((claim) => claim.id === id)
      if (shown.length === 0) throw new UsageError('--id takes the id of a claim: vouch claims lists them')
      context.answer(toClaimsDocument(shown, language), renderClaims(shown, language, context.terminal.columns))
      return shown.some(({ state }) => state === 'failing') ? exit.failed : exit.ok
    }),
}
