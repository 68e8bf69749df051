import { rfc3339 } from '#kernel/clock'
import { type Context, exit, type ExitCode, UsageError } from '../command.ts'
import { chooseTenant, withVouch } from '../open-guest.ts'

export async function showStatus(context: Context): Promise<ExitCode> {
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const { status, waiting } = await scope.transaction(async (tx) => ({
      status: await vouch.logs.status(tx),
      waiting: await vouch.logs.countWaiting(tx),
    }))
    const { head, last } = status
    const checkpoint = last && {
      size: Number(last.size),
      root: last.root.toString('base64'),
      signed_at: rfc3339(last.at.getTime()),
      age_seconds: Math.max(0, Math.round((context.clock.now() - last.at.getTime()) / 1_000)),
    }
    const size = Number(head.size)
    const document = {
      origin: head.origin,
      size,
      checkpoint: checkpoint ?? null,
      unsigned: size - (checkpoint?.size ?? 0),
      waiting: waiting.rows,
      waiting_is_more: waiting.isMore,
      public: head.isPublic,
    }
    const waits = `${waiting.isMore ? 'more than ' : ''}${waiting.rows} rows to be sequenced, ${document.unsigned} entries to be signed`
    context.answer(
      document,
      [
        head.origin,
        `  entries  ${size}`,
        checkpoint
          ? `  signed   ${checkpoint.size} entries at ${checkpoint.signed_at}, ${checkpoint.age_seconds} s ago\n  root     ${checkpoint.root}`
          : '  signed   nothing yet',
        `  waiting  ${waits}`,
        `  read by  ${head.isPublic ? 'anybody' : 'keys with log:read'}`,
      ].join('\n'),
    )
    return exit.ok
  })
}

export async function setVisibility(context: Context, wanted: string): Promise<ExitCode> {
  if (wanted !== 'public' && wanted !== 'private') throw new UsageError('Usage: vouch log visibility public|private')
  const isPublic = wanted === 'public'
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    await scope.transaction((tx) => vouch.logs.setVisibility(tx, isPublic))
    context.answer(
      { public: isPublic },
      isPublic
        ? 'Anybody may read checkpoints, tiles and keys now. Contents stay with the tenant.'
        : 'Only keys with log:read may read the log now. Who has read it keeps what was read.',
    )
    return exit.ok
  })
}
