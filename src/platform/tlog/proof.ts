/**
 * Proofs of RFC 6962 section 2.1.1 and 2.1.2, checked as RFC 9162 section 2.1.3.2 and 2.1.4.2 do. A hash is 32 bytes.
 * Sizes are halved by division: bit operators of the language end at 32 bits.
 */
import { hashBytes, hashNode } from './hash.ts'
import { TlogError } from './malformed.ts'
import { type HashReader, openTree, requireSize, splitPoint } from './tree.ts'

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const isOdd = (value: number): boolean => value % 2 === 1
const half = (value: number): number => Math.floor(value / 2)
const areHashes = (...hashes: Uint8Array[]): boolean => hashes.every((hash) => hash.length === hashBytes)
const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0

export type InclusionClaim = {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Is `leaf` the hash of entry `index` in the tree of `size` entries with that root? */
export function verifyInclusion({ index, size, leaf, root, proof }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes(leaf, root, ...proof)) return false
  let at = index
  let last = size - 1
  let hash: Uint8Array = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      hash = hashNode(sibling, hash)
      for (; !isOdd(at) && at > 0; at = half(at)) last = half(last)
    } else hash = hashNode(hash, sibling)
    at = half(at)
    last = half(last)
  }
  return last === 0 && isSame(hash, root)
}

export type ConsistencyClaim = {
  readonly first: number
  readonly second: number
  readonly firstRoot: Uint8Array
  readonly secondRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Is the tree of `first` entries a beginning of the tree of `second`? The empty tree proves nothing and is refused, also
 * where no proof is needed: whoever starts from nothing has nothing to compare.
 */
export function verifyConsistency({ first, second, firstRoot, secondRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(first) || !isCount(second) || first === 0 || first > second) return false
  if (first === second) return proof.length === 0 && isSame(firstRoot, secondRoot)
  if (!areHashes(firstRoot, secondRoot, ...proof)) return false
  let at = first - 1
  let last = second - 1
  for (; isOdd(at); at = half(at)) last = half(last)
  const rest = [...proof]
  const start = at === 0 ? firstRoot : rest.shift()
  if (!start) return false
  let one = start
  let other = start
  for (const sibling of rest) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      one = hashNode(sibling, one)
      other = hashNode(sibling, other)
      for (; !isOdd(at) && at > 0; at = half(at)) last = half(last)
    } else other = hashNode(other, sibling)
    at = half(at)
    last = half(last)
  }
  return last === 0 && isSame(one, firstRoot) && isSame(other, secondRoot)
}

/** The proof for entry `index` in the tree of `size`: from the leaf's sibling up to the child of the root. */
export async function makeInclusion(reader: HashReader, index: number, size: number): Promise<Buffer[]> {
  requireSize(size)
  if (!isCount(index) || index >= size) throw new TlogError('the tree has no such entry')
  const tree = openTree(reader, size)
  const proof: Buffer[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      proof.unshift(await tree.rootOf(middle, end))
      end = middle
    } else {
      proof.unshift(await tree.rootOf(start, middle))
      start = middle
    }
  }
  return proof
}

/** The proof that the tree of `first` entries is a beginning of the tree of `second`. */
export async function makeConsistency(reader: HashReader, first: number, second: number): Promise<Buffer[]> {
  requireSize(second)
  if (!isCount(first) || first === 0 || first > second)
    throw new TlogError('consistency is from a smaller tree to a larger one')
  const tree = openTree(reader, second)
  const proof: Buffer[] = []
  let start = 0
  let end = second
  // Until [start, end) is a subtree of both trees; the verifier knows it without being told if it is the first tree.
  while (end !== first) {
    const middle = start + splitPoint(end - start)
    if (first <= middle) {
      proof.unshift(await tree.rootOf(middle, end))
      end = middle
    } else {
      proof.unshift(await tree.rootOf(start, middle))
      start = middle
    }
  }
  if (start > 0) proof.unshift(await tree.rootOf(start, end))
  return proof
}
