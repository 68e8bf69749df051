import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { checkContentLine, formatContentLine } from './contents.ts'
import {
  appendLeaves,
  commitTo,
  createLogSigners,
  type ExportedEntry,
  type ExportReport,
  formatVkeys,
  hashLeaf,
  type HashReader,
  joinBundle,
  makeEntry,
  newSeed,
  openCheckpoint,
  signCheckpoint,
  splitBundle,
  tilePath,
  TlogError,
  verifyExport,
  widthAt,
  writeExport,
} from './index.ts'

const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'
const signers = createLogSigners(origin, { ed25519: Buffer.alloc(32, 1), mlDsa44: Buffer.alloc(32, 2) })
const strangers = createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })
const vkey = formatVkeys(signers)
const home = mkdtempSync(join(tmpdir(), 'vouch-tlog-'))
after(() => rmSync(home, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => join(home, String(folders++))

/** What contents hold: quotes, backslashes, control characters, other scripts, nothing at all. */
const words = [
  '{"decision":"APPROVED"}',
  '',
  'räksmörgås \u2028 🙂',
  '\\"\n\r\t\b\f\u0001\u001f\u007f/',
  '\u0000',
  'x'.repeat(700),
]
function entryOf(n: number, mark = ''): ExportedEntry {
  const salt = Buffer.alloc(32, n)
  salt.writeUInt32BE(n, 0)
  const content = `${words[n % words.length]}${n}${mark}`
  const entry = makeEntry({
    id: `tr_${String(n).padStart(32, '0')}`,
    timeMs: 1.79e12 + n,
    type: n % 2 ? 'decision.created' : 'key.issued',
    salt,
    content,
  })
  return n % 7 === 3 ? { entry, salt: null, content: null } : { entry, salt, content }
}
const entriesOf = (count: number): ExportedEntry[] => Array.from({ length: count }, (_, n) => entryOf(n))
const growTo = (entries: readonly ExportedEntry[]) =>
  appendLeaves(
    0,
    [],
    entries.map(({ entry }) => hashLeaf(entry)),
  )
const signedFor = (entries: readonly ExportedEntry[], by = signers): string => {
  const { size, root } = growTo(entries)
  return signCheckpoint({ origin, size, root }, by, 1.79e12)
}

async function exportTo(dir: string, entries: readonly ExportedEntry[]): Promise<string> {
  await writeExport(dir, { checkpoint: signedFor(entries), vkey, size: entries.length, entries })
  return dir
}
const filesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name).slice(dir.length + 1))
    .sort()
const bundlePath = (index: number, size: number): string =>
  tilePath({ level: 'entries', index, width: widthAt('entries', index, size) })
const readBundle = (dir: string, index: number, size: number): Buffer[] =>
  splitBundle(readFileSync(join(dir, bundlePath(index, size))), widthAt('entries', index, size))
const why = ({ ok, first_bad }: ExportReport): string => (ok ? 'ok' : `${first_bad?.index}: ${first_bad?.why}`)

test('an export of any size verifies, whoever gives the key, and has the files of tlog-tiles', async () => {
  for (const size of [0, 1, 2, 255, 256, 257, 700, 1999]) {
    const entries = entriesOf(size)
    const dir = newFolder()
    const written = await writeExport(dir, { checkpoint: signedFor(entries), vkey, size, entries })
    const { root } = openCheckpoint(readFileSync(join(dir, 'checkpoint')), signers)
    assert.deepEqual(written, { entries: size, root: root.toString('base64'), isAsSigned: true })
    const erased = entries.filter(({ content }) => content === null).length
    const expected = {
      ok: true,
      origin,
      size,
      root: root.toString('base64'),
      entries: size,
      contents: size - erased,
      erased,
      first_bad: null,
    }
    const heard: number[] = []
    assert.deepEqual(await verifyExport(dir, { onProgress: (done) => heard.push(done) }), {
      ...expected,
      key: 'from export: proves nothing about who signed',
    })
    assert.equal(heard.at(-1), size)
    for (const given of [vkey, signers[0]!.vkey, signers[1]!.vkey])
      assert.deepEqual(await verifyExport(dir, { vkey: given }), { ...expected, key: 'given' })
    const tiles = growTo(entries).tiles.map(tilePath)
    const bundles = Array.from({ length: Math.ceil(size / 256) }, (_, index) => bundlePath(index, size))
    assert.deepEqual(filesOf(dir), ['checkpoint', 'contents.jsonl', 'vkey', ...tiles, ...bundles].sort())
  }
})

