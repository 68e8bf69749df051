/**
 * Asks the server that the demo has started, over loopback and nowhere else, for a decision on each event.
 * At most `concurrency` requests are under way, and no event is taken from its source before there is room to send it.
 * An event keeps its idempotency key however often it is sent, so it is decided once.
 */
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '#kernel/clock'
import { type Decision, isDecision } from './decision.ts'
import { DemoError, type DemoEvent, type DemoEvents } from './event.ts'

export type Answered = {
  /** The event's place in the stream, from 0. */
  n: number
  event: DemoEvent
  decision: Decision
  /** From sending to the end of the answer, of the attempt that was answered; waits before it do not count. */
  latencyMs: number
}

export type SendOptions = {
  url: string
  key: string
  events: DemoEvents
  /** Idempotency keys are this, a dash and the event's place. */
  keyPrefix: string
  clock: Clock
  concurrency?: number
  pause?: (ms: number) => Promise<unknown>
  onAnswer(answered: Answered): void
}

/** `problems`: events that got no decision. `repeats`: requests that had to be sent again. */
export type Sent = { problems: number; firstProblem: string | undefined; repeats: number }

export const defaultConcurrency = 16
const maxAttempts = 12
const maxProblems = 10
const maxPauseMs = 30_000
const timeoutMs = 30_000
const maxAnswerBytes = 1_000_000
const loopback = ['127.0.0.1', '[::1]', 'localhost']

type Reply = { status: number; retryAfterMs: number | undefined; text: string }

/** Resolves when every event has its answer. Throws `DemoError` after ten problems, and what `events` throws. */
export async function sendEvents(options: SendOptions): Promise<Sent> {
  const { url, key, events, keyPrefix, clock, concurrency = defaultConcurrency, pause = wait, onAnswer } = options
  const target = new URL('/v1/evaluate', url)
  if (target.protocol !== 'http:' || !loopback.includes(target.hostname)) {
    throw new DemoError(`The demo speaks only to a server on this machine, over http; ${target.origin} is elsewhere.`)
  }
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const sent: Sent = { problems: 0, firstProblem: undefined, repeats: 0 }
  const take = createTaker(events)
  let isStopped = false

  async function decide(n: number, event: DemoEvent): Promise<void> {
    const body = JSON.stringify(event.request)
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': `${keyPrefix}-${n}`,
    }
    for (let attempt = 1; ; attempt++) {
      const start = clock.elapsed()
      const reply = await post(target, agent, headers, body)
      const latencyMs = clock.elapsed() - start
      const answer = reply instanceof Error ? undefined : readDecision(reply)
      if (answer) return onAnswer({ n, event, decision: answer, latencyMs })
      const pauseMs = attempt < maxAttempts && !isStopped ? pauseBefore(reply, attempt) : undefined
      if (pauseMs === undefined) return noteProblem(describe(reply))
      sent.repeats++
      await pause(pauseMs)
    }
  }

  function noteProblem(problem: string): void {
    sent.problems++
    sent.firstProblem ??= problem
    if (sent.problems < maxProblems || isStopped) return
    throw new DemoError(
      `${maxProblems} payments got no decision, so the demo stopped. The first problem: ${sent.firstProblem}`,
    )
  }

  async function work(): Promise<void> {
    try {
      for (;;) {
        const taken = isStopped ? undefined : await take.next()
        if (taken === undefined) return
        await decide(taken.n, taken.event)
      }
    } catch (error) {
      isStopped = true
      throw error
    }
  }

  try {
    const ends = await Promise.allSettled(Array.from({ length: concurrency }, work))
    const failure = ends.find((end) => end.status === 'rejected')
    if (failure) throw failure.reason
    return sent
  } finally {
    agent.destroy()
    await take.close()
  }
}

/** Hands out events one at a time, in order, however many ask at once. */
function createTaker(events: DemoEvents) {
  const iterator = Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]()
  let n = 0
  let last: Promise<unknown> = Promise.resolve()
  async function take(): Promise<{ n: number; event: DemoEvent } | undefined> {
    const result = await iterator.next()
    return result.done === true ? undefined : { n: n++, event: result.value }
  }
  return {
    next(): Promise<{ n: number; event: DemoEvent } | undefined> {
      const taken = last.then(take)
      last = taken
      return taken
    },
    /** Lets the source close its file. */
    close: async (): Promise<void> => void (await iterator.return?.()),
  }
}

/** How long to wait before sending again; undefined when that would not help. */
function pauseBefore(reply: Reply | Error, attempt: number): number | undefined {
  // The connection broke. Whether the server had decided is unknown, and the idempotency key makes it not matter.
  if (reply instanceof Error) return Math.min(100 * attempt, maxPauseMs)
  const { status, retryAfterMs } = reply
  // 409 with Retry-After: an earlier attempt of ours is still being answered.
  const isBusy = status === 503 || status === 429 || (status === 409 && retryAfterMs !== undefined)
  return isBusy ? Math.min(retryAfterMs ?? 1_000, maxPauseMs) : undefined
}

function post(
  target: URL,
  agent: Agent,
  headers: Record<string, string | number>,
  body: string,
): Promise<Reply | Error> {
  return new Promise((resolve) => {
    const call = request(target, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, retryAfterMs: readRetryAfter(response), text }), resolve) // prettier-ignore
    })
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)))
    call.on('error', resolve)
    call.end(body)
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > maxAnswerBytes) throw new Error('the answer is far too long')
  }
  return text
}

/** Whole seconds, as Vouch writes it. */
function readRetryAfter(response: IncomingMessage): number | undefined {
  const value = response.headers['retry-after']
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readDecision({ status, text }: Reply): Decision | undefined {
  const body = status >= 200 && status < 300 ? parse(text) : undefined
  return isDecision(body) ? body : undefined
}

/** A problem (RFC 9457) in one line. */
function describe(reply: Reply | Error): string {
  if (reply instanceof Error) return `${reply.message}.`
  const problem = parse(reply.text)
  if (reply.status < 300) return `${reply.status}, but the answer is not a decision.`
  if (typeof problem !== 'object' || problem === null) return `${reply.status}, without an explanation.`
  const [code, detail, errors] = ['code', 'detail', 'errors'].map((name): unknown => Reflect.get(problem, name))
  const [first]: unknown[] = Array.isArray(errors) ? errors : []
  const place =
    typeof first === 'object' && first !== null
      ? ` (${Reflect.get(first, 'pointer')} ${Reflect.get(first, 'message')})`
      : ''
  return `${reply.status} ${typeof code === 'string' ? code : ''}: ${typeof detail === 'string' ? detail : 'no detail'}${place}`
}
