import { rfc3339 } from '#kernel/clock'
import { Fault } from '#kernel/fault'
import { toCursor } from '#kernel/page'
import { type Route, route } from '#platform/access'
import { draftRead, draftSaved, policyPublished, policyRead, policyRolledBack, versionRead, versionsCompared, versionsListed } from './actions.ts' // prettier-ignore
import { Diff, DiffQuery, Draft as DraftSchema, PolicyDocument, Publication, Restoration, Verdict, Version as VersionSchema, VersionPage, VersionParams, VersionQuery } from './contract.ts' // prettier-ignore
import { entityTag } from './documents.ts'
import type { Difference, Draft, Policies, Version } from './index.ts'

const tag = 'Policy'
const bodyLimitBytes = 262_144
const at = (time: Date | null): string | null => time && rfc3339(time.getTime())

/** A copy that replies may hold: their types are not read-only. */
const copy = (document: Version['document']) => ({
  ...document,
  factors: document.factors.map(({ curve, ...factor }) => ({
    ...factor,
    ...(curve && { curve: curve.map(([x, y]) => [x, y]) }),
  })),
  rules: [...document.rules],
  lists: [...document.lists],
})
export const toWireVersion = ({ version, document, restores, publishedAt, publishedBy }: Version) => ({
  version,
  restores,
  published_at: at(publishedAt),
  published_by: publishedBy,
  document: copy(document),
})
const answerDraft = ({ revision, document, updatedAt, updatedBy }: Draft) => ({
  headers: { etag: entityTag(revision) },
  body: { revision, updated_at: at(updatedAt), updated_by: updatedBy, document: copy(document) },
})
export const toWireDiff = (differences: readonly Difference[]) => {
  const of = (kind: Difference['kind']) => differences.filter((one) => one.kind === kind)
  return {
    added: of('added').map(({ pointer, to }) => ({ pointer, to })),
    removed: of('removed').map(({ pointer, from }) => ({ pointer, from })),
    changed: of('changed').map(({ pointer, from, to }) => ({ pointer, from, to })),
  }
}

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const text = Buffer.from(cursor, 'base64url').toString()
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  const errors = [{ pointer: '/cursor', message: 'is not a cursor this list gave. Start without one.' }]
  throw new Fault('invalid_request', 'The request does not have the documented form.', { errors })
}

const ifMatch = { 'if-match': 'ETag of the draft that is meant; without it, whatever draft is there.' }

export const routes = (policies: Policies): Route[] => [
  route({
    method: 'GET', path: '/v1/policy', tag, summary: 'The published policy', permission: 'policy:read', audit: policyRead, rate: 'read',
    reply: VersionSchema,
    async run({ scope }) {
      return { body: toWireVersion(await scope.transaction(policies.current)) }
    },
  }),
  route({
    method: 'GET', path: '/v1/policy/draft', tag, summary: 'The draft', permission: 'policy:read', audit: draftRead, rate: 'read',
    reply: DraftSchema,
    async run({ scope }) {
      return answerDraft(await scope.transaction(policies.draft))
    },
  }),
  route({
    method: 'PUT', path: '/v1/policy/draft', tag, summary: 'Save the draft',
    description: 'With If-Match, only if the draft is still the one that was read; `"0"` is no draft yet. A policy with an error is refused.',
    permission: 'policy:write', audit: draftSaved, rate: 'write', bodyLimitBytes, body: PolicyDocument, headers: ifMatch, reply: DraftSchema,
    async run({ scope }, { body, headers }) {
      return answerDraft(await scope.transaction((tx) => policies.saveDraft(tx, body, headers['if-match'])))
    },
  }),
  route({
    method: 'POST', path: '/v1/policy/validate', tag, summary: 'Whether a policy could be published; stores nothing',
    permission: 'policy:write', audit: 'none', unrecorded: 'it reads the list ids alone, and changes nothing',
    rate: 'write', bodyLimitBytes, body: PolicyDocument, reply: Verdict,
    async run({ scope }, { body }) {
      const errors = await scope.transaction((tx) => policies.judge(tx, body))
      return { body: { ok: errors.length === 0, errors: [...errors] } }
    },
  }),
  route({
    method: 'POST', path: '/v1/policy/publish', tag, summary: 'Publish the draft as the next version',
    description: 'It judges the next decision, on every process. `version` must be the next one, so that of two who publish one is told.',
    permission: 'policy:write', audit: policyPublished, rate: 'write', body: Publication, headers: ifMatch, reply: VersionSchema,
    async run({ scope }, { body, headers }) {
      return { body: toWireVersion(await scope.transaction((tx) => policies.publish(tx, body.version, headers['if-match']))) }
    },
  }),
  route({
    method: 'POST', path: '/v1/policy/rollback', tag, summary: 'Publish an older version again, as a new one',
    permission: 'policy:write', audit: policyRolledBack, rate: 'write', body: Restoration, reply: VersionSchema,
    async run({ scope }, { body }) {
      return { body: toWireVersion(await scope.transaction((tx) => policies.rollback(tx, body.version))) }
    },
  }),
  route({
    method: 'GET', path: '/v1/policy/versions', tag, summary: 'Versions, newest first', permission: 'policy:read', audit: versionsListed,
    rate: 'read', query: VersionQuery, reply: VersionPage,
    async run({ scope }, { query }) {
      const limit = query.limit ?? 50
      const before = readCursor(query.cursor)
      const rows = await scope.transaction((tx) => policies.versions(tx, before, limit + 1))
      const shown = rows.slice(0, limit)
      const last = rows.length > limit ? shown.at(-1) : undefined
      return { body: { data: shown.map(toWireVersion), next_cursor: last ? toCursor(String(last.version)) : null } }
    },
  }),
  route({
    method: 'GET', path: '/v1/policy/versions/{version}', tag, summary: 'One version', permission: 'policy:read', audit: versionRead,
    rate: 'read', params: VersionParams, reply: VersionSchema,
    async run({ scope }, { params }) {
      return { body: toWireVersion(await scope.transaction((tx) => policies.version(tx, params.version))) }
    },
  }),
  route({
    method: 'GET', path: '/v1/policy/diff', tag, summary: 'What differs between two versions, or a version and the draft',
    permission: 'policy:read', audit: versionsCompared, rate: 'read', query: DiffQuery, reply: Diff,
    async run({ scope }, { query }) {
      return { body: toWireDiff(await scope.transaction((tx) => policies.compare(tx, query.from, query.to))) }
    },
  }),
] // prettier-ignore
