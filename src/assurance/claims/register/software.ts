import type { Claim } from '../claim.ts'

export const software: readonly Claim[] = [
  {
    id: 'app.input',
    group: 'software',
    sentence: {
      en: 'All input is strictly validated against closed schemas, and output is made safe for the place where it appears, from web pages to spreadsheets.',
      sv: 'Alla indata valideras strikt mot slutna scheman, och utdata görs säkra för den plats där de visas, från webbsidor till kalkylblad.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'app.headers',
    group: 'software',
    sentence: {
      en: 'Every response carries protective headers: HSTS, nosniff, frame protection, a referrer policy and a content security policy.',
      sv: 'Varje svar har skyddande HTTP-huvuden: HSTS, nosniff, skydd mot inramning, en referrer policy och en content security policy.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'app.webhooks',
    group: 'software',
    sentence: {
      en: "Every webhook delivery is signed with HMAC-SHA256 under a secret of that endpoint's own, so that a changed message can be recognised.",
      sv: 'Varje webhookleverans signeras med HMAC-SHA256 och en hemlighet som bara gäller den mottagaradressen, så att ett ändrat meddelande går att känna igen.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'app.malware',
    group: 'software',
    sentence: {
      en: 'Uploaded files enter in one place, where they are scanned for malware; without a scanner, uploads stay switched off.',
      sv: 'Uppladdade filer tas emot på ett enda ställe, där de genomsöks efter skadlig kod; utan virusskanner är uppladdning avstängd.',
    },
    keptBy: ['software', 'deployment'],
    check: 'both',
  },
  {
    id: 'app.tested',
    group: 'software',
    sentence: {
      en: 'Every change is tested before it is released, and each build carries the digest of its test run.',
      sv: 'Varje ändring testas innan den släpps, och varje bygge bär kontrollsumman för sin testkörning.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'app.sast',
    group: 'software',
    sentence: {
      en: 'The software is tested continuously, both statically and while running, with the OWASP Top 10 among the risks covered.',
      sv: 'Programvaran testas fortlöpande, både statiskt och under körning, och OWASP Top 10 hör till de risker som omfattas.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'app.deps',
    group: 'software',
    sentence: {
      en: 'Dependencies and the systems beneath them are scanned for known vulnerabilities and ended support, and patched; the days this takes are measured.',
      sv: 'Beroenden och underliggande system genomsöks efter kända sårbarheter och avslutad support och uppdateras; antalet dagar det tar mäts.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
  {
    id: 'app.review',
    group: 'software',
    sentence: {
      en: 'Every change gets a manual security review by someone other than its author; infrastructure is kept as code, and instances are replaced often rather than altered.',
      sv: 'Varje ändring säkerhetsgranskas manuellt av någon annan än den som skrev den; infrastrukturen hanteras som kod, och instanser byts ofta ut i stället för att ändras.',
    },
    keptBy: ['organisation', 'software'],
    check: 'both',
  },
  {
    id: 'app.segments',
    group: 'software',
    sentence: {
      en: 'Networks are segmented and firewalled, and hosts are hardened: services run without root rights and on read-only file systems.',
      sv: 'Näten är segmenterade och skyddade av brandväggar, och värdarna är härdade: tjänsterna körs utan root-behörighet och med skrivskyddade filsystem.',
    },
    keptBy: ['deployment'],
    check: 'auto',
  },
]
