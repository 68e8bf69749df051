/** What groups, states and keepers are called, for people: on pages, at the terminal, in generated documents. */
import type { Text } from '#kernel/control'
import type { ClaimGroup, Keeper } from './claim.ts'
import type { State } from './judge.ts'

export const groupNames: Readonly<Record<ClaimGroup, Text>> = {
  encryption: { en: 'Encryption', sv: 'Kryptering' },
  access: { en: 'Access', sv: 'Åtkomst' },
  audit: { en: 'Audit and monitoring', sv: 'Loggning och övervakning' },
  incidents: { en: 'Incidents, disclosure and contact', sv: 'Incidenter, sårbarheter och kontakt' },
  continuity: { en: 'Continuity', sv: 'Kontinuitet' },
  software: { en: 'Software', sv: 'Programvara' },
  'data-protection': { en: 'Data protection', sv: 'Dataskydd' },
  communities: { en: 'Communities', sv: 'Gemenskaper' },
  organisation: { en: 'Organisation', sv: 'Organisation' },
}

export const stateNames: Readonly<Record<State, Text>> = {
  verified: { en: 'Verified', sv: 'Verifierat' },
  attested: { en: 'Attested', sv: 'Intygat' },
  stale: { en: 'Stale', sv: 'Inaktuellt' },
  failing: { en: 'Failing', sv: 'Brister' },
  unproven: { en: 'Unproven', sv: 'Obevisat' },
  planned: { en: 'Planned', sv: 'Planerat' },
}

export const keeperNames: Readonly<Record<Keeper, Text>> = {
  software: { en: 'the software', sv: 'programvaran' },
  deployment: { en: 'the deployment', sv: 'driftmiljön' },
  organisation: { en: 'the organisation', sv: 'organisationen' },
  tenant: { en: 'the customer', sv: 'kunden' },
}