test('contents.jsonl has the documented lines, and no salt where the content is erased', async () => {
  const dir = await exportTo(newFolder(), entriesOf(5))
  const lines = readFileSync(join(dir, 'contents.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ index }) => index),
    [0, 1, 2, 3, 4],
  )
  assert.deepEqual(lines[3], { index: 3, salt: null, content: null })
  assert.deepEqual(lines[1], {
    index: 1,
    salt: Buffer.from(entryOf(1).salt!).toString('hex'),
    content: entryOf(1).content,
  })
  // A salt without content would let guesses be tried.
  const half = entriesOf(1).map((one) => ({ ...one, content: null }))
  const bare = newFolder()
  await writeExport(bare, { checkpoint: signedFor(half), vkey, size: 1, entries: half })
  assert.equal(readFileSync(join(bare, 'contents.jsonl'), 'utf8'), '{"index":0,"salt":null,"content":null}\n')
})

/** Which entry a byte of a bundle belongs to, with its length; which line a byte of contents.jsonl does. */
function indexAt(dir: string, file: string, offset: number): number | undefined {
  const bytes = readFileSync(join(dir, file))
  if (file === 'contents.jsonl') return bytes.subarray(0, offset).filter((byte) => byte === 10).length
  const match = /^tile\/entries\/(\d{3})/.exec(file)
  if (!match) return undefined
  let index = Number(match[1]) * 256
  for (let at = 0; ; index++) {
    at += 2 + bytes.readUInt16BE(at)
    if (offset < at) return index
  }
}

test('whatever the content, its line has one spelling, the one of JSON.stringify', () => {
  const unit = fc.oneof(
    fc.constantFrom('"', '\\', '/', '\u0000', '\u001f', '\n', '\t', '\u007f', '\u2028', 'é', '🙂'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  )
  const lineOf = (bytes: Buffer) => ({ bytes, start: 0, end: bytes.length })
  const salt = Buffer.alloc(32, 0xab)
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.nat(2 ** 40),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (content, index, at, change) => {
        const commit = commitTo(salt, content)
        const line = Buffer.from(formatContentLine(index, salt, content).slice(0, -1))
        assert.deepEqual(JSON.parse(line.toString()), { index, salt: salt.toString('hex'), content })
        assert.equal(checkContentLine(lineOf(line), index, commit), 'matches')
        const changed = Buffer.from(line)
        changed[at % line.length]! ^= change
        assert.ok(typeof checkContentLine(lineOf(changed), index, commit) === 'object')
        const cut = line.subarray(0, at % line.length)
        assert.ok(typeof checkContentLine(lineOf(cut), index, commit) === 'object')
      },
    ),
    { numRuns: 2000 },
  )
  for (const spelled of [
    '\\u0041',
    '\\u000A',
    '\\u001F',
    '\\u0008',
    '\\/',
    '\\ud800',
    '\\u00',
    '\\',
    '\\x',
    '"',
    '\u0001',
    '\\U0001',
  ]) {
    const line = Buffer.from(`{"index":0,"salt":"${salt.toString('hex')}","content":"${spelled}"}`)
    assert.deepEqual(checkContentLine(lineOf(line), 0, ''), { why: 'its line in contents.jsonl is malformed' }, spelled)
  }
  // An empty content needs both of its quotes.
  const oneQuote = Buffer.from(`{"index":0,"salt":"${salt.toString('hex')}","content":"}`)
  assert.ok(typeof checkContentLine(lineOf(oneQuote), 0, commitTo(salt, '')) === 'object')
  assert.throws(() => formatContentLine(0, salt, '\ud800'), TlogError)
})

