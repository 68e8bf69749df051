import Type from 'typebox'
import { wireIdPattern } from '#kernel/id'

const closed = { additionalProperties: false } as const

export const NewSignup = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^\\P{Cc}*$',
      description: 'Yours, or that of your organisation. Kept encrypted.',
      examples: ['Acme'],
    }),
    email: Type.String({
      maxLength: 254,
      pattern: '^[^\\s@\\p{Cc}]{1,64}@[^\\s@\\p{Cc}]{1,189}$',
      description: 'Where you can be reached. Kept encrypted; nothing is sent to it, and it is not verified.',
      examples: ['ada@example.com'],
    }),
  },
  { ...closed, title: 'NewSignup' },
)

const secret = (description: string) => Type.String({ description: `${description} Shown this once.` })
const tenantId = Type.String({ pattern: wireIdPattern('tenant') })

export const SignedUp = Type.Object(
  {
    tenant_id: tenantId,
    api_key: secret('The key of your tenant.'),
    plan: Type.Literal('self_hosted', { description: 'Always this: there are no plans.' }),
    test_tenant_id: tenantId,
    test_api_key: secret('The key of its test twin.'),
  },
  { ...closed, title: 'SignedUp' },
)
