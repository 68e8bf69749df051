import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  appendLeaves,
  type Edge,
  emptyRoot,
  type HashReader,
  hashLeaf,
  hashNode,
  joinBundle,
  makeConsistency,
  makeInclusion,
  openCheckpoint,
  parseTilePath,
  parseVkey,
  readEdge,
  readRoot,
  splitBundle,
  type Tile,
  tilePath,
  TlogError,
  verifyConsistency,
  verifyInclusion,
  widthAt,
} from './index.ts'

const testdata = join(import.meta.dirname, '../../../../shared/testdata/transparency-log')
const needsData = { skip: existsSync(testdata) ? false : `needs ${testdata}` }
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64')

/** RFC 6962 section 2.1, word for word. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return emptyRoot()
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return hashNode(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

/** Tiles as tlog-tiles defines them, from the leaves. */
function naiveTiles(leaves: readonly Buffer[]): Map<string, Buffer> {
  const tiles = new Map<string, Buffer>()
  let hashes = leaves
  for (let level = 0; hashes.length > 0; level++) {
    const above: Buffer[] = []
    for (let at = 0; at < hashes.length; at += 256) {
      const tile = hashes.slice(at, at + 256)
      tiles.set(tilePath({ level, index: at / 256, width: tile.length }), Buffer.concat(tile))
      if (tile.length === 256) above.push(naiveRoot(tile))
    }
    hashes = above
  }
  return tiles
}

const leavesOf = (count: number, seed = 0): Buffer[] =>
  Array.from({ length: count }, (_, n) => hashLeaf(Buffer.from(`${seed} ${n}`)))
const readerOf = (tiles: ReadonlyMap<string, Buffer>): HashReader => ({
  readTile: (level, index, width) => {
    const tile = tiles.get(tilePath({ level, index, width }))
    assert.ok(tile, 'only tiles of the tree are read')
    return tile
  },
})
/** Partial tiles are never asked for by their whole width when a tree has fewer. */
const storeOf = (tiles: readonly Tile[], into: Map<string, Buffer>) => {
  for (const tile of tiles) into.set(tilePath(tile), tile.hashes)
}

test('the hashes are those of RFC 6962', () => {
  assert.equal(emptyRoot().toString('hex'), hash('sha256', ''))
  assert.equal(
    hashLeaf(Buffer.alloc(0)).toString('hex'),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  )
  assert.equal(
    hashNode(Buffer.alloc(32, 1), Buffer.alloc(32, 2)).toString('hex'),
    hash('sha256', Buffer.concat([Buffer.of(1), Buffer.alloc(32, 1), Buffer.alloc(32, 2)])),
  )
})

test('published RFC 6962 inclusion proofs are accepted or refused as published', needsData, () => {
  const cases = readFileSync(join(testdata, 'rfc6962-proofs/inclusion.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(cases.length, 49)
  for (const { leafIdx, treeSize, root, leafHash, proof, wantErr, desc } of cases) {
    const claim = {
      index: leafIdx,
      size: treeSize,
      leaf: bytesOf(leafHash),
      root: bytesOf(root),
      proof: (proof ?? []).map(bytesOf),
    }
    assert.equal(verifyInclusion(claim), !wantErr, desc)
  }
})

test('published RFC 6962 consistency proofs are accepted or refused as published', needsData, () => {
  const cases = readFileSync(join(testdata, 'rfc6962-proofs/consistency.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(cases.length, 49)
  for (const { size1, size2, root1, root2, proof, wantErr, desc } of cases) {
    const claim = {
      first: size1,
      second: size2,
      firstRoot: bytesOf(root1),
      secondRoot: bytesOf(root2),
      proof: (proof ?? []).map(bytesOf),
    }
    assert.equal(verifyConsistency(claim), !wantErr, desc)
  }
})

test(
  'a log made by Tessera is read: all 16 checkpoints, their roots from tiles, its entries, growth between all sizes',
  needsData,
  async () => {
    const dir = join(testdata, 'tessera-log')
    const key = parseVkey(readFileSync(join(dir, 'verifier-key.txt'), 'utf8').trim())
    const reader: HashReader = {
      readTile: (level, index, width) => readFileSync(join(dir, tilePath({ level, index, width }))),
    }
    const checkpoints = Array.from({ length: 16 }, (_, size) =>
      openCheckpoint(readFileSync(join(dir, `checkpoint.${size}`)), [key]),
    )
    for (const [size, { root, ...checkpoint }] of checkpoints.entries()) {
      assert.equal(checkpoint.size, size)
      assert.deepEqual(await readRoot(reader, size), root)
      if (size === 0) continue
      const entries = splitBundle(readFileSync(join(dir, tilePath({ level: 'entries', index: 0, width: size }))), size)
      assert.deepEqual(naiveRoot(entries.map(hashLeaf)), root)
      for (const [index, entry] of entries.entries()) {
        assert.ok(
          verifyInclusion({
            index,
            size,
            leaf: hashLeaf(entry),
            root,
            proof: await makeInclusion(reader, index, size),
          }),
        )
      }
      for (let first = 1; first <= size; first++) {
        const proof = await makeConsistency(reader, first, size)
        const claim = { first, second: size, firstRoot: checkpoints[first]!.root, secondRoot: root, proof }
        assert.ok(verifyConsistency(claim))
        if (first > 1) assert.ok(!verifyConsistency({ ...claim, firstRoot: checkpoints[first - 1]!.root }))
      }
    }
  },
)

const batches = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 200, max: 600 }), fc.constantFrom(1, 255, 256, 257, 512)),
  { maxLength: 8 },
)
const around = fc.constantFrom(255, 256, 257, 511, 512, 513, 1999)

