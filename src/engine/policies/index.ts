/**
 * Policies: how a tenant has its events judged: one draft, and versions that were published.
 * Promises: a document with an error is never stored; a version never changes; of two that publish at once, one wins; what
 * is published judges the next decision on every process; every change is in the trail.
 * Refuses: a draft that changed since it was read, a version that is not the next one, lists that do not exist, card numbers.
 * Needs: the database, lists, audit, a clock.
 */
import {
  type CompiledPolicy,
  defaultPolicy,
  defaultVersion,
  type PolicyDocument,
  type PolicyError,
} from '#engine/decide'
import { countChange } from '#engine/basis'
import type { Lists } from '#engine/lists'
import type { Clock } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import type { Audit } from '#platform/audit'
import type { Tx } from '#platform/database'
import { draftSaved, policyPublished, policyRolledBack } from './actions.ts'
import { compare, type Difference } from './compare.ts'
import { refuse, requireMatch, requirePolicy, toBytes, toDocument } from './documents.ts'
import {
  insertDraft, insertVersion, listVersions, lockDraft, readDraft, readLatestVersion, readVersion, updateDraft, type VersionRow,
} from './store.ts' // prettier-ignore

export { actions } from './actions.ts'
export { type Difference } from './compare.ts'
export { defaultPublished, type Published, readCompiled, readPublished } from './published.ts'
export { routes, toWireDiff, toWireVersion } from './routes.ts'

export type Version = {
  version: number
  document: PolicyDocument
  /** The version that a rollback published again. */
  restores: number | null
  /** Null for version 1, which every tenant has. */
  publishedAt: Date | null
  publishedBy: string | null
}
/** Revision 0 is no draft yet: the document is what is published. */
export type Draft = { revision: number; document: PolicyDocument; updatedAt: Date | null; updatedBy: string | null }

export type Policies = {
  current(tx: Tx): Promise<Version>
  version(tx: Tx, version: number): Promise<Version>
  /** Newest first. */
  versions(tx: Tx, before: number | undefined, limit: number): Promise<Version[]>
  draft(tx: Tx): Promise<Draft>
  /** Every error of a document, also lists that do not exist; none if it could be published. */
  judge(tx: Tx, document: unknown): Promise<readonly PolicyError[]>
  saveDraft(tx: Tx, document: unknown, ifMatch?: string): Promise<Draft>
  /** The draft becomes `version`, which must be the next one. */
  publish(tx: Tx, version: number, ifMatch?: string): Promise<Version>
  /** Publishes an older version again, as a new one. */
  rollback(tx: Tx, version: number): Promise<Version>
  /** What `to` (without it the draft) has otherwise than `from`. */
  compare(tx: Tx, from: number, to: number | undefined): Promise<Difference[]>
  /** Whether the published policy names a list. */
  namesList(tx: Tx, id: string): Promise<boolean>
}

const first: Version = { version: defaultVersion, document: defaultPolicy, restores: null, publishedAt: null, publishedBy: null } // prettier-ignore
const toVersion = ({ document, published_at, published_by, ...row }: VersionRow): Version => ({
  ...row,
  document: toDocument(document),
  publishedAt: published_at,
  publishedBy: published_by,
})

