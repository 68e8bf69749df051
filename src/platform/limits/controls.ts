import type { Clock } from '#kernel/clock'
import { type Control, fail, pass, watch } from '#kernel/control'
import { createLimiter, defaultRates, type Limiter, strangerRate } from './limiter.ts'

type World = { createLimiter(needs: { clock: Clock }): Limiter }

export const controls = ({ clock }: { clock: Clock }): Control[] => [
  {
    claim: 'app.limits',
    tests: [
      'no stretch of time sees more requests than its share and one burst',
      'a flood is told to wait on every route that has a rate, for keys, tenants and strangers',
    ],
    check: watch<World>({
      id: 'app.limits.burst',
      version: 1,
      what: {
        en: 'Takes from each limit until it refuses: as many as allowed pass at once, and the next is refused.',
        sv: 'Tar från varje gräns tills den säger nej: så många som tillåts släpps igenom på en gång, och nästa nekas.',
      },
      sources: [import.meta.url, new URL('limiter.ts', import.meta.url).href],
      every: 'quarterHour',
      real: () => ({ createLimiter }),
      look({ createLimiter }) {
        const still: Clock = { now: () => clock.now(), elapsed: () => 0 }
        const rates = [...Object.values(defaultRates).flatMap((classes) => Object.values(classes)), strangerRate]
        for (const rate of rates) {
          const limiter = createLimiter({ clock: still })
          let passed = 0
          while (passed <= rate.burst && limiter.take('check', rate).ok) passed++
          if (passed !== rate.burst)
            return fail({
              en: `More than ${rate.burst} passed at once where ${rate.burst} may, or fewer.`,
              sv: `Fler än ${rate.burst} släpptes igenom på en gång där ${rate.burst} får passera, eller färre.`,
            })
        }
        return pass({
          en: `${rates.length} limits, each refusing the first request beyond it.`,
          sv: `${rates.length} gränser, som alla nekar det första anropet över gränsen.`,
        })
      },
      plant: {
        what: {
          en: 'a limiter in memory that lets one request more through',
          sv: 'en begränsare i minnet som släpper igenom ett anrop för mycket',
        },
        over: (look) =>
          look({
            createLimiter(needs) {
              const limiter = createLimiter(needs)
              return { take: (name, rate) => limiter.take(name, { ...rate, burst: rate.burst + 1 }) }
            },
          }),
      },
    }),
  },
]
