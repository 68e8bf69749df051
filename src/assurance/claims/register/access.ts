import type { Claim } from '../claim.ts'

export const access: readonly Claim[] = [
  {
    id: 'acc.rbac',
    group: 'access',
    sentence: {
      en: 'Access follows roles: everyone gets the least privilege their task needs, and every further grant has a stated reason and an end date.',
      sv: 'Åtkomst styrs av roller: ingen får större behörighet än uppgiften kräver, och varje ytterligare tilldelning har ett angivet skäl och ett slutdatum.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.mfa',
    group: 'access',
    sentence: {
      en: 'A session without multi-factor authentication can only set it up, and operators need a passkey bound to a hardware device for production access.',
      sv: 'En session utan multifaktorautentisering kan bara användas för att aktivera den, och driftpersonal behöver en passkey bunden till en fysisk enhet för åtkomst till produktionsmiljön.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.passwords',
    group: 'access',
    sentence: {
      en: 'Weak, reused and known leaked passwords are refused, accepted ones are stored only as Argon2id hashes, and attempts are throttled per account and address.',
      sv: 'Svaga, återanvända och kända läckta lösenord avvisas, godkända lösenord lagras bara som Argon2id-hashar, och inloggningsförsök begränsas per konto och adress.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.keys',
    group: 'access',
    sentence: {
      en: 'Each API key works for one customer only, has its own scopes and expiry, can be rotated with overlap, and stops working within 1 second of revocation.',
      sv: 'Varje API-nyckel gäller för en enda kund, har egna behörigheter och ett slutdatum, kan bytas med överlappning och slutar fungera inom 1 sekund efter återkallelse.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.isolation',
    group: 'access',
    sentence: {
      en: "Each customer's data, configuration, limits, usage and webhooks are kept apart from every other customer's; only bans that both sides chose to share may cross.",
      sv: 'Varje kunds data, konfiguration, gränsvärden, förbrukning och webhookar hålls åtskilda från andra kunders; bara avstängningar som båda parter har valt att dela får passera.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.agents',
    group: 'access',
    sentence: {
      en: 'Registered software agents prove their identity cryptographically, with Ed25519, JWS or HMAC, and a proof that has already been used is refused.',
      sv: 'Registrerade programvaruagenter styrker sin identitet kryptografiskt, med Ed25519, JWS eller HMAC, och ett bevis som redan har använts avvisas.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.unique',
    group: 'access',
    sentence: {
      en: 'Every login belongs to one person, and shared accounts are not allowed.',
      sv: 'Varje inloggning tillhör en enda person, och delade konton är inte tillåtna.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'acc.leavers',
    group: 'access',
    sentence: {
      en: "When someone's employment ends, a single action ends all their sessions, keys, memberships and access grants at once.",
      sv: 'När en anställning upphör avslutas personens alla sessioner, nycklar, medlemskap och behörigheter samtidigt med en enda åtgärd.',
    },
    keptBy: ['software', 'organisation'],
    check: 'auto',
  },
  {
    id: 'acc.reviews',
    group: 'access',
    sentence: {
      en: 'Access rights and permissions are reviewed regularly, in review campaigns that leave a dated record.',
      sv: 'Åtkomst och behörigheter ses över regelbundet, i granskningsomgångar som dokumenteras med datum.',
    },
    keptBy: ['organisation'],
    check: 'both',
  },
  {
    id: 'acc.network',
    group: 'access',
    sentence: {
      en: 'Administration is reachable only over private networks such as VPN or SSH, never on the public listener, and every hop authenticates, the database included.',
      sv: 'Administrationen nås bara via privata nät, till exempel VPN eller SSH, aldrig via den publika ingången, och varje led autentiseras, även databasen.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
]