test('whatever the batches, a sequencer that keeps only tiles has the tiles and root that the definition gives', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (counts, keepsEdge) => {
      const leaves = leavesOf(counts.reduce((sum, count) => sum + count, 0))
      const stored = new Map<string, Buffer>()
      let size = 0
      let edge: Edge = []
      for (const count of counts) {
        const before = keepsEdge ? edge : await readEdge(readerOf(stored), size)
        const appended = appendLeaves(size, before, leaves.slice(size, size + count))
        assert.deepEqual(appended.root, naiveRoot(leaves.slice(0, size + count)))
        storeOf(appended.tiles, stored)
        ;({ size, edge } = appended)
        assert.deepEqual(await readRoot(readerOf(stored), size), appended.root)
      }
      const expected = naiveTiles(leaves)
      for (const [path, tile] of expected) assert.deepEqual(stored.get(path), tile, path)
      // Besides them only partial tiles of earlier sizes.
      for (const path of stored.keys()) assert.ok(expected.has(path) || path.includes('.p/'), path)
    }),
    { numRuns: 40 },
  )
})

test('trees grow over the second and third level of tiles', () => {
  const leaf = hashLeaf(Buffer.from('same'))
  let edge: Edge = []
  let size = 0
  const full: string[] = []
  for (const count of [65_535, 1, 1, 4_463]) {
    const appended = appendLeaves(
      size,
      edge,
      Array.from({ length: count }, () => leaf),
    )
    ;({ size, edge } = appended)
    full.push(...appended.tiles.map(tilePath).filter((path) => !path.includes('.p/')))
  }
  // The specification's own example: 70,000 entries.
  assert.equal(size, 70_000)
  assert.deepEqual(
    edge.map((hashes) => hashes.length / 32),
    [112, 17, 1],
  )
  assert.equal(full.filter((path) => path.startsWith('tile/0/')).length, 273)
  assert.deepEqual(
    full.filter((path) => path.startsWith('tile/1/')),
    ['tile/1/000'],
  )
})

test('tile paths are those of tlog-tiles, and have one spelling', () => {
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), 'tile/0/x001/x234/067')
  assert.equal(tilePath({ level: 'entries', index: 5, width: 3 }), 'tile/entries/005.p/3')
  assert.deepEqual(parseTilePath('tile/2/x001/000.p/7'), { level: 2, index: 1000, width: 7 })
  for (const path of [
    'tile/00/000',
    'tile/0/x000/001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/64/000',
    'tile/0/1',
    'tile/0/000/',
    'tile/8/0/000',
    'tile/0/001/000',
    '/tile/0/000',
  ])
    // prettier-ignore
    assert.equal(parseTilePath(path), undefined, path)
  assert.deepEqual(
    [0, 1, 2, 3].map((level) => widthAt(level, level === 0 ? 273 : level === 1 ? 1 : 0, 70_000)),
    [112, 17, 1, 0],
  )
})

test('bundles give back their entries, and refuse what is cut, extended or too long', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), fc.nat(), (entries, cut) => {
      const bundle = joinBundle(entries)
      assert.deepEqual(
        splitBundle(bundle, entries.length).map((entry) => Buffer.from(entry)),
        entries.map((entry) => Buffer.from(entry)),
      )
      if (bundle.length > 0)
        assert.throws(() => splitBundle(bundle.subarray(0, cut % bundle.length), entries.length), TlogError)
      assert.throws(() => splitBundle(Buffer.concat([bundle, Buffer.of(0)]), entries.length), TlogError)
    }),
  )
  assert.equal(splitBundle(joinBundle([Buffer.alloc(65_535)]), 1)[0]!.length, 65_535)
  assert.throws(() => joinBundle([Buffer.alloc(65_536)]), TlogError)
})

