/**
 * Bytes of the trust pages, made once and handed out as often as they are asked for. They are made again when what
 * they show has changed, or when a minute is over, because they show ages.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '#kernel/clock'
import type { Change, Standing } from '#assurance/controls'
import { createSnapshot } from '../snapshot.ts'
import { minuteMs } from '../time.ts'

export type Known = { standing: Standing; changes: readonly Change[] }
export type Printed = { body: Buffer; etag: string }

export type Press = {
  known(): Promise<Known>
  /** `name` says which page in which language; `make` is asked only when its bytes are out of date. */
  print(name: string, make: (known: Known, minuteMs: number) => string | Promise<string>): Promise<Printed>
}

const tag = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('base64url').slice(0, 22)

export function createPress(needs: { load(): Promise<Known>; clock: Clock; everyMs: number }): Press {
  const { clock, everyMs } = needs
  const snapshot = createSnapshot({
    clock,
    everyMs,
    async load() {
      const known = await needs.load()
      const { asOf, ...rest } = known.standing
      // Read again and the same: nothing is made anew before the minute is over.
      return { known, digest: tag(JSON.stringify([rest, known.changes])), asOf }
    },
  })
  const printed = new Map<string, { key: string; page: Promise<Printed> }>()

  return {
    known: async () => (await snapshot.read()).known,
    async print(name, make) {
      const { known, digest } = await snapshot.read()
      const nowMs = Math.floor(clock.now() / minuteMs) * minuteMs
      const key = `${digest} ${nowMs}`
      const last = printed.get(name)
      if (last?.key === key) return last.page
      const page = Promise.resolve(make(known, nowMs)).then((text) => {
        const body = Buffer.from(text)
        return { body, etag: `"${tag(body)}"` }
      })
      printed.set(name, { key, page })
      page.catch(() => printed.delete(name))
      return page
    },
  }
}
