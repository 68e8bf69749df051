/**
 * How much memory does a serving process need? For each subject whose counters it remembers: the slope of the heap, after
 * collecting garbage, between two numbers of subjects below the bound. And in all: its memory after several times as many
 * subjects as it may remember, beside that after a third fewer. The server is a process of its own.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench } from './run.ts'
import { sendLoad } from './send-load.ts'
import type { Told, Weight } from './serve-and-weigh.ts'

/** Each user pays once, with a card of its own, and makes two subjects or more. */
const few = 5_000
const more = 30_000
/** The journal remembers 200,000 subjects unless told otherwise. */
const twiceTheBound = 200_000
const thriceTheBound = 300_000

export const memory: Bench = async function* ({ full }) {
  if (!full) return
  const home = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  const server = await startServer(home)
  try {
    const { url, key } = server
    let users = 0
    const weighAfter = async (count: number): Promise<Weight> => {
      const payers = { each: true, from: users } as const
      await sendLoad({ url, keys: [key], connections: 64, seed: users, payers, until: { count: count - users } })
      users = count
      return server.weigh()
    }
    const [first, second] = [await weighAfter(few), await weighAfter(more)]
    const subjects = second.subjects - first.subjects
    if (subjects < 2 * (more - few)) throw new Error(`of ${more - few} users and their cards, ${subjects} were counted`)
    const shared = { samples: 1, spread: 0 }
    yield {
      case: 'a million subjects', unit: 'MB of heap', ours: (second.heapBytes - first.heapBytes) / subjects, peer: first.heapBytes / 1e6,
      peer_name: `the process with ${first.subjects} subjects`, ...shared,
    } // prettier-ignore
    const [twice, thrice] = [await weighAfter(twiceTheBound), await weighAfter(thriceTheBound)]
    const name = `${Math.round(thrice.subjects / 1_000)} k subjects seen`
    const peer_name = `${Math.round(twice.subjects / 1_000)} k subjects seen`
    yield { case: name, unit: 'MB resident', ours: thrice.residentBytes / 1e6, peer: twice.residentBytes / 1e6, peer_name, ...shared } // prettier-ignore
    yield { case: name, unit: 'MB of heap', ours: thrice.heapBytes / 1e6, peer: twice.heapBytes / 1e6, peer_name, ...shared } // prettier-ignore
  } finally {
    await server.stop()
    await rm(home, { recursive: true, force: true })
  }
}

async function startServer(home: string) {
  const script = new URL('serve-and-weigh.ts', import.meta.url).pathname
  const child = fork(script, [home], { execArgv: ['--expose-gc'] })
  const exited = once(child, 'exit')
  const next = async (): Promise<Told> => {
    const [told]: (Told | number | null)[] = await Promise.race([once(child, 'message'), exited])
    if (typeof told !== 'object' || told === null) throw new Error(`the server ended (${told})`)
    return told
  }
  const serving = await next()
  if (!('url' in serving)) throw new Error('the server did not say where it serves')
  return {
    ...serving,
    async weigh(): Promise<Weight> {
      child.send('weigh')
      const weight = await next()
      if (!('subjects' in weight)) throw new Error('the server did not say what it weighs')
      return weight
    },
    async stop(): Promise<void> {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
