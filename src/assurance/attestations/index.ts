/**
 * Attestations: how a claim stands, signed, so that it can be carried away and verified without us.
 * Promises: an in-toto Statement v1 in a DSSE envelope with state, checks, digests, times and the last planted catch; its
 * key signs nothing else, lies sealed, and stays published when the next one has taken over; one changed byte is refused.
 * Refuses: to sign what is not in the standing; to verify a second spelling of the same statement.
 * Needs: the controls, the database with the installation's tenant, encryption, audit, a clock, the name of the installation.
 */
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Audit } from '#platform/audit'
import { type Database, type Scope, systemScope, type Tx } from '#platform/database'
import type { Encryption } from '#platform/encryption'
import { createSigner, newSeed, parseVkey, type Signer } from '#platform/tlog'
import { installationTenant } from '#platform/tenancy'
import type { Controls } from '#assurance/controls'
import { attestationKeyMade } from './actions.ts'
import { type DsseEnvelope, signEnvelope } from './dsse.ts'
import { type AttestationKey, digestOfVkey, toWireKey } from './public-key.ts'
import { makeStatement } from './statement.ts'
import { insertKey, type KeyRow, readKeys, retireKeys } from './store.ts'

export { actions } from './actions.ts'
export { attestationControls } from './controls.ts'
export type { DsseEnvelope } from './dsse.ts'
export type { AttestationKey } from './public-key.ts'
export { predicateType } from './statement.ts'
export { type AttestationReport, formatAttestation, verifyAttestation } from './verify.ts'

export type Attestations = {
  /** How the claim stands now, signed; undefined if there is no such claim. */
  attestation(claimId: string): Promise<DsseEnvelope | undefined>
  /** Newest first, with those that signed before. */
  publicKeys(): Promise<readonly AttestationKey[]>
  /** Makes the first key if there is none yet. */
  ensureKey(): Promise<void>
  /** Makes the next key and retires the one that signs. `by` is in the trail. */
  rotate(by: Scope): Promise<void>
}

type Opened = { rows: readonly KeyRow[]; signer: Signer; untilMs: number }

/** How long a key is used, and its public form told, without asking the database again. */
const keptMs = 2_000

export function createAttestations(needs: {
  controls: Pick<Controls, 'standing'>
  database: Database
  encryption: Encryption
  audit: Audit
  clock: Clock
  installation: string
}): Attestations {
  const { controls, encryption, audit, clock, installation } = needs
  const scope = systemScope(needs.database, 'attestations').asTenant(installationTenant)
  const name = `${installation}/trust`
  let kept: Opened | undefined
  let signed = new Map<string, DsseEnvelope>()
  let signedAsOf = ''

  const place = (version: number) => ({ table: 'attestation_key', column: 'seed', row: String(version) })

  async function makeKey(tx: Tx, version: number): Promise<void> {
    const [seed, now] = [newSeed(), new Date(clock.now())]
    const { vkey } = createSigner(name, 'ed25519', seed)
    const sealed = (await encryption.keysOf(tx)).seal(place(version), seed.toString('base64'))
    if (!(await insertKey(tx, { version, vkey, seed: sealed, created_at: now, retired_at: null }))) return
    await retireKeys(tx, version, now)
    await audit.append(tx, { action: attestationKeyMade, target: digestOfVkey(vkey) })
  }

  async function openKeys(): Promise<Opened | undefined> {
    if (kept && clock.elapsed() < kept.untilMs) return kept
    try {
      const opened = await scope.transaction(async (tx) => {
        const rows = await readKeys(tx)
        const [newest] = rows
        if (!newest) return undefined
        const seed = Buffer.from((await encryption.keysOf(tx)).open(place(newest.version), newest.seed), 'base64')
        // By the name that the key was made with, should the installation have another one since.
        return { rows, signer: createSigner(parseVkey(newest.vkey).name, 'ed25519', seed) }
      })
      kept = opened && { ...opened, untilMs: clock.elapsed() + keptMs }
      return kept
    } catch (error) {
      // The database is away: what was opened before still signs what was read before.
      if (kept && error instanceof Fault) return kept
      throw error
    }
  }

  return {
    async attestation(claimId) {
      const standing = await controls.standing()
      const claim = standing.claims.find(({ id }) => id === claimId)
      if (!claim) return undefined
      const opened = await openKeys()
      if (!opened)
        throw new Fault('unavailable', 'The key of attestations is being made. Try again shortly.', {
          retryAfterSeconds: 2,
        })
      const { signer } = opened
      const body = makeStatement(standing, claim, signer.vkey)
      // Who asks often costs one signature for each copy that was read.
      if (signedAsOf !== standing.asOf) [signed, signedAsOf] = [new Map(), standing.asOf]
      const known = signed.get(body)
      const envelope = known ?? signEnvelope(body, signer)
      signed.set(body, envelope)
      return envelope
    },
    async publicKeys() {
      return ((await openKeys())?.rows ?? []).map(toWireKey)
    },
    async ensureKey() {
      if (kept) return
      await scope.transaction(async (tx) => {
        if ((await readKeys(tx)).length === 0) await makeKey(tx, 1)
      })
    },
    async rotate(by) {
      await by.transaction(async (tx) => makeKey(tx, ((await readKeys(tx))[0]?.version ?? 0) + 1))
      kept = undefined
    },
  }
}
