import type { Clock } from '#kernel/clock'
import type { Control } from '#kernel/control'
import { createLimiter, defaultRates, strangerRate } from './limiter.ts'

export const controls = ({ clock }: { clock: Clock }): Control[] => [
  {
    claim: 'app.limits',
    tests: [
      'no stretch of time sees more requests than its share and one burst',
      'a flood is told to wait on every route that has a rate, for keys, tenants and strangers',
    ],
    check: {
      looks: 'at each limit: as many as allowed pass at once, and the next is refused',
      async run() {
        const still: Clock = { now: () => clock.now(), elapsed: () => 0 }
        const rates = [...Object.values(defaultRates).flatMap((classes) => Object.values(classes)), strangerRate]
        for (const rate of rates) {
          const limiter = createLimiter({ clock: still })
          let passed = 0
          while (passed <= rate.burst && limiter.take('check', rate).ok) passed++
          if (passed !== rate.burst) return { ok: false, saw: `${passed} passed where ${rate.burst} may` }
        }
        return { ok: true, saw: `${rates.length} limits, each refusing the first request beyond it` }
      },
    },
  },
]