type Mutation = 'flip' | 'swap' | 'drop' | 'extend' | 'shorten'
function mutate(proof: readonly Buffer[], kind: Mutation, at: number, bit: number): Buffer[] {
  const changed = proof.map((hash) => Buffer.from(hash))
  const place = changed.length === 0 ? 0 : at % changed.length
  if (kind === 'extend' || changed.length === 0) changed.splice(place, 0, Buffer.alloc(32, bit))
  else if (kind === 'flip') changed[place]![bit % 32]! ^= 1 << (bit % 8)
  else if (kind === 'swap' && changed.length > 1)
    changed.push(...changed.splice(place === changed.length - 1 ? 0 : place, 1))
  else if (kind === 'drop' || kind === 'swap') changed.splice(place, 1)
  else changed[place] = changed[place]!.subarray(0, 31)
  return changed
}
const mutations = fc.constantFrom<Mutation>('flip', 'swap', 'drop', 'extend', 'shorten')

test('every inclusion proof holds for its entry and size alone, and no changed one does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.integer({ min: 1, max: 700 }), around),
      fc.nat(),
      mutations,
      fc.nat(),
      fc.nat(255),
      async (size, pick, kind, at, bit) => {
        const leaves = leavesOf(size)
        const index = pick % size
        const root = naiveRoot(leaves)
        const proof = await makeInclusion(readerOf(naiveTiles(leaves)), index, size)
        const claim = { index, size, leaf: leaves[index]!, root, proof }
        assert.ok(verifyInclusion(claim))
        assert.ok(!verifyInclusion({ ...claim, proof: mutate(proof, kind, at, bit) }))
        assert.ok(!verifyInclusion({ ...claim, root: mutate([root], 'flip', 0, bit)[0]! }))
        assert.ok(!verifyInclusion({ ...claim, leaf: mutate([claim.leaf], 'flip', 0, bit)[0]! }))
        const other = (index + 1 + (at % size)) % size
        if (other !== index) assert.ok(!verifyInclusion({ ...claim, index: other }))
        for (const wrong of [-1, 0.5, size, Number.NaN, 2 ** 53])
          assert.ok(!verifyInclusion({ ...claim, index: wrong }))
      },
    ),
    { numRuns: 150 },
  )
})

test('every consistency proof holds for its two sizes, and no changed one does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.integer({ min: 1, max: 700 }), around),
      fc.nat(),
      mutations,
      fc.nat(),
      fc.nat(255),
      async (second, pick, kind, at, bit) => {
        const leaves = leavesOf(second)
        const first = 1 + (pick % second)
        const proof = await makeConsistency(readerOf(naiveTiles(leaves)), first, second)
        const claim = {
          first,
          second,
          firstRoot: naiveRoot(leaves.slice(0, first)),
          secondRoot: naiveRoot(leaves),
          proof,
        }
        assert.ok(verifyConsistency(claim))
        assert.ok(!verifyConsistency({ ...claim, proof: mutate(proof, kind, at, bit) }))
        assert.ok(!verifyConsistency({ ...claim, firstRoot: mutate([claim.firstRoot], 'flip', 0, bit)[0]! }))
        assert.ok(!verifyConsistency({ ...claim, secondRoot: mutate([claim.secondRoot], 'flip', 0, bit)[0]! }))
        // Another past: the same sizes, one earlier entry replaced.
        const forked = leaves.with(at % first, hashLeaf(Buffer.from('fork')))
        assert.ok(!verifyConsistency({ ...claim, firstRoot: naiveRoot(forked.slice(0, first)) }))
      },
    ),
    { numRuns: 150 },
  )
})

test('a reader with too short a tile, an edge of another size and impossible sizes are refused', async () => {
  const reader: HashReader = { readTile: (_level, _index, width) => Buffer.alloc(32 * (width - 1)) }
  await assert.rejects(readRoot(reader, 3), TlogError)
  assert.throws(() => appendLeaves(3, [Buffer.alloc(64)], []), TlogError)
  assert.throws(() => appendLeaves(0, [], [Buffer.alloc(31)]), TlogError)
  for (const size of [-1, 1.5, 2 ** 53]) await assert.rejects(readEdge(reader, size), TlogError)
  await assert.rejects(makeInclusion(reader, 3, 3), TlogError)
  await assert.rejects(makeConsistency(reader, 0, 3), TlogError)
})
