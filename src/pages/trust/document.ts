/** `/trust.json`: how every promise stands, for programs. */
import Type, { type Static, type TProperties } from 'typebox'
import { rfc3339 } from '#kernel/clock'
import { checkKinds, countStates, groups, keepers, results, states } from '#assurance/claims'
import type { Standing } from '#assurance/controls'
import { minuteMs } from '../time.ts'
import { isAway } from './page.ts'

const closed = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) })
const Time = (description: string) => Type.String({ format: 'date-time', description })
const Digest = (description: string) => Type.String({ pattern: '^sha256:[0-9a-f]{64}$', description })
const Words = (description: string) => closed({ en: Type.String(), sv: Type.String() }, description)
const State = Type.Enum(states, {
  description:
    'verified: every check ran in time and passed. attested: rests on a dated record. stale: the last pass is too old. failing: a check said no. unproven: nothing has shown it. planned: nothing keeps it yet.',
})
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const LastRun = closed({
  at: Time('When it began to look.'),
  result: Type.Enum(results, {
    description: 'Only pass is a pass. error: could not look. no_data: saw nothing to judge.',
  }),
  saw: Words('What it saw.'),
  evidence_digest: Digest('Of what it saw.'),
  expires_at: Time('From then on it is stale.'),
})
const PlantedRun = closed(
  { at: Time('When it ran.'), caught: Type.Boolean(), what: Words('What was planted.') },
  'The last run of the same code over a planted offence.',
)

export const TrustDocument = Type.Object(
  {
    as_of: Time('When this was read, to the minute.'),
    fresh: Type.Boolean({ description: 'false: newer could not be read; this is the last that is known.' }),
    installation: Type.String({ description: 'Public host name.' }),
    counts: closed(Object.fromEntries(states.map((state) => [state, Type.Integer()]))),
    claims: Type.Array(
      closed({
        id: Type.String(),
        group: Type.Enum(groups),
        sentence: Words('The promise.'),
        kept_by: Type.Array(Type.Enum(keepers)),
        check: Type.Enum(checkKinds, { description: 'auto: code that can fail. record: a dated record. both: both.' }),
        state: State,
        since: orNull(Time('Since when it is in this state.')),
        last_run: orNull(Time('Oldest of the newest runs of its checks.')),
        why: orNull(Words('Why it is not verified.')),
        tests: Type.Array(Type.String(), { description: 'Full names of the tests that prove it.' }),
        checks: Type.Array(
          closed({
            id: Type.String(),
            version: Type.Integer(),
            what: Words('What is looked at.'),
            sources: Type.Array(Type.String(), { description: 'Files that define it, in the repository.' }),
            source_digest: Digest('Of the output of `sha256sum FILES`.'),
            cadence_ms: Type.Integer(),
            timeout_ms: Type.Integer(),
            last: orNull(LastRun),
            planted: orNull(PlantedRun),
          }),
        ),
        history: Type.Array(closed({ at: Time('When.'), from: orNull(State), to: State, why: Words('Why.') }), {
          description: 'The newest 20 changes of state, newest first. All of them are in the log of the installation.',
        }),
      }),
    ),
  },
  { additionalProperties: false, title: 'Trust' },
)

export const toTrustDocument = (standing: Standing, nowMs: number): Static<typeof TrustDocument> => {
  const { asOf, installation, claims } = standing
  return {
    as_of: rfc3339(Math.floor(Date.parse(asOf) / minuteMs) * minuteMs),
    fresh: !isAway(standing, nowMs),
    installation,
    counts: countStates(claims),
    claims: claims.map((claim) => ({
      ...claim,
      kept_by: [...claim.kept_by],
      tests: [...claim.tests],
      checks: claim.checks.map((check) => ({ ...check, sources: [...check.sources] })),
      history: [...claim.history],
    })),
  }
}
