/** One promise is broken before everybody's eyes, and mended: what the public page would say, at each moment. */
import type { Assurance } from '#assurance/assembly'
import { type ClaimStanding, markOf, type State } from '#assurance/controls'
import { openedTable, openWall } from './intruder.ts'

const claimId = 'acc.isolation'

export type Staged = {
  /** How many claims are in each state, before anything was broken. */
  states: Readonly<Partial<Record<State, number>>>
  broken: { claim: string; states: readonly State[] }
  text: string
}

/** `ownerUrl`: of the role that owns the tables, whose password an intruder might have. */
export async function breakAndMend(assurance: Assurance, ownerUrl: string): Promise<Staged> {
  async function look(): Promise<ClaimStanding> {
    await assurance.runDue([claimId])
    const claim = (await assurance.standing()).claims.find(({ id }) => id === claimId)
    if (!claim) throw new Error(`there is no claim ${claimId}`)
    return claim
  }
  const before = await look()
  const states: Partial<Record<State, number>> = {}
  for (const { state } of (await assurance.standing()).claims) states[state] = (states[state] ?? 0) + 1
  const broken = await whileOpen(ownerUrl, look)
  const after = await look()
  const line = ({ state, checks, why }: ClaimStanding): string =>
    `  ${markOf(state, 'en').padEnd(11)} ${(state === 'verified' ? checks[0]?.last?.saw : why)?.en ?? ''}`
  return {
    states,
    broken: { claim: claimId, states: [before, broken, after].map(({ state }) => state) },
    text: [
      `The promises: ${Object.entries(states).map(([state, count]) => `${count} ${state}`).join(', ')}. One of them, on stage:`,
      `  "${before.sentence.en}"`,
      line(before),
      `  An intruder with the owner's password: alter table ${openedTable} no force row level security`,
      line(broken),
      '  The operator puts the wall back.',
      line(after),
      '  Both changes are in the log of the installation, and stay on its trust page.',
    ].join('\n'), // prettier-ignore
  }
}

/** The wall is put back whatever happens meanwhile. */
async function whileOpen<T>(ownerUrl: string, work: () => Promise<T>): Promise<T> {
  const mend = await openWall(ownerUrl)
  try {
    return await work()
  } finally {
    await mend()
  }
}
