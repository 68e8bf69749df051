import type { Claim } from '../claim.ts'

export const communities: readonly Claim[] = [
  {
    id: 'com.bans',
    group: 'communities',
    sentence: {
      en: 'Each community regularly reviews its ban submissions for accuracy, and the rate of errors is published.',
      sv: 'Varje gemenskap granskar regelbundet att dess inrapporterade avstängningar stämmer, och andelen fel publiceras.',
    },
    keptBy: ['software', 'tenant'],
    check: 'auto',
  },
  {
    id: 'com.gates',
    group: 'communities',
    sentence: {
      en: 'Communities can require new members to pass a verification gate before they are let in.',
      sv: 'Gemenskaper kan kräva att nya medlemmar klarar en verifiering innan de släpps in.',
    },
    keptBy: ['software', 'tenant'],
    check: 'auto',
  },
  {
    id: 'com.bots',
    group: 'communities',
    sentence: {
      en: 'Bots are limited to the permissions and channels they need, and those permissions are reviewed.',
      sv: 'Varje bot är begränsad till de behörigheter och kanaler den behöver, och behörigheterna ses över.',
    },
    keptBy: ['software', 'tenant'],
    check: 'auto',
  },
  {
    id: 'com.moderators',
    group: 'communities',
    sentence: {
      en: 'All moderator accounts use two-factor authentication, and moderators are trained for their task.',
      sv: 'Alla moderatorkonton använder tvåfaktorsautentisering, och moderatorerna är utbildade för sin uppgift.',
    },
    keptBy: ['tenant'],
    check: 'both',
  },
]
