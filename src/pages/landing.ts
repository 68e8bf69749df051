/** The start page of an installation: what it is, how it is, what to do next. */
import { html, type Html, isolated } from './html.ts'
import type { Reader } from './language.ts'
import { layout, localLink, type Site } from './layout.ts'
import { type MessageKey, sayHtmlIn, sayIn } from './messages.ts'
import { moment } from './time.ts'

export type Health = {
  database: 'ok' | 'away'
  /** Age of the oldest row that is not in the log yet. */
  logLagSeconds: number
}
export type Counts = { total: number; verified: number; failing: number }

/** From when on a row that waits for the log is worth a word. */
const lagWorthSaying = 5

const commands = (origin: string): readonly (readonly [MessageKey, MessageKey, string])[] => [
  ['landing.next.tenant', 'landing.next.tenant.why', 'bin/vouch tenant create Acme'],
  [
    'landing.next.decide',
    'landing.next.decide.why',
    `curl -sS ${origin}/v1/evaluate \\
  -H 'Authorization: Bearer vch_test_…' \\
  -H 'Content-Type: application/json' \\
  -d '{"amount":"349.99","currency":"EUR","category":"electronics","merchant_id":"m_1"}'`,
  ],
  [
    'landing.next.read',
    'landing.next.read.why',
    `curl -sS ${origin}/v1/decisions \\
  -H 'Authorization: Bearer vch_test_…'`,
  ],
  ['landing.next.verify', 'landing.next.verify.why', 'bin/vouch log export ./export\nbin/vouch log verify ./export'],
  ['landing.next.doctor', 'landing.next.doctor.why', 'bin/vouch doctor'],
]

export function landingPage(
  site: Site,
  reader: Reader,
  state: { health: Health; counts: Counts | undefined; atMs: number },
): string {
  const { health, counts, atMs } = state
  const say = sayIn(reader.language)
  const isLate = health.logLagSeconds >= lagWorthSaying
  const fact = (name: MessageKey, isWell: boolean, words: string | Html): Html =>
    html`<div class="${isWell ? 'verified' : 'failing'}">
      <dt>${say(name)}</dt>
      <dd>${words}</dd>
    </div>`
  const promises = counts ? say('landing.claims.counts', counts) : say('landing.claims.unknown')
  const step = ([name, why, command]: ReturnType<typeof commands>[number]): Html =>
    html`<li>
      <h3>${say(name)}</h3>
      <p>${say(why)}</p>
      <pre><code>${command}</code></pre>
    </li>`
  const way = (to: string, name: MessageKey, words: MessageKey): Html =>
    html`<li><a href="${localLink(to, reader)}">${say(name)}</a> <span>${say(words)}</span></li>`

  return layout(
    site,
    { title: say('landing.title'), description: say('landing.description'), reader, path: '/' },
    html`<div class="text">
        <h1>${say('landing.heading')}</h1>
        <p class="lead">${sayHtmlIn(reader.language)('landing.lead', { name: isolated(site.installation) })}</p>
      </div>
      <section class="split" aria-labelledby="health">
        <h2 id="health">${say('landing.health')}</h2>
        <div>
          <dl class="facts health">
            ${fact('landing.database', health.database === 'ok', say(`landing.database.${health.database}`))}
            ${fact('landing.log', !isLate, isLate ? say('landing.log.behind', { seconds: Math.round(health.logLagSeconds) }) : say('landing.log.ok'))}
            ${fact('landing.claims', counts !== undefined && counts.failing === 0, html`<a href="${localLink('/trust', reader)}">${promises}</a>`)}
          </dl>
          <p><small>${say('landing.health.asOf')} ${moment(atMs, reader.language)}</small></p>
        </div>
      </section>
      <section class="split" aria-labelledby="next">
        <h2 id="next">${say('landing.next')}</h2>
        <ol class="steps">
          ${commands(site.origin).map(step)}
        </ol>
      </section>
      <section class="split" aria-labelledby="more">
        <h2 id="more">${say('landing.more')}</h2>
        <ul class="ways">
          ${way('/docs', 'layout.docs', 'landing.more.docs')}${way('/trust', 'layout.trust', 'landing.more.trust')}${way('/docs/api', 'layout.api', 'landing.more.api')}${way('/errors', 'errors.title', 'errors.description')}
        </ul>
      </section>`,
  )
}
