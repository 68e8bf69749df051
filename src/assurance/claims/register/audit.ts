import type { Claim } from '../claim.ts'

export const audit: readonly Claim[] = [
  {
    id: 'aud.trail',
    group: 'audit',
    sentence: {
      en: "Every system action, data access and configuration change is kept for one year in the customer's own signed log, where tampering can be detected.",
      sv: 'Alla systemåtgärder, dataåtkomster och konfigurationsändringar sparas i ett år i kundens egen signerade logg, där manipulation går att upptäcka.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'aud.levels',
    group: 'audit',
    sentence: {
      en: 'Customers choose their own logging level, but never below a fixed floor, and every change of level is itself logged.',
      sv: 'Varje kund väljer sin egen loggnivå, men aldrig under en fast lägstanivå, och varje ändring av nivån loggas.',
    },
    keptBy: ['software', 'tenant'],
    check: 'auto',
  },
  {
    id: 'aud.decisions',
    group: 'audit',
    sentence: {
      en: 'Every decision has a trace id, a breakdown into factors and reasons in words, and can be replayed until its content is erased.',
      sv: 'Varje beslut har ett spårnings-id, en uppdelning i faktorer och skäl i ord, och kan räknas om tills innehållet har raderats.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'aud.logs',
    group: 'audit',
    sentence: {
      en: 'All parts of the service write structured logs, with sensitive values removed, and the logs are gathered in one central place.',
      sv: 'Alla delar av tjänsten skriver strukturerade loggar, utan känsliga värden, och loggarna samlas på ett centralt ställe.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
  {
    id: 'mon.alerts',
    group: 'audit',
    sentence: {
      en: 'Monitoring runs around the clock and alerts on error rates, latency, sign-in anomalies and suspicious activity; if monitoring itself falls silent, that raises an alert too.',
      sv: 'Övervakningen pågår dygnet runt och larmar om felfrekvens, svarstider, avvikande inloggningar och misstänkt aktivitet; om den själv tystnar går också ett larm.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'app.limits',
    group: 'audit',
    sentence: {
      en: 'Requests are limited per customer and per IP address, and failed attempts to authenticate are throttled, to curb abuse and brute-force attacks.',
      sv: 'Anrop begränsas per kund och per IP-adress, och misslyckade autentiseringsförsök bromsas, för att motverka missbruk och brute force-attacker.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'mon.ddos',
    group: 'audit',
    sentence: {
      en: 'Layered protection against denial-of-service attacks, with a web application firewall, a CDN and limits of our own, is built to keep the service available under attack.',
      sv: 'Ett skydd i flera lager mot överbelastningsattacker, med brandvägg för webbapplikationer, CDN och egna gränser, är byggt för att hålla tjänsten tillgänglig under en attack.',
    },
    keptBy: ['software', 'deployment'],
    check: 'both',
  },
]
