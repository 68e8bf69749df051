/** C2SP tlog-checkpoint: origin, size and root of a tree, a line each. Extension lines are refused: we neither write nor need them. */
import { readBase64 } from './base64.ts'
import { hashBytes } from './hash.ts'
import { TlogError } from './malformed.ts'

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Buffer }

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
  parseCheckpoint(text)
  return text
}

export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', end, ...more] = text.split('\n')
  if (origin === '' || end !== '' || more.length > 0)
    throw new TlogError('a checkpoint has three lines: origin, size, root')
  const count = readCount(size)
  const hash = readBase64(root)
  if (count === undefined) throw new TlogError('the size of a checkpoint is a decimal number')
  if (hash?.length !== hashBytes) throw new TlogError('the root of a checkpoint is 32 bytes in base64')
  return { origin, size: count, root: hash }
}

/** ASCII decimal without leading zeros; above 2^53 - 1 it is refused. */
export function readCount(text: string): number | undefined {
  const count = Number(text)
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(count) ? count : undefined
}
