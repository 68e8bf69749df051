/**
 * How fast is a whole verification beside reading and hashing alone? Ours: verifyExport, which hashes every entry again,
 * computes every tile and the root, and opens every content. Peer: SHA-256 over the same files, one pass, one thread.
 * A second peer hashes the messages that RFC 6962 and the commitments ask for, one call each, as they lie in memory: each
 * entry, each node, each salt with its content. No files are read and nothing is compared.
 * Also: how large an export is on the disk beside the bare bytes of its entries and contents, and the memory of both.
 *
 * Each sample is a process of its own, so both sides start cold; the time is that of the work, without starting Node.
 * The files are in the memory of the operating system for both.
 */
import { execFile } from 'node:child_process'
import { createHash, hash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { canonicalJson } from '#kernel/canonical-json'
import { rfc3339 } from '#kernel/clock'
import {
  appendLeaves,
  createLogSigners,
  type Edge,
  type ExportedEntry,
  formatVkeys,
  hashLeaf,
  makeEntry,
  newSeed,
  signCheckpoint,
  splitBundle,
  tilePath,
  tileWidth,
  verifyExport,
  widthAt,
  writeExport,
} from '#platform/tlog'
import type { Bench } from './run.ts'
import { median, spread } from './statistics.ts'

type Sample = { ms: number; bytes: number; peakBytes: number }
const rounds = 7
/** All messages lie in memory. */
const mostMessages = 500_000
const origin = 'vouch.example/log/ten_0123456789abcdef0123456789abcdef'
const startMs = 1.79e12

export const verify: Bench = async function* ({ full }) {
  for (const size of full ? [200_000, 5_000_000] : [200_000]) {
    const dir = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
    try {
      const raw = await makeExport(dir, size)
      const samples: Record<'ours' | 'peer' | 'messages', Sample[]> = { ours: [], peer: [], messages: [] }
      for (let round = 0; round < rounds; round++) {
        samples.peer.push(await sample('peer', dir, size))
        samples.ours.push(await sample('ours', dir, size))
        if (size <= mostMessages) samples.messages.push(await sample('messages', dir, size))
      }
      const files = filesOf(size).map((file) => statSync(join(dir, file)))
      const bytes = files.reduce((sum, file) => sum + file.size, 0)
      for (const one of samples.peer)
        if (one.bytes !== bytes) throw new Error(`the peer hashed ${one.bytes} of ${bytes} bytes`)
      for (const one of samples.ours)
        if (one.bytes < bytes) throw new Error(`verifying read ${one.bytes} of ${bytes} bytes`)
      const entries = `${size.toLocaleString('en')} entries`
      for (const [unit, read] of [
        ['MB/s', ({ ms }: Sample) => bytes / ms / 1000],
        ['MB at the peak', ({ peakBytes }: Sample) => peakBytes / 2 ** 20],
      ] as const) {
        const [ours, peer] = [samples.ours.map(read), samples.peer.map(read)]
        const shared = { peer_name: 'SHA-256 over the same files', samples: rounds }
        yield { case: entries, unit, ours: median(ours), peer: median(peer), spread: spread(ours), ...shared }
      }
      if (samples.messages.length > 0) {
        const rate = ({ ms }: Sample): number => bytes / ms / 1000
        const ours = samples.ours.map(rate)
        const shared = { peer_name: 'SHA-256 of the same messages', samples: rounds, spread: spread(ours) }
        yield { case: entries, unit: 'MB/s', ours: median(ours), peer: median(samples.messages.map(rate)), ...shared }
      }
      const onDisk = files.map((file) => file.blocks * 512)
      const contents = onDisk.at(-1) ?? 0
      const whole = onDisk.reduce((sum, one) => sum + one, 0)
      const shared = { unit: 'bytes on disk an entry', samples: 1, spread: 0 }
      yield { case: `${entries}, tiles and bundles`, ours: (whole - contents) / size, peer: raw.entries / size, peer_name: 'bare entries', ...shared } // prettier-ignore
      yield { case: `${entries}, all`, ours: whole / size, peer: (raw.entries + raw.contents) / size, peer_name: 'bare entries and contents', ...shared } // prettier-ignore
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }
}

const factors = ['amount_ratio', 'category_risk', 'velocity', 'merchant_trust', 'time_anomaly', 'geo_consistency']

/** A decision as it is kept, of 2 to 5 factors: 900 to 1,550 bytes. */
function contentOf(n: number): string {
  return canonicalJson({
    schema: 1,
    trace_id: `dec_${n.toString(16).padStart(32, '0')}`,
    received_at: rfc3339(startMs + n * 40),
    occurred_at: rfc3339(startMs + n * 40 - 350),
    decision: n % 9 === 0 ? 'DECLINED' : 'APPROVED',
    risk_score: (n % 10_000) / 100,
    risk_level: 'LOW',
    reason: { id: 'largest_factor', params: { factor: 'velocity', points: 12.25 } },
    policy_version: 3,
    factors: factors.slice(0, 2 + (n % 4)).map((id, at) => ({
      id,
      status: 'measured',
      weight: 15,
      raw: (n + at) % 97,
      contribution: ((n + at) % 1500) / 100,
      reason: { id: `${id}_above_usual`, params: { times: at + 2, usual: '120.00 EUR' } },
      evidence: [`${n % 31} payments in 24 h`],
    })),
    counterfactual: [{ change: 'amount <= 120.00', decision: 'APPROVED' }],
    counterfactual_none: null,
    compliance: { status: 'not_assessed', sca_required: null, exemption: null },
    agent: { status: 'not_checked' },
  })
}

/** One content in a hundred is erased. */
function* makeEntries(from: number, to: number): Generator<ExportedEntry> {
  for (let n = from; n < to; n++) {
    const content = contentOf(n)
    const salt = createHash('sha256').update(`salt ${n}`).digest()
    const id = `dec_${n.toString(16).padStart(32, '0')}`
    const entry = makeEntry({ id, timeMs: startMs + n * 40, type: 'decision.recorded', salt, content })
    yield n % 100 === 99 ? { entry, salt: null, content: null } : { entry, salt, content }
  }
}

/** Makes the entries twice, so that none is kept: for the root that is signed, and for the files. */
async function makeExport(dir: string, size: number): Promise<{ entries: number; contents: number }> {
  const raw = { entries: 0, contents: 0 }
  let edge: Edge = []
  let root: Buffer = Buffer.alloc(0)
  for (let from = 0; from < size; from += tileWidth) {
    const leaves: Buffer[] = []
    for (const { entry, content } of makeEntries(from, Math.min(size, from + tileWidth))) {
      leaves.push(hashLeaf(entry))
      raw.entries += entry.length
      raw.contents += Buffer.byteLength(content ?? '')
    }
    ;({ edge, root } = appendLeaves(from, edge, leaves))
  }
  const signers = createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() })
  const checkpoint = signCheckpoint({ origin, size, root }, signers, startMs)
  await writeExport(dir, { checkpoint, vkey: formatVkeys(signers), size, entries: makeEntries(0, size) })
  return raw
}

