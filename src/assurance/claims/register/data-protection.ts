import type { Claim } from '../claim.ts'

export const dataProtection: readonly Claim[] = [
  {
    id: 'dat.minimum',
    group: 'data-protection',
    sentence: {
      en: 'We process only the data that is necessary; decisions work with opaque ids alone and need no personal data about end users.',
      sv: 'Vi behandlar bara de uppgifter som är nödvändiga; beslut kan fattas på enbart neutrala id:n och kräver inga personuppgifter om slutanvändare.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'dat.cards',
    group: 'data-protection',
    sentence: {
      en: 'Payment card numbers are kept out: anything that looks like one is refused and never logged.',
      sv: 'Betalkortsnummer hålls utanför: allt som ser ut som ett sådant avvisas och loggas aldrig.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'dat.rights',
    group: 'data-protection',
    sentence: {
      en: 'On request, the data of one person or of a whole customer is exported or deleted, within a tracked deadline and with a receipt.',
      sv: 'På begäran exporteras eller raderas uppgifter om en enskild person eller en hel kund, med bevakad tidsfrist och kvitto.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'dat.retention',
    group: 'data-protection',
    sentence: {
      en: 'Data is deleted when its stated time is up: logs after 1 year, backups after 30 days.',
      sv: 'Uppgifter raderas när den angivna tiden har gått: loggar efter 1 år, säkerhetskopior efter 30 dagar.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'dat.dpa',
    group: 'data-protection',
    sentence: {
      en: 'Customers receive a signed data processing agreement, terms of service and a privacy policy, each in dated versions.',
      sv: 'Kunder får ett undertecknat personuppgiftsbiträdesavtal, användarvillkor och en integritetspolicy, alla i daterade versioner.',
    },
    keptBy: ['organisation'],
    check: 'record',
  },
  {
    id: 'dat.region',
    group: 'data-protection',
    sentence: {
      en: 'Data is hosted in the EU, by providers whose security certificates we keep on record and watch for expiry.',
      sv: 'Driften sker inom EU, hos leverantörer vars säkerhetscertifikat vi har dokumenterade och vars giltighetstid vi bevakar.',
    },
    keptBy: ['deployment', 'organisation'],
    check: 'both',
  },
  {
    id: 'dat.invites',
    group: 'data-protection',
    sentence: {
      en: 'Businesses choose how they invite reviewers, some ways share no personal data with us, and a public overview compares them.',
      sv: 'Företag väljer själva hur de bjuder in recensenter, vissa sätt delar inga personuppgifter med oss, och en offentlig översikt jämför dem.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
]
