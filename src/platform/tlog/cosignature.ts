/**
 * C2SP tlog-cosignature: what is signed with a time, and how time and signature are laid out.
 *
 *   signature  = time (u64, seconds since 1970) ‖ Ed25519 (64) or ML-DSA-44 (2,420) signature
 *   Ed25519    signs "cosignature/v1\ntime <seconds>\n" ‖ the whole text of the checkpoint            (type 0x04)
 *   ML-DSA-44  signs "subtree/v1\n\0" ‖ name<1..255> ‖ time ‖ origin<1..255> ‖ start ‖ end ‖ root       (type 0x06)
 *
 * Numbers are u64, big endian; strings follow their length in one byte; a checkpoint starts at 0 and ends at its size.
 */
import { type Checkpoint, parseCheckpoint } from './checkpoint-text.ts'
import { TlogError } from './malformed.ts'

const timeBytes = 8
const latest = 2n ** 63n - 1n

export const cosignedText = (text: string, timeS: bigint): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`)

export function cosignedMessage(name: string, { origin, size, root }: Checkpoint, timeS: bigint): Buffer {
  return Buffer.concat([
    Buffer.from('subtree/v1\n\0'),
    withLength(name),
    u64(timeS),
    withLength(origin),
    u64(0n),
    u64(BigInt(size)),
    root,
  ])
}

/** What a key of that name signs, at that time, of the checkpoint with that text. */
export const timedMessage = {
  'ed25519-cosignature': (_name: string, text: string, timeS: bigint): Buffer => {
    parseCheckpoint(text)
    return cosignedText(text, timeS)
  },
  'ml-dsa-44-cosignature': (name: string, text: string, timeS: bigint): Buffer =>
    cosignedMessage(name, parseCheckpoint(text), timeS),
}

export const packTimed = (timeS: bigint, signature: Buffer): Buffer => Buffer.concat([u64(timeS), signature])

export function unpackTimed(bytes: Buffer): { timeS: bigint; signature: Buffer } | undefined {
  if (bytes.length <= timeBytes) return undefined
  const timeS = bytes.readBigUInt64BE()
  return timeS > latest ? undefined : { timeS, signature: bytes.subarray(timeBytes) }
}

/** When the signature of a checkpoint by a key with times was made, in ms since 1970. */
export function readSignatureTime(signature: Buffer): number {
  const timed = unpackTimed(signature)
  if (!timed) throw new TlogError('the signature carries no time')
  return Number(timed.timeS) * 1000
}

function u64(value: bigint): Buffer {
  if (value < 0n || value > latest) throw new TlogError('a number in a cosignature is below 2^63')
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length < 1 || bytes.length > 255) throw new TlogError('names and origins have 1 to 255 bytes')
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}