/** Every tile and bundle; contents.jsonl comes last. */
function filesOf(size: number): string[] {
  const files: string[] = []
  for (let level = 0; widthAt(level, 0, size) > 0; level++)
    for (let index = 0, width = 0; (width = widthAt(level, index, size)) > 0; index++) {
      files.push(tilePath({ level, index, width }))
      if (level === 0) files.push(tilePath({ level: 'entries', index, width }))
    }
  return [...files, 'contents.jsonl']
}

/** Small files fill a piece together, so that the peer hashes large pieces only. */
function hashFiles(dir: string, size: number): number {
  const digest = createHash('sha256')
  const piece = Buffer.allocUnsafe(1 << 19)
  let bytes = 0
  let filled = 0
  for (const file of filesOf(size)) {
    const fd = openSync(join(dir, file), 'r')
    for (let got = 1; got > 0; filled += got) {
      if (filled === piece.length) {
        digest.update(piece)
        filled = 0
      }
      got = readSync(fd, piece, filled, piece.length - filled, null)
      bytes += got
    }
    closeSync(fd)
  }
  digest.update(piece.subarray(0, filled)).digest()
  return bytes
}

/** The messages of an export: leaves, as many nodes as a tree of that size has, salts with contents. */
function readMessages(dir: string, size: number): Buffer[] {
  const messages: Buffer[] = []
  for (let index = 0; index * tileWidth < size; index++) {
    const width = widthAt('entries', index, size)
    const bundle = readFileSync(join(dir, tilePath({ level: 'entries', index, width })))
    for (const entry of splitBundle(bundle, width)) messages.push(Buffer.concat([Buffer.of(0), entry]))
  }
  for (let node = 1; node < size; node++) messages.push(Buffer.alloc(65, 1))
  for (const line of readFileSync(join(dir, 'contents.jsonl'), 'utf8').split('\n')) {
    const { salt = null, content = null } = line === '' ? {} : JSON.parse(line)
    if (salt !== null) messages.push(Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(content)]))
  }
  return messages
}

/** Of all threads. */
const readBytes = (): number => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
const peakBytes = (): number =>
  1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])

async function sample(side: string, dir: string, size: number): Promise<Sample> {
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, side, dir, String(size)])
  return JSON.parse(stdout)
}

if (import.meta.main) {
  const [side, dir = '', size = ''] = process.argv.slice(2)
  const messages = side === 'messages' ? readMessages(dir, Number(size)) : []
  const before = readBytes()
  const started = performance.now()
  let bytes = 0
  if (side === 'peer') bytes = hashFiles(dir, Number(size))
  else if (side === 'messages') for (const message of messages) bytes += hash('sha256', message, 'binary').length
  else {
    const { ok, entries, contents, erased, first_bad } = await verifyExport(dir)
    if (!ok || entries !== Number(size) || contents + erased !== entries) throw new Error(`not ok: ${first_bad?.why}`)
  }
  const ms = performance.now() - started
  if (side === 'ours') bytes = readBytes() - before
  process.stdout.write(JSON.stringify({ ms, bytes, peakBytes: peakBytes() } satisfies Sample))
}
