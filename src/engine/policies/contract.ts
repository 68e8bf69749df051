import Type from 'typebox'
import { listIdPattern, policyLimits, wordPattern } from '#engine/decide'
import { pageOf, pageQuery } from '#kernel/page'

const closed = { additionalProperties: false } as const
const word = Type.String({ pattern: wordPattern })
const points = (description: string) =>
  Type.Number({ minimum: -policyLimits.points, maximum: policyLimits.points, description })
const threshold = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()], { description })
const expression = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 4_096, description, examples: [example] })
const reason = Type.String({
  minLength: 1,
  maxLength: policyLimits.reason,
  description: 'A sentence. `{amount}` shows what the signal was.',
  examples: ['Gift cards for {amount} {currency} are confirmed.'],
})

const factor = Type.Object(
  {
    id: word,
    weight: Type.Number({ minimum: 0, maximum: policyLimits.weight, description: 'Points that 1 stands for.' }),
    curve: Type.Optional(
      Type.Array(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }), {
        minItems: 1,
        maxItems: policyLimits.corners,
        description: 'Corners [x, y] over the signal with the id of the factor, x ascending, y from -1 to 1.',
      }),
    ),
    cel: Type.Optional(expression('Instead of `curve`: gives a number from -1 to 1.', 'amount > 100.0 ? 0.5 : 0.0')),
    points_if_missing: points('What a missing signal earns.'),
    reason: Type.Optional(reason),
  },
  { ...closed, title: 'PolicyFactor' },
)
const rule = Type.Object(
  {
    id: word,
    when: expression('An expression of type bool.', "category == 'gift_cards' && amount > 200.0"),
    then: Type.Union([
      Type.String({ enum: ['decline', 'step_up', 'approve'] }),
      Type.Object({ add: points('Added to the score.') }, closed),
    ]),
    reason,
  },
  { ...closed, title: 'PolicyRule' },
)
export const PolicyDocument = Type.Object(
  {
    schema: Type.Literal(1),
    factors: Type.Array(factor, { maxItems: policyLimits.factors }),
    rules: Type.Array(rule, { maxItems: policyLimits.rules }),
    thresholds: Type.Object(
      {
        step_up: threshold('The score from which a confirmation is needed; null: never by the score.'),
        decline: threshold('The score from which is declined; null: never by the score.'),
      },
      closed,
    ),
    lists: Type.Array(Type.String({ pattern: listIdPattern }), {
      maxItems: policyLimits.lists,
      description: 'Lists that expressions name.',
    }),
  },
  {
    ...closed,
    title: 'Policy',
    description: 'docs/policy.md says what it means.',
    examples: [
      {
        schema: 1,
        factors: [
          {
            id: 'amount_ratio',
            weight: 60,
            curve: [
              [0, 0],
              [2, 1],
            ],
            points_if_missing: 10,
          },
        ],
        rules: [
          {
            id: 'gift_cards',
            when: 'category == "gift_cards" && amount > 200.0',
            then: 'step_up',
            reason: 'Gift cards for {amount} {currency} are confirmed.',
          },
        ],
        thresholds: { step_up: 30, decline: 50 },
        lists: [],
      },
    ],
  },
)

export const versionNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_646 })
const orNull = <T extends Type.TSchema>(type: T) => Type.Union([type, Type.Null()])
const time = Type.String({ format: 'date-time' })
export const Version = Type.Object(
  {
    version: versionNumber,
    restores: orNull(versionNumber),
    published_at: orNull(time),
    published_by: orNull(Type.String()),
    document: PolicyDocument,
  },
  { ...closed, title: 'PolicyVersion', description: 'Version 1 is the default policy, which nobody published.' },
)
export const VersionPage = pageOf(Version, 'PolicyVersionPage')
export const VersionQuery = Type.Object(pageQuery, closed)
export const VersionParams = Type.Object({ version: versionNumber }, closed)
export const Draft = Type.Object(
  {
    revision: Type.Integer({
      minimum: 0,
      description: 'Also in ETag. 0: no draft yet, and what is published is shown.',
    }),
    updated_at: orNull(time),
    updated_by: orNull(Type.String()),
    document: PolicyDocument,
  },
  { ...closed, title: 'PolicyDraft' },
)
const ofVersion = (example: number) =>
  Type.Object({ version: versionNumber }, { ...closed, title: 'PolicyPublication', examples: [{ version: example }] })
export const Publication = ofVersion(2)
export const Restoration = ofVersion(1)

const position = Type.Object(
  { line: Type.Integer(), column: Type.Integer(), offset: Type.Integer() },
  { ...closed, title: 'Position', description: 'line and column from 1, offset from 0.' },
)
export const Verdict = Type.Object(
  {
    ok: Type.Boolean(),
    errors: Type.Array(
      Type.Object({ pointer: Type.String(), message: Type.String(), position: Type.Optional(position) }, closed),
    ),
  },
  { ...closed, title: 'PolicyVerdict' },
)

export const DiffQuery = Type.Object(
  { from: versionNumber, to: Type.Optional({ ...versionNumber, description: 'Without it: the draft.' }) },
  closed,
)
const change = { pointer: Type.String({ description: 'Into the second document; of what was removed, the first.' }) }
const anything = Type.Unknown()
export const Diff = Type.Object(
  {
    added: Type.Array(Type.Object({ ...change, to: anything }, closed)),
    removed: Type.Array(Type.Object({ ...change, from: anything }, closed)),
    changed: Type.Array(Type.Object({ ...change, from: anything, to: anything }, closed)),
  },
  { ...closed, title: 'PolicyDiff' },
)
