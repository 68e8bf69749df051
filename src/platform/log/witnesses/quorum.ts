/** Which checkpoints enough witnesses have cosigned, and what a verifier needs to judge that for itself. */
import type { Tx } from '#platform/database'
import { formatPolicy, isWitnessed, type LogVerifier, parseVkeys, type WitnessPolicy } from '#platform/tlog'
import { readCheckpoint, readCheckpointsAfter, type StoredCheckpoint } from '../store.ts'
import { listWitnesses, readLines, readNewestSize, readQuorum, type Witness } from './store.ts'

/** Sizes that are looked at before no witnessed checkpoint is said to be found: witnesses that never agree are rare. */
const mostLooks = 64

/**
 * `count` of the witnesses, each by any of its keys. Names of keys have no plus, so those with one are free: a key of a
 * witness with two is called by its name and id, the quorum by its numbers.
 */
export function toPolicy(
  witnesses: readonly Pick<Witness, 'name' | 'url' | 'vkeys'>[],
  count: number,
  logs: readonly LogVerifier[],
): WitnessPolicy {
  const known = witnesses.map(({ name, url, vkeys }) => ({ name, url, keys: parseVkeys(vkeys) }))
  const quorum = `${count}+of+${known.length}`
  const isNone = count === 0
  return {
    logs: logs.map((key) => ({ key })),
    witnesses: known.flatMap(({ name, url, keys }) =>
      keys.map((key) => ({ name: keys.length === 1 ? name : `${name}+${key.id}`, key, url })),
    ),
    groups: [
      ...known
        .filter(({ keys }) => keys.length > 1)
        .map(({ name, keys }) => ({ name, threshold: 1, members: keys.map(({ id }) => `${name}+${id}`) })),
      ...(isNone ? [] : [{ name: quorum, threshold: count, members: known.map(({ name }) => name) }]),
    ],
    quorum: isNone ? 'none' : quorum,
  }
}

export const formatQuorum = async (tx: Tx, logs: readonly LogVerifier[]): Promise<string> =>
  formatPolicy(toPolicy(await listWitnesses(tx), (await readQuorum(tx)).count, logs))

/** The checkpoint as it is served: the witnesses' lines below those of the log. What is stored stays as it was signed. */
export async function withCosignatures(tx: Tx, checkpoint: StoredCheckpoint): Promise<StoredCheckpoint> {
  return { ...checkpoint, note: checkpoint.note + (await readLines(tx, checkpoint.size)).join('') }
}

/** The newest checkpoint that satisfies the quorum, with its cosignatures. Without a quorum, the newest. */
export async function readWitnessed(tx: Tx): Promise<StoredCheckpoint | undefined> {
  const newest = await readCheckpoint(tx)
  const { count } = await readQuorum(tx)
  if (!newest || count === 0) return newest && withCosignatures(tx, newest)
  const witnesses = await listWitnesses(tx)
  const policy = toPolicy(witnesses, count, [])
  let most = newest.size
  for (let look = 0; look < mostLooks; look++) {
    const sizes: bigint[] = []
    for (const { name } of witnesses) {
      const size = await readNewestSize(tx, name, most)
      if (size !== undefined) sizes.push(size)
    }
    // Above the count-th largest, fewer than that many have cosigned anything.
    const size = sizes.toSorted((one, other) => (one < other ? 1 : -1))[count - 1]
    if (size === undefined) return undefined
    const checkpoint = await readCheckpoint(tx, size)
    const served = checkpoint?.size === size ? await withCosignatures(tx, checkpoint) : undefined
    if (served && isWitnessed(served.note, policy)) return served
    most = size - 1n
  }
  return undefined
}

/** Since when there are entries that the quorum asks cosignatures for, and that have none. */
export async function readUnwitnessedSince(tx: Tx): Promise<Date | undefined> {
  const { count, since } = await readQuorum(tx)
  if (count === 0) return undefined
  const witnessed = (await readWitnessed(tx))?.size ?? -1n
  const [first] = await readCheckpointsAfter(tx, witnessed, 1)
  if (!first) return undefined
  return since && since > first.at ? since : first.at
}
