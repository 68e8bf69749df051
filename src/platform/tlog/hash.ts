/**
 * The hashes of RFC 6962 section 2.1 with SHA-256. Leaves and nodes start with different bytes, so that no entry can
 * pass for two hashes, nor two hashes for an entry.
 */
import { hash } from 'node:crypto'

export const hashBytes = 32

/** SHA-256 into `target`. Asking for text and writing it is three times as fast as asking for a buffer. */
export function writeSha256(data: Uint8Array, target: Buffer, offset: number): void {
  target.write(hash('sha256', data, 'binary'), offset, hashBytes, 'latin1')
}

export const sha256 = (data: Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'binary'), 'latin1')

export const hashLeaf = (entry: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.of(0), entry]))

export const hashNode = (left: Uint8Array, right: Uint8Array): Buffer =>
  sha256(Buffer.concat([Buffer.of(1), left, right]))

/** The root of the tree without entries. */
export const emptyRoot = (): Buffer => sha256(Buffer.alloc(0))

const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1)
const work = Buffer.alloc(256 * hashBytes)

/** The root above 2^n hashes that stand side by side from `start`, `count` of them, at most 256. */
export function foldHashes(hashes: Uint8Array, start: number, count: number): Buffer {
  work.set(hashes.subarray(start * hashBytes, (start + count) * hashBytes))
  for (let width = count; width > 1; width /= 2) {
    for (let at = 0; at < width; at += 2) {
      work.copy(nodeInput, 1, at * hashBytes, (at + 2) * hashBytes)
      writeSha256(nodeInput, work, (at / 2) * hashBytes)
    }
  }
  return Buffer.from(work.subarray(0, hashBytes))
}
