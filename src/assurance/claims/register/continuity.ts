import type { Claim } from '../claim.ts'

export const continuity: readonly Claim[] = [
  {
    id: 'con.backup',
    group: 'continuity',
    sentence: {
      en: 'Encrypted backups are made daily, kept for 30 days in separate locations, designed for 99.999% durability, and allow recovery to a chosen point in time.',
      sv: 'Krypterade säkerhetskopior tas dagligen, sparas i 30 dagar på skilda platser, är utformade för 99,999 % beständighet och kan återställas till en vald tidpunkt.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
  {
    id: 'con.rto',
    group: 'continuity',
    sentence: {
      en: 'We have a continuity plan, and recovery is tested in restore drills that have the service back in under 4 hours.',
      sv: 'Vi har en kontinuitetsplan, och återställningen prövas i övningar där tjänsten är i gång igen på under 4 timmar.',
    },
    keptBy: ['software', 'organisation'],
    check: 'auto',
  },
  {
    id: 'con.failover',
    group: 'continuity',
    sentence: {
      en: 'Any server can answer any request, another takes over automatically when one fails, and capacity follows demand.',
      sv: 'Vilken server som helst kan besvara vilket anrop som helst, en annan tar över automatiskt när en slutar fungera, och kapaciteten följer efterfrågan.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
  {
    id: 'con.status',
    group: 'continuity',
    sentence: {
      en: 'A status page shows the results of real probes, and a copy on a second host can be read while the service itself is down.',
      sv: 'En statussida visar resultaten av verkliga mätningar, och en kopia på en annan värd går att läsa medan själva tjänsten ligger nere.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
]
