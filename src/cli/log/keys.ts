import { toWireKeys } from '#platform/log'
import { type Context, exit, type ExitCode } from '../command.ts'
import { chooseTenant, withVouch } from '../open-guest.ts'

export async function showKeys(context: Context): Promise<ExitCode> {
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const wire = await scope.transaction(async (tx) => {
      const { origin } = await vouch.logs.head(tx)
      return toWireKeys(origin, await vouch.logs.keys(tx))
    })
    const lines = wire.keys.flatMap(({ version, state, vkeys, sha256, first_size, announced_in, created_at }) => [
      `● key ${version}, ${state}, made ${created_at}`,
      `  signs from  ${first_size === null ? 'the next checkpoint on' : `a size of ${first_size} on`}`,
      ...(announced_in === null ? [] : [`  announced   ${announced_in}`]),
      `  digest      ${sha256}`,
      ...vkeys.trimEnd().split('\n'),
    ])
    context.answer(wire, [wire.origin, ...lines].join('\n'))
    return exit.ok
  })
}

export async function rotateKey(context: Context): Promise<ExitCode> {
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    // A key that is announced and has not signed yet signs here.
    await vouch.logs.drain(scope)
    const { version, vkeys } = await scope.transaction((tx) => vouch.logs.rotate(tx))
    const checkpoint = await vouch.logs.drain(scope)
    const size = Number(checkpoint.size)
    context.answer(
      { version, vkeys, first_size: size, root: checkpoint.root.toString('base64'), checkpoint: checkpoint.note },
      [
        `● key ${version} signs from a size of ${size} on; that checkpoint bears the signatures of the old key and the new one`,
        'Whoever verifies the log needs the new keys from now on:',
        vkeys.trimEnd(),
      ].join('\n'),
    )
    return exit.ok
  })
}
