import { toWireId } from '#kernel/id'
import { type OpenRoute, openRoute } from '#kernel/route'
import { tenantSignedUp } from './actions.ts'
import { NewSignup, SignedUp } from './contract.ts'
import type { OpenTo, Signup } from './index.ts'

const closed =
  'Signup is closed here. Whoever runs this Vouch makes tenants with `vouch tenant create NAME`, or opens signup with VOUCH_SIGNUP=on.'

export const openRoutes = (signUp: Signup['signUp'], openTo: OpenTo): OpenRoute[] => [
  openRoute({
    method: 'POST',
    path: '/signup',
    tag: 'Signup',
    summary: 'Make a tenant with its test twin, and a key for each',
    description:
      'Each call makes a new tenant, whatever the name and address. The keys can judge payments, read decisions and replace themselves. ' +
      'Open to callers on the same machine, unless the operator set VOUCH_SIGNUP.',
    permission: 'public',
    audit: tenantSignedUp,
    rate: 'signup',
    body: NewSignup,
    reply: SignedUp,
    status: 201,
    closedTo: (isLocal) => (openTo === 'on' || (openTo === 'local' && isLocal) ? undefined : closed),
    async run({ body, requestId }) {
      const { tenant, key, testKey } = await signUp(body, requestId)
      return {
        status: 201,
        body: {
          tenant_id: toWireId('tenant', tenant.id),
          api_key: key,
          plan: 'self_hosted' as const,
          test_tenant_id: toWireId('tenant', tenant.twinId),
          test_api_key: testKey,
        },
      }
    },
  }),
]
