/** The head of a log: opened once, then locked by whoever sequences or signs. */
import { toWireId } from '#kernel/id'
import type { Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { makeKey } from './signing-keys.ts'
import { type Head, insertHead, lockHead, readHead, type Snapshot } from './store.ts'

export type HeadNeeds = { encryption: Encryption; host: string; now: Date }

/** Its head, made with its first key if there is none yet. */
export async function openHead(tx: Tx, { encryption, host, now }: HeadNeeds): Promise<Head> {
  const head = await readHead(tx)
  if (head) return head
  const origin = `${host}/log/${toWireId('tenant', tx.tenantId)}`
  if (await insertHead(tx, { origin, createdAt: now })) {
    const key = await makeKey(tx, encryption, { origin, version: 1, createdAt: now })
    await key.store(null)
  }
  return openHead(tx, { encryption, host, now })
}

/** `busy`: another process has the lease. */
export async function leaseHead(tx: Tx, needs: HeadNeeds): Promise<'busy' | (Head & Snapshot)> {
  const head = await lockHead(tx)
  if (head) return head
  await openHead(tx, needs)
  return (await lockHead(tx)) ?? 'busy'
}