export function createPolicies(needs: { lists: Lists; audit: Audit; clock: Clock }): Policies {
  const { lists, audit, clock } = needs
  const latest = async (tx: Tx): Promise<number> =>
    (await tx.run(readLatestVersion, undefined))[0]?.version ?? defaultVersion

  async function version(tx: Tx, wanted: number): Promise<Version> {
    if (wanted === defaultVersion) return first
    const [row] = await tx.run(readVersion, wanted)
    if (!row) throw new Fault('not_found', 'There is no such version of the policy.')
    return toVersion(row)
  }

  async function missingLists(tx: Tx, { lists: named }: PolicyDocument): Promise<PolicyError[]> {
    if (named.length === 0) return []
    const known = new Set((await lists.all(tx)).map(({ id }) => id))
    return named.flatMap((id, n) =>
      known.has(id) ? [] : [{ pointer: `/lists/${n}`, message: 'There is no such list. Make it first.' }],
    )
  }

  async function requireWhole(tx: Tx, document: unknown): Promise<CompiledPolicy> {
    const policy = requirePolicy(document)
    const errors = await missingLists(tx, policy.document)
    if (errors.length > 0) throw refuse(errors)
    return policy
  }

  async function store(tx: Tx, wanted: number, document: PolicyDocument, restores: number | null): Promise<Version> {
    // Whoever deletes a list counts before it looks at the policy: of both at once, the second sees the first.
    await countChange(tx)
    // Lists may have gone since the draft was saved, or the older version was published.
    await requireWhole(tx, document)
    const row = {
      version: wanted,
      document: toBytes(document),
      restores,
      published_at: new Date(clock.now()),
      published_by: tx.actor.id,
    }
    if (!(await insertVersion(tx, row))) throw notNext(await latest(tx))
    return toVersion(row)
  }

  async function draft(tx: Tx, read = readDraft): Promise<Draft> {
    const row = await read(tx)
    if (!row) {
      const { document } = await version(tx, await latest(tx))
      return { revision: 0, document, updatedAt: null, updatedBy: null }
    }
    const { revision, document, updated_at, updated_by } = row
    return { revision, document: toDocument(document), updatedAt: updated_at, updatedBy: updated_by }
  }

  return {
    version,
    draft: (tx) => draft(tx),
    current: async (tx) => version(tx, await latest(tx)),

    async versions(tx, before, limit) {
      const rows = (await listVersions(tx, before, limit)).map(toVersion)
      return rows.length < limit && (before === undefined || before > defaultVersion) ? [...rows, first] : rows
    },

    async judge(tx, document) {
      try {
        await requireWhole(tx, document)
        return []
      } catch (error) {
        if (error instanceof Fault && error.code === 'invalid_request') return error.errors
        throw error
      }
    },

    async saveDraft(tx, document, ifMatch) {
      const policy = await requireWhole(tx, document)
      const { revision } = await draft(tx, lockDraft)
      requireMatch(ifMatch, revision)
      const row = {
        revision: revision + 1,
        document: toBytes(policy.document),
        updated_at: new Date(clock.now()),
        updated_by: tx.actor.id,
      }
      if (revision > 0) await updateDraft(tx, row)
      else if (!(await insertDraft(tx, row)))
        throw new Fault('conflict', 'Another draft was saved just now. Read it, then save again.')
      await audit.append(tx, { action: draftSaved, target: 'draft', details: { revision: row.revision } })
      return { revision: row.revision, document: policy.document, updatedAt: row.updated_at, updatedBy: row.updated_by }
    },

    async publish(tx, wanted, ifMatch) {
      const { revision, document } = await draft(tx, lockDraft)
      requireMatch(ifMatch, revision)
      if (revision === 0) throw new Fault('conflict', 'There is no draft to publish. Save one first.')
      const newest = await latest(tx)
      if (wanted !== newest + 1) throw notNext(newest)
      const published = await store(tx, wanted, document, null)
      await audit.append(tx, { action: policyPublished, target: `version/${wanted}`, details: { revision } })
      return published
    },

    async rollback(tx, older) {
      const { document } = await version(tx, older)
      const newest = await latest(tx)
      if (older === newest) throw new Fault('conflict', 'This version is published already. Name an older one.')
      const published = await store(tx, newest + 1, document, older)
      const details = { restores: older }
      await audit.append(tx, { action: policyRolledBack, target: `version/${published.version}`, details })
      return published
    },

    async compare(tx, from, to) {
      const [before, after] = [await version(tx, from), to === undefined ? await draft(tx) : await version(tx, to)]
      return compare(before.document, after.document)
    },

    async namesList(tx, id) {
      return (await version(tx, await latest(tx))).document.lists.includes(id)
    },
  }
}

const notNext = (newest: number): Fault =>
  new Fault('conflict', `Version ${newest} is published; the next one is ${newest + 1}. Compare with it, then publish.`)
