import { parseCheckpoint, parseNote, verifyConsistency } from '#platform/tlog'
import { type Context, exit, type ExitCode, UsageError } from '../command.ts'
import { chooseTenant, withVouch } from '../open-guest.ts'

export async function proveConsistent(context: Context, fromText: string, toText: string): Promise<ExitCode> {
  const [from, to] = [readSize(fromText), readSize(toText)]
  if (from > to) throw new UsageError('FROM is at most TO')
  return withVouch(context, async (vouch) => {
    const { scope } = await chooseTenant(context, vouch)
    const { head, hashes, roots } = await scope.transaction(async (tx) => {
      const { head } = await vouch.logs.status(tx)
      if (BigInt(to) > head.size) throw new UsageError(`The log has ${head.size} entries`)
      const hashes = await vouch.logs.proveConsistency(tx, from, to)
      const roots = []
      for (const size of [from, to]) {
        const checkpoint = await vouch.logs.checkpointOf(tx, size)
        roots.push(checkpoint && parseCheckpoint(parseNote(checkpoint.note).text).root)
      }
      return { head, hashes, roots }
    })
    const [firstRoot, secondRoot] = roots
    const verified =
      firstRoot && secondRoot
        ? verifyConsistency({ first: from, second: to, firstRoot, secondRoot, proof: hashes })
        : null
    const proof = hashes.map((hash) => hash.toString('base64'))
    const toRoot = (root: Buffer | undefined): string | null => root?.toString('base64') ?? null
    context.answer(
      { origin: head.origin, from, to, proof, from_root: toRoot(firstRoot), to_root: toRoot(secondRoot), verified },
      [
        describe(verified),
        `  origin  ${head.origin}`,
        `  from    ${from}  ${toRoot(firstRoot) ?? 'never signed'}`,
        `  to      ${to}  ${toRoot(secondRoot) ?? 'never signed'}`,
        ...(proof.length === 0 ? ['  proof   needs no hashes'] : proof.map((hash) => `  proof   ${hash}`)),
      ].join('\n'),
    )
    return verified === false ? exit.failed : exit.ok
  })
}

function describe(verified: boolean | null): string {
  if (verified === null) return '– made, and held against nothing: one of the two sizes was never signed'
  return verified
    ? '● the smaller log is a beginning of the larger one, as both were signed'
    : '✕ what was signed at the smaller size is not a beginning of what was signed at the larger one'
}

function readSize(text: string): number {
  const size = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(size))
    throw new UsageError('FROM and TO are sizes of the log: whole numbers from 1 on')
  return size
}
