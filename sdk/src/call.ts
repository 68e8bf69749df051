/** One request to one route: builds it, sends it as often as is safe, and reads the answer or throws. */
import { rename, toSnake } from './names.ts'
import { VouchProblem, VouchUnreachable } from './problem.ts'
import { pauseBefore, wait } from './retry.ts'
import { documents, plain, type Problem, type Routes } from './wire.ts'

export type ClientOptions = {
  /** Where Vouch answers, e.g. `https://vouch.example.com`. A path before `/v1` is kept. */
  baseUrl: string
  /** `vch_live_…` or `vch_test_…`. Leave it out only behind a proxy of yours that adds it. */
  key?: string
  /** How long one attempt may take, with its answer; 20 s unless told. The server answers within 15 s. */
  timeoutMs?: number
  /** How often a request is sent again when that is safe; 3 unless told. 0: never. */
  retries?: number
  /** Instead of the platform's `fetch`. */
  fetch?: typeof fetch
}

export type CallOptions = {
  /** Stops the call: it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Instead of the client's. */
  timeoutMs?: number | undefined
}

export type RouteName = keyof Routes
export type Answer<R extends RouteName> = Routes[R]['answer']
/** What a route takes, in camel case: `path`, `query`, `header`, `body`. */
export type Input<R extends RouteName> = Omit<Routes[R], 'answer'> &
  CallOptions & {
    /** Whether sending it twice does nothing twice; a GET unless told. */
    isRepeatable?: boolean
  }
export type Call = <R extends RouteName>(route: R, input: Input<R>) => Promise<Answer<R>>

type Words = Readonly<Record<string, string | number | boolean | undefined>>
type Written = [url: string, init: RequestInit]
type LooseInput = CallOptions & {
  path?: Words
  query?: Words
  header?: Readonly<Record<string, string>>
  body?: unknown
  isRepeatable?: boolean
}

export function createCall(options: ClientOptions): Call {
  const { baseUrl, key, retries = 3 } = options
  const { origin, pathname } = new URL(baseUrl)
  const base = `${origin}${pathname.replace(/\/+$/, '')}`
  // Looked up at each call, so that a page or a test that replaces the platform's fetch is heard.
  const send: typeof fetch = (...request) => (options.fetch ?? globalThis.fetch)(...request)

  /** Throws TypeError for what no request can be made of. */
  function write(route: RouteName, method: string, { path, query, header, body }: LooseInput): Written {
    const headers = new Headers({ accept: 'application/json, application/problem+json, */*', ...header })
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`)
    // A redirect would carry the key to wherever it points.
    const request: Written = [
      `${base}${fillPath(route, path)}${writeQuery(query)}`,
      { method, headers, redirect: 'manual' },
    ]
    if (body === undefined) return request
    headers.set('content-type', 'application/json')
    request[1].body = JSON.stringify(rename(body, 'snake', placesOf(route).body))
    return request
  }

  async function attempt(route: RouteName, [url, init]: Written, { signal, timeoutMs }: CallOptions): Promise<unknown> {
    const limitMs = timeoutMs ?? options.timeoutMs ?? 20_000
    const timeout = AbortSignal.timeout(limitMs)
    try {
      const response = await send(url, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
      return await readAnswer(response, route)
    } catch (error) {
      if (error instanceof VouchProblem) throw error
      signal?.throwIfAborted()
      throw new VouchUnreachable(describeLoss(error, timeout.aborted, limitMs), { cause: error })
    }
  }

  return async function call<R extends RouteName>(route: R, input: Input<R>): Promise<Answer<R>> {
    const loose: LooseInput = input
    const method = route.slice(0, route.indexOf(' '))
    const { signal, isRepeatable = method === 'GET' } = loose
    const request = write(route, method, loose)
    for (let n = 1; ; n++) {
      signal?.throwIfAborted()
      try {
        // The one place where the server's word is taken for the type that openapi.json promises.
        return (await attempt(route, request, loose)) as Answer<R>
      } catch (error) {
        const pauseMs = n <= retries ? pauseBefore(error, n, isRepeatable) : undefined
        if (pauseMs === undefined) throw error
        await wait(pauseMs, signal)
      }
    }
  }
}

function describeLoss(error: unknown, isLate: boolean, timeoutMs: number): string {
  if (isLate) return `No answer within ${timeoutMs} ms.`
  return error instanceof SyntaxError ? 'The answer is not JSON.' : 'The connection failed.'
}

/** Each parameter stays one part of the path: none can lead to another route. */
function fillPath(route: string, given: Words = {}): string {
  return route.slice(route.indexOf(' ') + 1).replace(/\{([^}]+)\}/g, (_, name: string) => {
    const text = String(Object.entries(given).find(([one]) => toSnake(one) === name)?.[1] ?? '')
    const parts = name === '*' ? text.split('/') : [text]
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new TypeError(`${name} cannot be ${JSON.stringify(text)}: it is a part of the address.`)
    }
    return parts.map(encodeURIComponent).join('/')
  })
}

function writeQuery(query: Words = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const words = new URLSearchParams(given.map(([name, value]): [string, string] => [toSnake(name), String(value)]))
  return given.length === 0 ? '' : `?${words.toString()}`
}

function placesOf(route: RouteName): { body: readonly string[]; answer: readonly string[] } {
  const all: Readonly<Record<string, { body?: readonly string[]; answer?: readonly string[] }>> = documents
  return { body: [], answer: [], ...all[route] }
}

/** Throws `SyntaxError` for what is not JSON where JSON was promised: a page of a proxy is no decision. */
async function readAnswer(response: Response, route: RouteName): Promise<unknown> {
  if (!response.ok) throw await readProblem(response)
  if (response.status === 204) return undefined
  if (!plain.includes(route)) return rename(JSON.parse(await response.text()), 'camel', placesOf(route).answer)
  const isText = response.headers.get('content-type')?.startsWith('text/') === true
  return isText ? response.text() : new Uint8Array(await response.arrayBuffer())
}

async function readProblem(response: Response): Promise<VouchProblem> {
  const text = await response.text()
  return new VouchProblem(response.status, parseProblem(text), readRetryAfter(response.headers))
}

/** In seconds; Vouch writes seconds, and a proxy may write a date, which counts from the answer's own. */
function readRetryAfter(headers: Headers): number | undefined {
  const asked = headers.get('retry-after') ?? ''
  const seconds = /^\d+$/.test(asked)
    ? Number(asked)
    : (Date.parse(asked) - Date.parse(headers.get('date') ?? '')) / 1_000
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

/** Empty for what is no problem document: a proxy may answer anything. */
function parseProblem(text: string): Partial<Problem> {
  try {
    const problem = rename(JSON.parse(text), 'camel', [])
    return isProblem(problem) ? problem : {}
  } catch {
    return {}
  }
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false
  const { code, detail, errors }: { code?: unknown; detail?: unknown; errors?: unknown } = value
  return typeof code === 'string' && typeof detail === 'string' && Array.isArray(errors)
}
