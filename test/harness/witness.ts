/**
 * A witness over HTTP, as C2SP tlog-witness says, in the order in which it says it. It is a second reading of the
 * specification beside src/platform/log, and shares with it what src/platform/tlog knows of notes, trees and keys.
 *
 *   await using witness = await startWitness({ logs: [vkey] })
 *   POST ${witness.url}/add-checkpoint
 *
 * It can be told to misbehave: `witness.behave('silent')`.
 */
import { once } from 'node:events'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AddCheckpoint,
  type Checkpoint,
  cosignCheckpoint,
  createSigner,
  emptyRoot,
  formatCheckpoint,
  type LogVerifier,
  newSeed,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVkey,
  type SignatureType,
  sizeContentType,
  TlogError,
  verifyConsistency,
} from '#platform/tlog'

export type CosignatureType = Extract<SignatureType, `${string}-cosignature`>

/**
 * - `silent` takes the request and never answers; what it took it does not remember.
 * - `slow` answers after `delayMs`, `failing` with 500, `dripping` with a byte now and then, `endless` without end.
 * - `other_key` cosigns with a key of its name that nobody knows; `other_checkpoint` cosigns one that nobody asked for;
 *   `garbage` answers 200 with what is no signature line, `empty` 200 with nothing.
 * - `forgetful` says that it has cosigned nothing yet, whatever it has.
 */
export type Behaviour =
  | 'honest'
  | 'silent'
  | 'slow'
  | 'failing'
  | 'dripping'
  | 'endless'
  | 'other_key'
  | 'other_checkpoint'
  | 'garbage'
  | 'empty'
  | 'forgetful'

export type WitnessOptions = {
  /** Verifier keys of the logs it knows; the name of a key is its log's origin. */
  readonly logs: readonly string[]
  readonly name?: string
  /** Ed25519 alone, unless said. */
  readonly types?: readonly CosignatureType[]
  readonly seed?: Uint8Array
  /** Written and synced before each answer; read at the start. In memory unless said. */
  readonly stateFile?: string
  /** ms since 1970. */
  readonly now?: () => number
  readonly delayMs?: number
}

export type Witness = AsyncDisposable & {
  /** The submission prefix. */
  readonly url: string
  readonly name: string
  readonly vkeys: readonly string[]
  /** What it has cosigned last of a log. */
  latest(origin: string): Checkpoint | undefined
  behave(behaviour: Behaviour): void
  /** From now on it knows this log, too. */
  trust(vkey: string): void
  /** Status of each answer to add-checkpoint so far, in order; 0 for none. */
  readonly answers: readonly number[]
  close(): Promise<void>
}

type Answer = { status: number; body?: string; type?: string }

const maxBodyBytes = 1 << 18

