/** The request of POST /v1/evaluate, as it travels. No field requires personal data; opaque ids suffice. */
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const opaqueId = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 128, description, examples: [example] })
const decimal = '^[0-9]{1,13}(\\.[0-9]{1,12})?$'
const money = (description: string) =>
  Type.Union([Type.String({ pattern: decimal, maxLength: 26 }), Type.Number({ minimum: 0 })], {
    description,
    examples: ['349.99'],
  })

export const EvaluateBody = Type.Object(
  {
    amount: Type.Optional(
      money('In major units. A string is exact; a number is taken if its shortest form fits the currency.'),
    ),
    amount_minor: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000_000_000,
        description: 'In minor units (cents). Instead of `amount`.',
      }),
    ),
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.', examples: ['EUR'] }),
    category: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[a-z0-9][a-z0-9_.-]*$',
      examples: ['electronics'],
    }),
    merchant_id: opaqueId('Who is paid, as you name them.', 'm_1'),
    merchant_trust_score: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Your trust in the merchant.' }),
    ),
    user_id: Type.Optional(opaqueId('Who pays, as you name them. Opaque: no name, no address.', 'u_456')),
    card_fingerprint: Type.Optional(opaqueId('A token of the card. Never its number.', 'fp_9ab31')),
    user_balance: Type.Optional(money('What the customer has, in the same currency.')),
    user_limits: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z_]{1,32}$' }), money('A limit.'), {
        // A record alone says nothing about names that do not match: they would pass unlooked at.
        propertyNames: { pattern: '^[a-z_]{1,32}$' },
        maxProperties: 8,
        description: 'What the customer may spend, in the same currency; the tightest counts.',
        examples: [{ daily: '1000.00' }],
      }),
    ),
    occurred_at: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'When it happened. A live event is counted at most 5 minutes before it was received, and never after; a key with the scope history:write dates the past.',
      }),
    ),
    time_zone: Type.Optional(
      Type.String({ pattern: '^[A-Za-z_+-]+(/[A-Za-z0-9_+-]+){0,2}$', maxLength: 64, examples: ['Europe/Stockholm'] }),
    ),
    ip: Type.Optional(
      Type.String({ anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }], description: 'Of the customer.' }),
    ),
    geo: Type.Optional(
      Type.Object(
        {
          country: Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1.', examples: ['ES'] }),
          lat: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
          lon: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
        },
        closed,
      ),
    ),
    device_id: Type.Optional(opaqueId('The device, as you name it.', 'd_9')),
    agent: Type.Optional(
      Type.Object(
        {
          id: opaqueId('The agent that pays for the customer.', 'agt_1'),
          proof: Type.Optional(
            Type.Object(
              {
                type: Type.String({ pattern: '^[a-z0-9_-]{1,32}$' }),
                value: Type.String({ minLength: 1, maxLength: 16_384 }),
              },
              closed,
            ),
          ),
        },
        {
          ...closed,
          description:
            'Its proof is checked where it is a JWS by the key that the id is the thumbprint of (docs/agents.md).',
        },
      ),
    ),
    mandate: Type.Optional(
      Type.Object(
        { id: opaqueId('The mandate the agent acts under.', 'man_1') },
        { ...closed, description: 'Kept; budgets are not enforced by this version.' },
      ),
    ),
    sca: Type.Optional(
      Type.Object(
        {
          in_scope_hint: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
          last_sca_at: Type.Optional(Type.Union([Type.String({ format: 'date-time' }), Type.Null()])),
          mit: Type.Optional(
            Type.Union([Type.Object({ mandate_ref: opaqueId('Of the first payment.', 'mit_1') }, closed), Type.Null()]),
          ),
          trusted_beneficiary: Type.Optional(Type.Boolean()),
          acquirer_country: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$' })),
          issuer_country: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$' })),
        },
        { ...closed, description: 'Kept; not assessed by this version.' },
      ),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[\\s\\S]*$' }),
        Type.Union([Type.String({ maxLength: 512 }), Type.Number(), Type.Boolean(), Type.Null()]),
        {
          propertyNames: { minLength: 1, maxLength: 64 },
          maxProperties: 32,
          description: 'Flat; kept encrypted and given back; judged only where a policy reads it.',
          examples: [{ order: 'o-1001' }],
        },
      ),
    ),
    idempotency_key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, pattern: '^[!-~]+$', description: 'Or the header Idempotency-Key.' }),
    ),
  },
  {
    ...closed,
    title: 'EvaluateRequest',
    examples: [
      {
        amount: '349.99',
        currency: 'EUR',
        category: 'electronics',
        merchant_id: 'm_1',
        user_id: 'u_456',
        merchant_trust_score: 0.92,
      },
    ],
  },
)
export type EvaluateBody = Static<typeof EvaluateBody>

export const EvaluateQuery = Type.Object(
  { dry_run: Type.Optional(Type.Boolean({ description: 'true: decide, and leave no decision.' })) },
  closed,
)

export const Replay = Type.Object(
  { same: Type.Boolean({ description: 'Whether judging again gives the decision that is stored, to the byte.' }) },
  { ...closed, title: 'Replay' },
)
