import Type from 'typebox'
import { wireIdPattern } from '#kernel/id'
import { permissions } from '#kernel/route'

const closed = { additionalProperties: false } as const
const time = (description: string) => Type.String({ format: 'date-time', description })
const orNull = (description: string) => Type.Union([time(description), Type.Null()])

const scopes = Type.Array(Type.String({ enum: Object.keys(permissions) }), {
  uniqueItems: true,
  maxItems: 50,
  examples: [['decisions:write']],
})

export const KeyId = Type.String({ pattern: wireIdPattern('key'), description: 'Id of a key; not secret.' })

const name = Type.String({ minLength: 1, maxLength: 100, pattern: '^\\P{Cc}*$', examples: ['checkout server'] })

const described = {
  id: KeyId,
  name,
  scopes,
  allowed_ips: Type.Array(Type.String(), {
    description: 'Networks the key is accepted from, as CIDR. Empty: from anywhere.',
  }),
  created_at: time('When the key was made.'),
  expires_at: orNull('When the key stops working.'),
  revoked_at: orNull('When the key was ended.'),
  replaced_by: Type.Union([KeyId, Type.Null()]),
  last_used_at: orNull('Last use, at most a minute behind.'),
}
export const Key = Type.Object(described, { ...closed, title: 'Key' })
export const IssuedKey = Type.Object(
  { ...described, key: Type.String({ description: 'The secret key. Shown this once; only a hash is kept.' }) },
  { ...closed, title: 'IssuedKey' },
)

export const ReplacedKey = Type.Object(
  {
    tenant_id: Type.String({ pattern: wireIdPattern('tenant') }),
    api_key: Type.String({ description: 'The new secret key. Shown this once; only a hash is kept.' }),
    key_id: KeyId,
    replaces: KeyId,
    overlap_seconds: Type.Integer({ description: 'How long the old key still works, unless it expires before.' }),
  },
  { ...closed, title: 'ReplacedKey' },
)

export const NewKey = Type.Object(
  {
    name,
    scopes,
    allowed_ips: Type.Optional(
      Type.Array(Type.String({ maxLength: 50 }), { maxItems: 50, examples: [['203.0.113.0/24']] }),
    ),
    expires_at: Type.Optional(time('When the key shall stop working.')),
  },
  { ...closed, title: 'NewKey' },
)
export const maxOverlapSeconds = 30 * 86_400
export const Rotation = Type.Object(
  {
    overlap_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: maxOverlapSeconds,
        description: 'How long the old key still works; 24 hours unless told.',
      }),
    ),
  },
  { ...closed, title: 'Rotation', examples: [{ overlap_seconds: 3_600 }] },
)
export const KeyParams = Type.Object({ key_id: KeyId }, closed)
