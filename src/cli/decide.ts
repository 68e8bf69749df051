import { readFile } from 'node:fs/promises'
import { compileValidator, readJson } from '#http'
import { EvaluateBody, judgePayment } from '#products/transactions'
import { type Command, exit, UsageError } from './command.ts'

export const decide: Command = {
  name: 'decide',
  form: 'FILE',
  summary: 'Judge one event from a file with the default policy; nothing is stored, no server is needed',
  more: 'FILE holds the body of POST /v1/evaluate; - reads standard input. Lists are not looked at.',
  options: {},
  positionals: { min: 1, max: 1 },
  async run(context) {
    const [file = '-'] = context.positionals
    const bytes = await (file === '-' ? context.terminal.read() : readFile(file)).catch(
      (error: NodeJS.ErrnoException) => {
        throw new UsageError(`${file} cannot be read (${error.code})`)
      },
    )
    const read = compileValidator(EvaluateBody, 'body')(readJson(bytes))
    if ('error' in read) throw read.error
    const answer = judgePayment(read.value, context.clock)
    const factors = answer.factors.map(
      ({ id, contribution, explanation }) =>
        `  ${contribution.toFixed(2).padStart(7)}  ${id.padEnd(16)} ${explanation}`,
    )
    const changes = answer.counterfactual.map(({ change, decision }) => `${decision} if ${change}`)
    context.answer(
      answer,
      [
        answer.decision,
        answer.reason_text,
        ...factors,
        `  ${answer.risk_score.toFixed(2).padStart(7)}  risk_score`,
        ...changes,
      ].join('\n'),
    )
    return exit.ok
  },
}
