import type { Claim } from '../claim.ts'

export const organisation: readonly Claim[] = [
  {
    id: 'org.team',
    group: 'organisation',
    sentence: {
      en: 'A security team with people from management, engineering and privacy is in place, with named roles.',
      sv: 'Det finns ett säkerhetsteam med personer från ledning, utveckling och dataskydd, med namngivna roller.',
    },
    keptBy: ['organisation'],
    check: 'record',
  },
  {
    id: 'org.checks',
    group: 'organisation',
    sentence: {
      en: 'Before anyone is hired, their identity is validated and their background is checked.',
      sv: 'Innan någon anställs bekräftas personens identitet och en bakgrundskontroll genomförs.',
    },
    keptBy: ['organisation'],
    check: 'both',
  },
  {
    id: 'org.training',
    group: 'organisation',
    sentence: {
      en: 'Everyone on our staff completes security training and is bound to confidentiality.',
      sv: 'Alla som arbetar hos oss genomgår säkerhetsutbildning och är bundna av tystnadsplikt.',
    },
    keptBy: ['organisation'],
    check: 'both',
  },
  {
    id: 'org.devices',
    group: 'organisation',
    sentence: {
      en: 'Laptops have full-disk encryption, the use of portable storage is restricted, and devices are wiped when they are replaced.',
      sv: 'Bärbara datorer har fullständig diskkryptering, användningen av flyttbara lagringsmedier är begränsad, och enheter rensas när de byts ut.',
    },
    keptBy: ['organisation'],
    check: 'record',
  },
  {
    id: 'org.premises',
    group: 'organisation',
    sentence: {
      en: 'Entering our offices requires a badge, and visitors are approved and registered.',
      sv: 'För att komma in på våra kontor krävs passerkort, och besökare godkänns och registreras.',
    },
    keptBy: ['organisation'],
    check: 'record',
  },
  {
    id: 'org.policies',
    group: 'organisation',
    sentence: {
      en: 'Policies on confidentiality, data security, storage and recovery, breach and leakage prevention, ethics and anti-corruption are in force, accepted by staff and reviewed on set dates.',
      sv: 'Policyer för sekretess, datasäkerhet, lagring och återställning, skydd mot intrång och läckage, etik och antikorruption gäller, är accepterade av personalen och ses över på bestämda datum.',
    },
    keptBy: ['organisation'],
    check: 'both',
  },
  {
    id: 'org.audits',
    group: 'organisation',
    sentence: {
      en: 'Independent audits take place every quarter, and penetration testing goes on continuously in between.',
      sv: 'Oberoende granskningar görs varje kvartal, och däremellan pågår penetrationstester fortlöpande.',
    },
    keptBy: ['organisation', 'software'],
    check: 'both',
  },
  {
    id: 'org.compliance',
    group: 'organisation',
    sentence: {
      en: 'Where we stand on GDPR, CCPA, SOC 2 and ISO 27001, plans included, is shown in one place and never goes beyond our records.',
      sv: 'Hur vi förhåller oss till GDPR, CCPA, SOC 2 och ISO 27001, inklusive planer, visas på ett ställe och går aldrig utöver våra underlag.',
    },
    keptBy: ['organisation'],
    check: 'both',
  },
  {
    id: 'org.questionnaire',
    group: 'organisation',
    sentence: {
      en: 'An answered security questionnaire and a white paper can be downloaded, both with version numbers.',
      sv: 'Ett besvarat frågeformulär om säkerhet och ett white paper går att ladda ner, båda med versionsnummer.',
    },
    keptBy: ['software', 'organisation'],
    check: 'auto',
  },
  {
    id: 'org.dated',
    group: 'organisation',
    sentence: {
      en: 'Every public text shows its version and the date of its last update, earlier versions stay readable, and security changes are listed in a changelog.',
      sv: 'Varje publik text visar sin version och när den senast uppdaterades, tidigare versioner går att läsa, och säkerhetsändringar redovisas i en ändringslogg.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'org.updates',
    group: 'organisation',
    sentence: {
      en: 'Announcements go out by newsletter, feed, Discord and Slack, and the newsletter is sent only to addresses that have confirmed it.',
      sv: 'Nyheter skickas ut via nyhetsbrev, flöden, Discord och Slack, och nyhetsbrevet går bara till adresser som har bekräftat prenumerationen.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'org.advice',
    group: 'organisation',
    sentence: {
      en: 'Administrators receive recommendations that are based on their actual settings and say what is missing.',
      sv: 'Administratörer får rekommendationer som bygger på deras faktiska inställningar och säger vad som saknas.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
]