test('one changed byte, whatever the file, place and size, is found, and the entry or content is named', async () => {
  const made = new Map<number, string>()
  for (const size of [1, 5, 256, 257, 600]) made.set(size, await exportTo(newFolder(), entriesOf(size)))
  const seen = new Set<string>()
  const cases = fc.record({
    size: fc.constantFrom(...made.keys()),
    kind: fc.constantFrom('checkpoint', 'vkey', 'contents.jsonl', 'entries', 'tile/0', 'tile/1', 'any'),
    pick: fc.nat(),
    at: fc.oneof(fc.nat(), fc.nat(300), fc.constantFrom(-1, -2, -3)),
    change: fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(0x20, 1, 0x80)),
  })
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), async ({ size, kind, pick, at, change }, isGiven) => {
      const dir = made.get(size)!
      const all = filesOf(dir)
      const fitting = all.filter((name) => kind === 'any' || name.includes(kind))
      const file = (fitting.length > 0 ? fitting : all)[pick % (fitting.length || all.length)]!
      const before = readFileSync(join(dir, file))
      const offset = at < 0 ? before.length + Math.max(at, -before.length) : at % before.length
      const expected = indexAt(dir, file, offset)
      const changed = Buffer.from(before)
      changed[offset]! ^= change
      writeFileSync(join(dir, file), changed)
      const report = await verifyExport(dir, isGiven ? { vkey } : {})
      writeFileSync(join(dir, file), before)
      assert.equal(report.ok, false, `${file} ${offset}`)
      if (expected !== undefined) assert.equal(report.first_bad?.index, expected, `${file} ${offset}: ${why(report)}`)
      seen.add(file.replace(/\d{3}(\.p.*)?$/, ''))
    }),
    { numRuns: 400 },
  )
  assert.deepEqual([...seen].sort(), ['checkpoint', 'contents.jsonl', 'tile/0/', 'tile/1/', 'tile/entries/', 'vkey'])
  for (const dir of made.values()) assert.ok((await verifyExport(dir)).ok)
})

test('every single byte of a small export counts', async () => {
  const dir = await exportTo(newFolder(), entriesOf(4))
  for (const file of filesOf(dir)) {
    const before = readFileSync(join(dir, file))
    // Signatures and keys are long, slow to check and all alike.
    const step = file === 'checkpoint' || file === 'vkey' ? 37 : 1
    for (let offset = 0; offset < before.length; offset += step) {
      const changed = Buffer.from(before)
      changed[offset]! ^= 0x20
      writeFileSync(join(dir, file), changed)
      const report = await verifyExport(dir)
      assert.equal(report.ok, false, `${file} ${offset}`)
      const expected = indexAt(dir, file, offset)
      if (expected !== undefined && before[offset] !== 10)
        assert.equal(report.first_bad?.index, expected, `${file} ${offset}`)
    }
    for (const changed of [
      before.subarray(1),
      before.subarray(0, -1),
      Buffer.concat([before, Buffer.of(10)]),
      Buffer.alloc(0),
    ]) {
      writeFileSync(join(dir, file), changed)
      assert.equal((await verifyExport(dir)).ok, false, `${file} cut or longer`)
    }
    rmSync(join(dir, file))
    assert.equal((await verifyExport(dir)).ok, false, `${file} missing`)
    mkdirSync(join(dir, file))
    assert.equal((await verifyExport(dir)).ok, false, `${file} is a folder`)
    rmSync(join(dir, file), { recursive: true })
    writeFileSync(join(dir, file), before)
  }
  assert.ok((await verifyExport(dir)).ok)
})

test('a changed tile is told from a changed entry', async () => {
  const dir = await exportTo(newFolder(), entriesOf(300))
  const tile = readFileSync(join(dir, 'tile/0/000'))
  tile[32 * 9]! ^= 1
  writeFileSync(join(dir, 'tile/0/000'), tile)
  assert.equal(why(await verifyExport(dir)), '9: tile/0/000 does not have its hash')
  tile[32 * 9]! ^= 1
  writeFileSync(join(dir, 'tile/0/000'), tile)
  const bundle = readFileSync(join(dir, 'tile/entries/000'))
  bundle[2000]! ^= 1
  writeFileSync(join(dir, 'tile/entries/000'), bundle)
  assert.match(why(await verifyExport(dir)), /^\d+: it does not have the hash in tile\/0\/000$/)
})

