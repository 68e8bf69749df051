/** Asks one Vouch, with one key. Answers are JSON; everything else becomes a `Refusal`, which says what and how to mend it. */

export type Refusal = { ok: false; code: string; text: string }
export type Answer = { ok: true; body: unknown } | Refusal
export type Client = {
  get(path: string, signal: AbortSignal): Promise<Answer>
  post(path: string, body: unknown, signal: AbortSignal): Promise<Answer>
}

const timeoutMs = 30_000
const maxAnswerBytes = 4_000_000

export function createClient({ url, key }: { url: URL; key: string }): Client {
  async function ask(path: string, init: { method: string; body?: string }, signal: AbortSignal): Promise<Answer> {
    try {
      const response = await fetch(new URL(path, url), {
        ...init,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        // A server that sends its callers elsewhere is not the one that was named.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      const body = parse(await readText(response))
      if (response.ok && body !== undefined) return { ok: true, body }
      return explain(response.status, body, response.headers.get('retry-after'))
    } catch (error) {
      const why = error instanceof Error ? (codeOf(error.cause) ?? error.name) : 'unknown'
      const text = `${url.origin} did not answer (${why}). Is Vouch serving there? With an idempotency key it is safe to ask again.`
      return { ok: false, code: 'no_answer', text }
    }
  }
  return {
    get: (path, signal) => ask(path, { method: 'GET' }, signal),
    post: (path, body, signal) => ask(path, { method: 'POST', body: JSON.stringify(body) }, signal),
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > maxAnswerBytes) throw new Error('the answer is far too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A problem (RFC 9457) in words. */
function explain(status: number, problem: unknown, retryAfter: string | null): Refusal {
  const code = textOf(problem, 'code') ?? `http_${status}`
  const errors = isRecord(problem) && Array.isArray(problem['errors']) ? problem['errors'] : []
  const lines = [
    `${code}: ${textOf(problem, 'detail') ?? 'The answer is not one of Vouch.'}`,
    ...errors.map((one) => `${textOf(one, 'pointer') ?? ''} ${textOf(one, 'message') ?? ''}`),
    ...(retryAfter === null ? [] : [`Ask again after ${retryAfter} s.`]),
  ]
  return { ok: false, code, text: lines.join('\n') }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOf = (value: unknown, name: string): string | undefined => {
  const found = isRecord(value) ? value[name] : undefined
  return typeof found === 'string' ? found : undefined
}
const codeOf = (error: unknown): string | undefined => textOf(error, 'code')
