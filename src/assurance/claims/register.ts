/** Every claim, in the order of its group. A claim is here from the first day, whether or not anything keeps it yet. */
import type { Claim } from './claim.ts'
import { access } from './register/access.ts'
import { audit } from './register/audit.ts'
import { communities } from './register/communities.ts'
import { continuity } from './register/continuity.ts'
import { dataProtection } from './register/data-protection.ts'
import { encryption } from './register/encryption.ts'
import { incidents } from './register/incidents.ts'
import { organisation } from './register/organisation.ts'
import { software } from './register/software.ts'

export const register: readonly Claim[] = [
  ...encryption,
  ...access,
  ...audit,
  ...incidents,
  ...continuity,
  ...software,
  ...dataProtection,
  ...communities,
  ...organisation,
]
