/** Every counter that a policy can read has the value that a list of the earlier payments gives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultPolicy, pairs, type Partner, type PolicyDocument, type Profile, type Reading, readings, signals, subjectNames } from '#engine/decide' // prettier-ignore
import { createFakeClock, createWorld } from '#harness'
import { openBeside } from '#harness/open-beside'
import { publish, showing, shownIn } from '#harness/policy'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const longestMs = 30 * day

/** A payment that was decided, as the model keeps it. */
type Event = {
  atMs: number
  isApproved: boolean
  minor: number
  currency: string
  names: Readonly<Partial<Record<Partner, string>>>
  place: { lat: number; lon: number } | undefined
  /** Pairs that the policy of its time read. */
  pairs: ReadonlySet<string>
}

/** Each round has subjects of its own. */
const nameFor = (round: number, of: string, value: string): string =>
  of === 'ip' ? `10.${round >> 8}.${round & 255}.${value}` : `${round} ${value}`

/** Who `of` is in an event: a name, or the two names of a pair. */
function nameIn({ names }: Pick<Event, 'names'>, of: string): string | undefined {
  const pair = pairs.find(({ name }) => name === of)
  if (!pair) return names[subjectNames.find((name) => name === of) ?? assert.fail(of)]
  const [one, other] = [names[pair.one], names[pair.other]]
  return one === undefined || other === undefined ? undefined : `${one} ${other}`
}

/** Earlier payments of the same subject, without those that were older than any window when they came. */
function earlierOf(of: string, before: readonly Event[], now: Event): Event[] {
  const isPair = pairs.some(({ name }) => name === of)
  let newestMs = 0
  return before.filter((event) => {
    if (nameIn(event, of) !== nameIn(now, of) || (isPair && !event.pairs.has(of))) return false
    const isTooOld = event.atMs <= newestMs - longestMs
    newestMs = Math.max(newestMs, event.atMs)
    return !isTooOld
  })
}

/** Windows are whole from five minutes before the newest payment on; `unknown` stands for what is not promised. */
const unknown = Symbol('unknown')

function expected({ of, is }: Reading, before: readonly Event[], now: Event): number | null | typeof unknown {
  if (nameIn(now, of) === undefined) return null
  const earlier = earlierOf(of, before, now)
  if ('profile' in is) return expectedOf[is.profile](earlier, now)
  if ('different' in is) {
    const late = earlier.filter(({ atMs }) => atMs > now.atMs - is.lengthMs)
    return Math.min(32, new Set(late.flatMap(({ names }) => names[is.different] ?? [])).size)
  }
  if (earlier.some(({ atMs }) => now.atMs < atMs - 5 * minute)) return unknown
  const { lengthMs } = is
  const size = lengthMs <= minute ? 5 * second : lengthMs <= hour ? minute : lengthMs <= day ? hour : day
  const counted = earlier.filter(({ atMs, isApproved, currency }) => {
    const from = Math.floor(atMs / size) * size
    const touches = from <= now.atMs && from + size - 1 > now.atMs - lengthMs
    return touches && (isApproved || is.count === 'attempts') && (is.what === 'payments' || currency === now.currency)
  })
  return is.what === 'payments' ? counted.length : counted.reduce((sum, { minor }) => sum + minor, 0)
}

const approvedIn = (earlier: readonly Event[], { currency }: Event): number[] =>
  earlier.filter((event) => event.isApproved && event.currency === currency).map(({ minor }) => minor)
const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length

const expectedOf: Readonly<Record<Profile, (earlier: readonly Event[], now: Event) => number | null>> = {
  hours: () => assert.fail('no signal'),
  age_days: (earlier, { atMs }) => earlier.length === 0 ? null : Math.max(0, atMs - Math.min(...earlier.map((event) => event.atMs))) / day,
  payments: (earlier, now) => approvedIn(earlier, now).length,
  mean_minor: (earlier, now) => approvedIn(earlier, now).length === 0 ? null : meanOf(approvedIn(earlier, now)),
  deviation_minor(earlier, now) {
    const values = approvedIn(earlier, now)
    return values.length === 0 ? null : Math.sqrt(meanOf(values.map((one) => (one - meanOf(values)) ** 2)))
  },
  maximum_minor: (earlier, now) => approvedIn(earlier, now).length === 0 ? null : Math.max(...approvedIn(earlier, now)),
  approved_countries: (earlier) => new Set(earlier.flatMap((event) => (event.isApproved && event.names.country !== undefined ? [event.names.country] : []))).size,
  country_payments: (earlier, { names }) => names.country === undefined ? null : earlier.filter((event) => event.isApproved && event.names.country === names.country).length,
  distance_km: (earlier, now) => journey(earlier, now)?.km ?? null,
  speed_kmh: (earlier, now) => journey(earlier, now)?.kmh ?? null,
} // prettier-ignore

/** Along the great circle, by way of the chord between two points in space. */
function journey(earlier: readonly Event[], now: Event): { km: number; kmh: number } | undefined {
  const placed = earlier.filter(({ isApproved, place }) => isApproved && place)
  const last = placed.reduce<Event | undefined>((latest, one) => (latest && latest.atMs > one.atMs ? latest : one), undefined)
  if (!last?.place || !now.place) return undefined
  const point = ({ lat, lon }: { lat: number; lon: number }) => {
    const [up, round] = [(lat / 180) * Math.PI, (lon / 180) * Math.PI]
    return [Math.cos(up) * Math.cos(round), Math.cos(up) * Math.sin(round), Math.sin(up)]
  }
  const [one, other] = [point(last.place), point(now.place)]
  const chord = Math.hypot(...one.map((at, n) => at - (other[n] ?? 0)))
  const km = Math.round(2 * 6_371 * Math.asin(Math.min(1, chord / 2)))
  return { km, kmh: Math.round(Math.max(0, km - 16) / Math.max(1 / 60, Math.abs(now.atMs - last.atMs) / hour)) }
} // prettier-ignore

