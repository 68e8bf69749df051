/**
 * Does a long past make decisions slower? Ours: decisions of a tenant with 5 million stored ones and 200,000 subjects or
 * more. Peer: of one in an installation that has nothing. Users, cards and payees that pay have counters there, and none here.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillHistory, type Filled, makePast } from './fill-history.ts'
import { openInstallation, withInstallation } from './installation.ts'
import { latencyInTurns } from './latency-in-turns.ts'
import type { Bench } from './run.ts'

/** Each pays once with a card of its own, so there are twice as many subjects, and payees, and whatever else is counted. */
const users = 100_000
const copies = 50

export const history: Bench = async function* ({ full }) {
  if (!full) return
  const home = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  try {
    // Filled between two runs of the server, so that it remembers nothing of what is not so any more.
    const tenant = await makePast(home, users)
    const old = await openInstallation(home)
    try {
      const filled = await fillHistory(old, tenant, copies)
      yield* withInstallation(async function* (young) {
        const [newcomer] = await young.addTenants(1)
        if (!newcomer) throw new Error('there is no tenant')
        const past = { url: await old.serve(), tenant, settle: old.settle }
        const present = { url: await young.serve(), tenant: newcomer, settle: young.settle }
        yield* latencyInTurns({
          name: nameOf(filled),
          payers: { any: users },
          ours: past,
          peer: present,
          peer_name: 'an empty installation (promised at most 1.3 times)',
        })
      })
    } finally {
      await old.close()
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

const nameOf = ({ decisions, subjects }: Filled): string =>
  `${(decisions / 1e6).toFixed(1)} M decisions, ${Math.round(subjects / 1_000)} k subjects`