export async function startWitness(options: WitnessOptions): Promise<Witness> {
  const { name = 'witness.example/w1', types = ['ed25519-cosignature'], now = Date.now, delayMs = 500 } = options
  const seed = options.seed ?? newSeed()
  const signers = types.map((type) => createSigner(name, type, seed))
  const strangers = types.map((type) => createSigner(name, type, newSeed()))
  const logs = new Map<string, LogVerifier[]>()
  const trust = (vkey: string): void => {
    const key = parseVkey(vkey)
    logs.set(key.name, [...(logs.get(key.name) ?? []), key])
  }
  options.logs.forEach(trust)
  const state = openState(options.stateFile)
  const answers: number[] = []
  let behaviour: Behaviour = 'honest'

  /** Without a wait from reading the state to writing it: two requests never see the same one. */
  function addCheckpoint(body: Buffer): Answer {
    const request = readRequest(body)
    if (!request) return { status: 400 }
    const { text, signatures } = parseNote(request.checkpoint)
    const checkpoint = parseCheckpoint(text)
    const keys = logs.get(checkpoint.origin)
    if (!keys) return { status: 404 }
    const isSigned = signatures.some(({ name, id, signature }) =>
      keys.some((key) => key.name === name && key.id === id && key.verify(text, signature)),
    )
    if (!isSigned) return { status: 403 }
    if (request.oldSize > checkpoint.size) return { status: 400 }
    const known = state.get(checkpoint.origin)
    const latest = behaviour === 'forgetful' ? undefined : known
    const size = latest?.size ?? 0
    if (request.oldSize !== size) return { status: 409, type: sizeContentType, body: `${size}\n` }
    const refusal = compare(latest, checkpoint, request.proof)
    if (refusal !== undefined) return { status: refusal }
    state.set(checkpoint)
    if (behaviour === 'other_key') return { status: 200, body: cosignCheckpoint(text, strangers, now()) }
    if (behaviour === 'other_checkpoint') {
      const other = formatCheckpoint({ ...checkpoint, size: checkpoint.size + 1 })
      return { status: 200, body: cosignCheckpoint(other, signers, now()) }
    }
    return { status: 200, body: cosignCheckpoint(text, signers, now()) }
  }

  const server = createServer((request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    const send = ({ status, body = '', type = 'text/plain; charset=utf-8' }: Answer): void => {
      answers.push(status)
      response.writeHead(status, { 'content-type': type }).end(body)
    }
    const act = (body: Buffer): void => {
      if (request.url !== '/add-checkpoint') return void response.writeHead(404).end()
      if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end()
      if (behaviour === 'silent') return void answers.push(0)
      if (behaviour === 'failing') return send({ status: 500, body: 'no\n' })
      if (behaviour === 'empty') return send({ status: 200 })
      if (behaviour === 'garbage') return send({ status: 200, body: '\u2014 not a signature line\n\n\u0000' })
      if (behaviour === 'dripping' || behaviour === 'endless') {
        answers.push(200)
        response.writeHead(200, { 'content-type': 'text/plain' })
        const part = behaviour === 'endless' ? '\u2014'.repeat(10_000) : '\u2014'
        const drip = setInterval(() => response.write(part), behaviour === 'endless' ? 1 : 50)
        return void response.on('close', () => clearInterval(drip))
      }
      if (behaviour === 'slow') return void setTimeout(() => send(addCheckpoint(body)), delayMs)
      send(addCheckpoint(body))
    }
    readBody(request).then(act, () => request.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    name,
    vkeys: signers.map(({ vkey }) => vkey),
    latest: (origin) => state.get(origin),
    behave: (next) => void (behaviour = next),
    trust,
    answers,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function readRequest(body: Buffer): AddCheckpoint | undefined {
  try {
    return parseAddCheckpoint(body)
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}

/** The status of a refusal. `latest` is what was cosigned at the old size, which is 0 if it is missing. */
function compare(
  latest: Checkpoint | undefined,
  checkpoint: Checkpoint,
  proof: readonly Uint8Array[],
): number | undefined {
  const { size, root } = checkpoint
  const old = latest ?? { size: 0, root: emptyRoot() }
  if (old.size === 0 && proof.length > 0) return 422
  if (old.size === size) {
    if (proof.length > 0) return 422
    return old.root.equals(root) ? undefined : 409
  }
  if (old.size === 0) return undefined
  const claim = { first: old.size, second: size, firstRoot: old.root, secondRoot: root, proof }
  return verifyConsistency(claim) ? undefined : 422
}

/** The texts of the checkpoints, one after the other, replaced as a whole. */
function openState(file: string | undefined) {
  const latest = new Map<string, Checkpoint>()
  const stored = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
  for (const text of stored.split('\n\n').filter(Boolean)) {
    const checkpoint = parseCheckpoint(`${text}\n`)
    latest.set(checkpoint.origin, checkpoint)
  }
  return {
    get: (origin: string) => latest.get(origin),
    set(checkpoint: Checkpoint): void {
      const next = new Map(latest).set(checkpoint.origin, checkpoint)
      if (file !== undefined) replaceFile(file, [...next.values()].map((one) => `${formatCheckpoint(one)}\n`).join(''))
      latest.set(checkpoint.origin, checkpoint)
    },
  }
}

function replaceFile(file: string, text: string): void {
  const handle = openSync(`${file}.new`, 'w')
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.new`, file)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new Error('the request is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
