import type { Claim } from '../claim.ts'

export const encryption: readonly Claim[] = [
  {
    id: 'enc.transit',
    group: 'encryption',
    sentence: {
      en: 'Network connections use TLS 1.3 where possible and never less than TLS 1.2, with modern ciphers; plain HTTP is redirected, and HSTS holds browsers to HTTPS.',
      sv: 'Anslutningar över nätet använder TLS 1.3 när det går och aldrig lägre än TLS 1.2, med moderna chiffer; HTTP omdirigeras och HSTS håller webbläsare kvar vid HTTPS.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
  {
    id: 'enc.rest',
    group: 'encryption',
    sentence: {
      en: 'Stored personal data and secrets are encrypted with AES-256, under separate keys for each customer.',
      sv: 'Lagrade personuppgifter och hemligheter är krypterade med AES-256, med egna nycklar för varje kund.',
    },
    keptBy: ['software', 'deployment'],
    check: 'auto',
  },
  {
    id: 'enc.backup',
    group: 'encryption',
    sentence: {
      en: 'Every backup is encrypted with AES-256 before it leaves our process, and cannot be opened without its key.',
      sv: 'Varje säkerhetskopia krypteras med AES-256 innan den lämnar vår process och kan inte öppnas utan sin nyckel.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'enc.secrets',
    group: 'encryption',
    sentence: {
      en: 'API keys and webhook secrets are shown once and never stored in plain text; other production credentials are stored encrypted.',
      sv: 'API-nycklar och webhookhemligheter visas en enda gång och lagras aldrig i klartext; övriga inloggningsuppgifter för driften lagras krypterade.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'enc.mail',
    group: 'encryption',
    sentence: {
      en: 'Mail is sent over TLS; only when the receiving server offers none is the next best way used, and the delivery record says which.',
      sv: 'E-post skickas med TLS; bara när mottagarens server saknar stöd används det näst bästa alternativet, och leveransposten visar vilket.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
  {
    id: 'enc.keys',
    group: 'encryption',
    sentence: {
      en: 'The public keys that verify our signatures are published at fixed addresses, together with the history of their rotation.',
      sv: 'De publika nycklar som våra signaturer kontrolleras med publiceras på fasta adresser, tillsammans med historiken över nyckelbyten.',
    },
    keptBy: ['software'],
    check: 'auto',
  },
]
