import type { Claim } from '../claim.ts'

export const incidents: readonly Claim[] = [
  {
    id: 'inc.response',
    group: 'incidents',
    sentence: {
      en: 'We have a documented and tested incident plan, and someone is on call every hour of the day and night.',
      sv: 'Vi har en dokumenterad och övad incidentplan, och någon har beredskap dygnets alla timmar.',
    },
    keptBy: ['organisation'],
    check: 'auto',
  },
  {
    id: 'inc.notify',
    group: 'incidents',
    sentence: {
      en: 'We tell affected customers of a confirmed personal data breach within 48 hours, and disclose a verified incident publicly within 72 hours.',
      sv: 'Vi underrättar berörda kunder om en bekräftad personuppgiftsincident inom 48 timmar och offentliggör en verifierad incident inom 72 timmar.',
    },
    keptBy: ['software', 'organisation'],
    check: 'auto',
  },
  {
    id: 'inc.learn',
    group: 'incidents',
    sentence: {
      en: 'Every incident ends with a detailed post-mortem and remedial actions, and each action is followed until it is done.',
      sv: 'Varje incident avslutas med en detaljerad efteranalys och åtgärder, och varje åtgärd följs upp tills den är genomförd.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'dis.program',
    group: 'incidents',
    sentence: {
      en: 'Our responsible disclosure programme offers a stated scope, safe harbour and rewards by severity; reports get a first answer within 24 hours and an acknowledgement within 48 hours.',
      sv: 'Vårt program för ansvarsfull sårbarhetsrapportering har angiven omfattning, safe harbour och belöning efter allvarlighetsgrad; rapporter får ett första svar inom 24 timmar och bekräftas inom 48 timmar.',
    },
    keptBy: ['software', 'organisation'],
    check: 'auto',
  },
  {
    id: 'dis.fix',
    group: 'incidents',
    sentence: {
      en: 'Vulnerabilities are fixed within set times that depend on their severity, and the times we actually reach are published.',
      sv: 'Sårbarheter åtgärdas inom fastställda tider som beror på allvarlighetsgraden, och våra faktiska åtgärdstider publiceras.',
    },
    keptBy: ['organisation'],
    check: 'auto',
  },
  {
    id: 'org.contact',
    group: 'incidents',
    sentence: {
      en: 'Anyone can ask us about security, privacy or compliance from the footer of every public page, and each question is tracked until it is answered.',
      sv: 'Alla kan fråga oss om säkerhet, integritet och regelefterlevnad via sidfoten på varje publik sida, och varje fråga följs tills den har besvarats.',
    },
    keptBy: ['software', 'organisation'],
    check: 'auto',
  },
]