const isNear = (found: number | null, wanted: number | null): boolean =>
  found === wanted || (found !== null && wanted !== null && Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted))) // prettier-ignore

const counters = [...readings].flatMap(([name, reading]) => (signals[name] ? [{ name, reading }] : []))
const perPolicy = 50
const chunks = Array.from({ length: Math.ceil(counters.length / perPolicy) }, (_, n) =>
  counters.slice(n * perPolicy, (n + 1) * perPolicy),
)
const policyOf = (nth: number): PolicyDocument => ({
  ...defaultPolicy,
  factors: showing(...(chunks[nth] ?? []).map(({ name }) => name)),
  rules: [{ id: 'third', when: 'amount_minor % 3 == 0', then: 'decline', reason: 'Every third.' }],
  thresholds: { step_up: null, decline: null },
})
const pairsOf = (nth: number): ReadonlySet<string> => new Set((chunks[nth] ?? []).map(({ reading }) => reading.of).filter((of) => pairs.some(({ name }) => name === of))) // prettier-ignore

const some = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 8 })
const anyPayment = fc.record({
  kind: fc.constant('pay' as const),
  minor: fc.constantFrom(0, 1, 2, 3, 100, 250, 9_000, 1e12),
  currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'JPY'),
  names: fc.record({ user: some('a', 'b'), merchant: fc.constantFrom('a', 'b', 'c'), card: some('a', 'b'), agent: some('a'), device: some('a', 'b'), ip: some('1', '2') }),
  geo: some({ country: 'SE', lat: 59.3, lon: 18 }, { country: 'SE', lat: 59.4, lon: 18.1 }, { country: 'FJ', lat: -17.7, lon: 178 }, { country: 'FJ', lat: -17.7, lon: -179.9 }),
  aheadMs: fc.constantFrom(0, 0, 1, 1, second, second, 4_999, minute, 10 * minute, hour, day, 8 * day, 31 * day),
  lateMs: fc.constantFrom(0, 0, 0, 0, 0, 0, second, 299_000, 2 * hour, 3 * day, 29 * day, 31 * day),
  process: fc.nat(1),
}) // prettier-ignore

test(
  'every counter that is declared says what a list of the earlier payments says: late ones, on two processes of which one is started again and again, and of pairs from their publication on',
  { timeout: 300_000 },
  async () => {
    const clock = createFakeClock()
    await using world = await createWorld({ clock, logLevel: 'silent' })
    const open = async () => {
      const beside = await openBeside(world, clock)
      return { beside, url: await beside.vouch.server.listen({ host: '127.0.0.1', port: 0 }) }
    }
    let second = await open()
    await using _ = { [Symbol.asyncDispose]: () => second.beside.vouch.close() }
    const ada = world.as('ada')
    const read = new Set<string>()
    let round = 0
    const anyPublication = fc.record({ kind: fc.constant('publish' as const), chunk: fc.nat(chunks.length - 1) })
    const anyRestart = fc.constant({ kind: 'restart' as const })
    const anyStep = fc.oneof({ weight: 24, arbitrary: anyPayment }, { weight: 2, arbitrary: anyPublication }, { weight: 1, arbitrary: anyRestart }) // prettier-ignore
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 30 }), async (steps) => {
        let chunk = round++ % chunks.length
        await publish(ada, policyOf(chunk))
        const before: Event[] = []
        // Imported, so that tables of this month are enough.
        let newestMs = clock.now() - 5 * 365 * day
        for (const step of steps) {
          if (step.kind === 'restart') {
            // It writes the counters as it ends, and the next one begins with nothing but those.
            await second.beside.vouch.close()
            second = await open()
            continue
          }
          if (step.kind === 'publish') {
            chunk = step.chunk
            await publish(ada, policyOf(chunk))
            continue
          }
          clock.advance(1_000)
          newestMs += step.aheadMs
          const { minor, currency, geo } = step
          const atMs = newestMs - step.lateMs
          const own = Object.fromEntries(Object.entries(step.names).flatMap(([name, value]) => value === undefined ? [] : [[name, nameFor(round, name, value)]])) // prettier-ignore
          const { user: user_id, merchant: merchant_id, card: card_fingerprint, agent, device: device_id, ip } = own
          const sent = { amount_minor: minor, currency, category: 'groceries', merchant_id, user_id, card_fingerprint, agent: agent === undefined ? undefined : { id: agent }, device_id, ip, geo, occurred_at: new Date(atMs).toISOString() } // prettier-ignore
          const reply = await world.as('ada', [world.url, second.url][step.process]).post('/v1/evaluate', sent)
          assert.equal(reply.status, 200, reply.text)
          const names = geo ? { ...own, country: geo.country } : own
          const isApproved = reply.body.decision === 'APPROVED'
          const now: Event = { atMs, isApproved, minor, currency, names, place: geo, pairs: pairsOf(chunk) }
          for (const { name, reading } of chunks[chunk] ?? []) {
            const wanted = expected(reading, before, now)
            if (wanted === unknown) continue
            const found = shownIn(reply.body, name)
            assert.ok(isNear(found, wanted), `${name} is ${found} and not ${String(wanted)}`)
            if (wanted !== null && wanted > 0) read.add(name)
          }
          before.push(now)
        }
      }),
      { numRuns: 2 * chunks.length, endOnFailure: true },
    )
    assert.ok(read.size > 0.6 * counters.length, `only ${read.size} of ${counters.length} were seen above nothing`)
  },
)
