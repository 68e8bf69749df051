import { toWireWitness, toWireWitnesses } from '#platform/log'
import { type Context, exit, type ExitCode, textOf, UsageError } from '../command.ts'
import { chooseTenant, withVouch } from '../open-guest.ts'

const form = 'add URL --vkey VKEY | list | remove NAME | quorum K | policy'

/** The words after `witness`. */
export async function runWitness(context: Context, [verb = '', word, ...more]: readonly string[]): Promise<ExitCode> {
  const isFitting = more.length === 0 && (verb === 'list' || verb === 'policy') === (word === undefined)
  if (isFitting && verb === 'list') return showWitnesses(context)
  if (isFitting && verb === 'policy') return showPolicy(context)
  if (isFitting && word !== undefined) {
    if (verb === 'add') return addWitness(context, word)
    if (verb === 'remove') return removeWitness(context, word)
    if (verb === 'quorum') return setQuorum(context, word)
  }
  throw new UsageError(`Usage: vouch log witness ${form}`)
}

type Wire = ReturnType<typeof toWireWitness>

const describe = ({ name, url, state, means, detail, since, cosigned_size }: Wire): string =>
  [
    `${state === 'cosigned' ? '●' : state === 'new' ? '–' : '✕'} ${name}`,
    `  at        ${url}`,
    `  cosigned  ${cosigned_size === 0 ? 'nothing yet' : `${cosigned_size} entries`}`,
    `  now       ${state} since ${since}${detail === null ? '' : `: ${detail}`}`,
    `            ${means}`,
  ].join('\n')

/** Asked at once, so that whoever adds it sees what it says. */
async function addWitness(context: Context, url: string): Promise<ExitCode> {
  const vkeys = textOf(context, 'vkey')
  if (vkeys === undefined) throw new UsageError('Usage: vouch log witness add URL --vkey VKEY')
  return withVouch(context, async (vouch) => {
    const { logs } = vouch
    const { scope } = await chooseTenant(context, vouch)
    const { name } = await scope.transaction((tx) => logs.witnesses.add(tx, { vkeys, url }))
    await logs.drain(scope)
    await logs.witnesses.askNow(scope.tenantId)
    const { state, keys } = await scope.transaction(async (tx) => ({
      state: await logs.witnesses.state(tx),
      keys: await logs.keys(tx),
    }))
    const witness = state.witnesses.map(toWireWitness).find((one) => one.name === name)
    if (!witness) throw new UsageError('The witness was removed meanwhile.')
    const isUnknown = witness.state === 'unknown_origin' || witness.state === 'unsigned'
    const hint = isUnknown ? `\n\nThe keys to give its operator:\n${keys.at(-1)?.vkeys.trimEnd()}` : ''
    context.answer(witness, describe(witness) + hint)
    return exit.ok
  })
}

async function showWitnesses(context: Context): Promise<ExitCode> {
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const wire = toWireWitnesses(await scope.transaction(vouch.logs.witnesses.state))
    const { quorum, witnessed, data } = wire
    const needed = `${quorum} of ${data.length} must cosign`
    const reached = witnessed
      ? `so it is with ${witnessed.size} entries, signed at ${witnessed.signed_at}`
      : 'so it is with no checkpoint yet'
    const lines = [
      ...data.map(describe),
      quorum === 0 ? 'No witness is needed: the quorum is 0.' : `${needed}; ${reached}.`,
    ]
    context.answer(wire, lines.join('\n'))
    return exit.ok
  })
}

async function showPolicy(context: Context): Promise<ExitCode> {
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const policy = await scope.transaction(vouch.logs.witnesses.policy)
    context.answer({ policy }, policy.trimEnd())
    return exit.ok
  })
}

async function removeWitness(context: Context, name: string): Promise<ExitCode> {
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    await scope.transaction((tx) => vouch.logs.witnesses.remove(tx, name))
    context.answer({ removed: name }, `● ${name} is asked no more`)
    return exit.ok
  })
}

async function setQuorum(context: Context, text: string): Promise<ExitCode> {
  if (!/^\d{1,2}$/.test(text)) throw new UsageError('K is how many witnesses must cosign: a whole number, 0 for none')
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    await scope.transaction((tx) => vouch.logs.witnesses.setQuorum(tx, Number(text)))
    context.answer({ quorum: Number(text) }, `● ${text} witnesses must cosign`)
    return exit.ok
  })
}
