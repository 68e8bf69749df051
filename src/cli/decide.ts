import { compilePolicy } from '#engine/decide'
import { defaultPublished, type Published, readPublished } from '#engine/policies'
import { compileValidator } from '#http'
import { EvaluateBody, judgePayment } from '#products/transactions'
import { type Command, type Context, exit, textOf, UsageError } from './command.ts'
import { chooseTenant, withVouch } from './open-guest.ts'
import { sayErrors } from './policy.ts'
import { readJsonFile } from './read-file.ts'

export const decide: Command = {
  form: 'FILE',
  more:
    'FILE holds the body of POST /v1/evaluate; - reads standard input. Unless told otherwise the default policy judges, and\n' +
    'no database is needed. Lists and counters are not looked at: their signals are missing. With --policy the answer says version 0.',
  options: {
    policy: { type: 'string', value: 'FILE', means: 'judge by the policy in this file' },
    tenant: { type: 'string', value: 'ID', means: 'judge by the policy that this tenant has published' },
    test: { type: 'boolean', means: "with --tenant: the tenant's test twin" },
  },
  positionals: { min: 1, max: 1 },
  async run(context) {
    const [file = '-'] = context.positionals
    const published = await choosePolicy(context)
    if (!published) return exit.failed
    const read = compileValidator(EvaluateBody, 'body')(await readJsonFile(context, file))
    if ('error' in read) throw read.error
    const answer = judgePayment(read.value, context.clock, published)
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

/** Undefined where the file holds a policy with errors, which are said. */
async function choosePolicy(context: Context): Promise<Published | undefined> {
  const file = textOf(context, 'policy')
  const tenant = textOf(context, 'tenant')
  if (file !== undefined && tenant !== undefined) throw new UsageError('Name --policy or --tenant, not both')
  if (file !== undefined) {
    const result = compilePolicy(await readJsonFile(context, file))
    if (result.ok) return { version: 0, policy: result.policy }
    context.terminal.err(`vouch decide: the policy in ${file} has errors\n${sayErrors(result.errors)}\n`)
    return undefined
  }
  if (tenant === undefined && context.options['test'] !== true) return defaultPublished
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    return scope.transaction((tx) => readPublished(tx.run))
  })
}