const size = 300
const entries = entriesOf(size)
const rewriteBundle = (dir: string, index: number, change: (entries: Buffer[]) => Buffer[]): void =>
  writeFileSync(
    join(dir, bundlePath(index, size)),
    joinBundle(change(readBundle(dir, index, size).map((entry) => Buffer.from(entry)))),
  )
const rewriteLines = (dir: string, change: (lines: string[]) => string[]): void => {
  const lines = readFileSync(join(dir, 'contents.jsonl'), 'utf8').trimEnd().split('\n')
  writeFileSync(
    join(dir, 'contents.jsonl'),
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}
/** Everything rebuilt around other entries, but the checkpoint stays: all that one without the keys can do. */
async function rebuild(dir: string, others: readonly ExportedEntry[]): Promise<void> {
  const note = readFileSync(join(dir, 'checkpoint'))
  rmSync(dir, { recursive: true })
  await exportTo(dir, others)
  writeFileSync(join(dir, 'checkpoint'), note)
}
const swap = <T>(list: readonly T[], one: number, other: number): T[] =>
  list.with(one, list[other]!).with(other, list[one]!)

const forgeries: Record<string, { forge: (dir: string) => void | Promise<void>; finds: RegExp }> = {
  'two entries in each other’s place': {
    forge: (dir) => rewriteBundle(dir, 0, (all) => swap(all, 4, 9)),
    finds: /^4: /,
  },
  'two entries in each other’s place, with tiles and contents to match': { forge: (dir) => rebuild(dir, swap(entries, 4, 9)), finds: /^null: the entries do not have the root/ }, // prettier-ignore
  'another entry and content, with tiles to match': { forge: (dir) => rebuild(dir, entries.with(20, entryOf(20, ' forged'))), finds: /^null: the entries do not have the root/ }, // prettier-ignore
  'the tail dropped': {
    forge: (dir) => rmSync(join(dir, bundlePath(1, size))),
    finds: /^256: tile\/entries\/001.p\/44 is missing/,
  },
  'the tail dropped from its bundle': {
    forge: (dir) => rewriteBundle(dir, 1, (all) => all.slice(0, -1)),
    finds: /^299: its bundle ends/,
  },
  'the log rebuilt without its tail': {
    forge: (dir) => rebuild(dir, entries.slice(0, -1)),
    finds: /^256: tile\/entries\/001.p\/44 is missing/,
  },
  'an entry more in the last bundle': { forge: (dir) => rewriteBundle(dir, 1, (all) => [...all, Buffer.from(entryOf(300).entry)]), finds: /^300: bytes stand after/ }, // prettier-ignore
  'an entry more in a full bundle': {
    forge: (dir) => rewriteBundle(dir, 0, (all) => [...all, all[0]!]),
    finds: /^256: bytes stand after/,
  },
  'a bundle more': {
    forge: (dir) => writeFileSync(join(dir, 'tile/entries/002'), 'x'),
    finds: /^512: tile\/entries\/002 is not part of a log of 300/,
  },
  'a tile more': {
    forge: (dir) => writeFileSync(join(dir, 'tile/1/001'), 'x'),
    finds: /^null: tile\/1\/001 is not part/,
  },
  'another file among the tiles': {
    forge: (dir) => writeFileSync(join(dir, 'tile/entries/note.txt'), 'x'),
    finds: /^null: tile\/entries\/note.txt is not part/,
  },
  'a checkpoint forked by the log itself': { forge: (dir) => writeFileSync(join(dir, 'checkpoint'), signedFor(entries.with(7, entryOf(7, ' forked')))), finds: /^null: the entries do not have the root/ }, // prettier-ignore
  'the checkpoint of a shorter log': { forge: (dir) => writeFileSync(join(dir, 'checkpoint'), signedFor(entries.slice(0, 200))), finds: /^0: tile\/entries\/000.p\/200 is missing/ }, // prettier-ignore
  'a checkpoint by another key': {
    forge: (dir) => writeFileSync(join(dir, 'checkpoint'), signedFor(entries, strangers)),
    finds: /^null: checkpoint: no known key/,
  },
  'a checkpoint without its post-quantum line': { forge: (dir) => writeFileSync(join(dir, 'checkpoint'), signedFor(entries, signers.slice(0, 1))), finds: /^null: checkpoint: .* has not signed/ }, // prettier-ignore
  'a content replaced': { forge: (dir) => rewriteLines(dir, (lines) => lines.with(11, lines[11]!.replace('11"}', '12"}'))), finds: /^11: its content is not what it committed to/ }, // prettier-ignore
  'a content spelled in another way': {
    forge: (dir) => rewriteLines(dir, (lines) => lines.with(2, lines[2]!.replace('ä', '\\u00e4'))),
    finds: /^2: .*malformed/,
  },
  'a slash escaped': {
    forge: (dir) => rewriteLines(dir, (lines) => lines.with(27, lines[27]!.replace('/27', '\\/27'))),
    finds: /^27: .*malformed/,
  },
  'a space in a line': {
    forge: (dir) => rewriteLines(dir, (lines) => lines.with(2, lines[2]!.replace(',', ', '))),
    finds: /^2: .*malformed/,
  },
  'a salt brought back for an erased content': { forge: (dir) => rewriteLines(dir, (lines) => lines.with(3, lines[3]!.replace('null', `"${'0'.repeat(64)}"`))), finds: /^3: .*malformed/ }, // prettier-ignore
  'a line dropped': {
    forge: (dir) => rewriteLines(dir, (lines) => lines.toSpliced(40, 1)),
    finds: /^40: contents.jsonl has the line of entry 41/,
  },
  'a line twice': {
    forge: (dir) => rewriteLines(dir, (lines) => lines.toSpliced(40, 0, lines[40]!)),
    finds: /^41: contents.jsonl has the line of entry 40/,
  },
  'lines out of order': {
    forge: (dir) => rewriteLines(dir, (lines) => swap(lines, 40, 41)),
    finds: /^40: contents.jsonl has the line of entry 41/,
  },
  'the last line dropped': {
    forge: (dir) => rewriteLines(dir, (lines) => lines.slice(0, -1)),
    finds: /^299: contents.jsonl ends before/,
  },
  'a line more': { forge: (dir) => rewriteLines(dir, (lines) => [...lines, '{"index":300,"salt":null,"content":null}']), finds: /^300: contents.jsonl has more lines/ }, // prettier-ignore
  'no newline at the end': { forge: (dir) => writeFileSync(join(dir, 'contents.jsonl'), readFileSync(join(dir, 'contents.jsonl')).subarray(0, -1)), finds: /^299: .*newline/ }, // prettier-ignore
  'a pipe in the place of a file, which nobody writes to': { forge: (dir) => (rmSync(join(dir, 'contents.jsonl')), void execFileSync('mkfifo', [join(dir, 'contents.jsonl')])), finds: /^null: contents.jsonl is missing or cannot be read/ }, // prettier-ignore
  'a partial tile of an earlier size': { forge: (dir) => mkdirSync(join(dir, 'tile/0/000.p')) ?? writeFileSync(join(dir, 'tile/0/000.p/7'), 'x'), finds: /^null: tile\/0\/000.p\/7/ }, // prettier-ignore
}

test('each way to forge an export is found and named', async () => {
  const honest = await exportTo(newFolder(), entries)
  for (const [name, { forge, finds }] of Object.entries(forgeries)) {
    const dir = newFolder()
    cpSync(honest, dir, { recursive: true })
    await forge(dir)
    for (const options of [{}, { vkey }]) assert.match(why(await verifyExport(dir, options)), finds, name)
  }
})

test('an export that is forged throughout, keys and all, fails against the key known from elsewhere', async () => {
  const dir = newFolder()
  await writeExport(dir, { checkpoint: signedFor(entries, strangers), vkey: formatVkeys(strangers), size, entries })
  assert.equal((await verifyExport(dir)).ok, true)
  const report = await verifyExport(dir, { vkey: signers[0]!.vkey })
  assert.equal(why(report), 'null: checkpoint: no known key has signed')
  assert.deepEqual([report.key, report.entries], ['given', size])
})

test('witnesses’ lines do not disturb, and a byte changed in one spoils nothing that it could prove', async () => {
  const dir = await exportTo(newFolder(), entriesOf(3))
  writeFileSync(
    join(dir, 'checkpoint'),
    `${readFileSync(join(dir, 'checkpoint'), 'utf8')}\u2014 witness.example/w AAAAAAAA\n`,
  )
  assert.ok((await verifyExport(dir, { vkey })).ok)
})

test('an entry changed in the database is named, when the tiles come from the log’s own storage', async () => {
  const grown = growTo(entries)
  const stored: HashReader = {
    readTile: (level, index) => grown.tiles.find((tile) => tile.level === level && tile.index === index)!.hashes,
  }
  const dir = newFolder()
  const source = { checkpoint: signedFor(entries), vkey, size, entries: entries.with(123, entryOf(123, ' changed')) }
  assert.equal((await writeExport(dir, { ...source, tiles: stored })).isAsSigned, false)
  assert.match(why(await verifyExport(dir)), /^123: it does not have the hash in tile\/0\/000$/)
})

test('an export is written to an empty folder, of a signed log, whole or not at all', async () => {
  const dir = newFolder()
  const source = { checkpoint: signedFor(entries), vkey, size, entries }
  mkdirSync(dir)
  writeFileSync(join(dir, 'mine'), 'x')
  await assert.rejects(writeExport(dir, source), /empty folder/)
  assert.deepEqual(readdirSync(dir), ['mine'])
  rmSync(join(dir, 'mine'))
  await assert.rejects(writeExport(dir, { ...source, vkey: formatVkeys(strangers) }), TlogError)
  await assert.rejects(writeExport(dir, { ...source, size: 299 }), TlogError)
  await assert.rejects(writeExport(dir, { ...source, entries: entries.slice(1) }), /fewer/)
  await assert.rejects(writeExport(dir, { ...source, entries: [...entries, entryOf(300)] }), /more/)
  await assert.rejects(writeExport(dir, { ...source, entries: entries.with(9, { ...entryOf(9), salt: null }) }), /salt/)
  await assert.rejects(
    writeExport(dir, { ...source, entries: entries.with(9, { ...entryOf(9), entry: Buffer.alloc(65_536) }) }),
    TlogError,
  )
  const breaks = async function* () {
    yield* entries.slice(0, 280)
    throw new Error('the database went away')
  }
  await assert.rejects(writeExport(dir, { ...source, entries: breaks() }), /went away/)
  assert.deepEqual(readdirSync(dir), [])
  await writeExport(dir, source)
  assert.ok((await verifyExport(dir)).ok)
  await assert.rejects(writeExport(dir, source), /empty folder/)
})

test('a place without an export and a key that is none are told apart from bad data', async () => {
  await assert.rejects(verifyExport(join(home, 'nowhere')), TlogError)
  const file = join(home, 'file')
  writeFileSync(file, 'x')
  await assert.rejects(verifyExport(file), TlogError)
  const empty = newFolder()
  mkdirSync(empty)
  const report = await verifyExport(empty)
  assert.deepEqual([report.ok, report.origin, report.size, report.root, report.entries], [false, null, null, null, 0])
  for (const bad of ['', 'x', 'a+b+c', `${signers[0]!.vkey}x`])
    await assert.rejects(verifyExport(empty, { vkey: bad }), TlogError)
  const dir = await exportTo(newFolder(), entriesOf(2))
  renameSync(join(dir, 'vkey'), join(dir, 'vkey.bak'))
  assert.match(why(await verifyExport(dir, { vkey })), /^null: vkey: it is missing/)
  assert.ok(existsSync(join(dir, 'checkpoint')))
})
