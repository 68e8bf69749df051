/** `/trust/{claim}`: one promise with everything that shows how it stands, and how to check that oneself. */
import { groupNames, stateNames } from '#assurance/claims'
import type { CheckStanding, ClaimStanding, Transition } from '#assurance/controls'
import { html, type Html } from '../html.ts'
import type { Reader } from '../language.ts'
import { layout, localLink, type Site } from '../layout.ts'
import { type MessageKey, sayIn } from '../messages.ts'
import { ago, cadence, moment } from '../time.ts'
import { keeperList, stateWords } from './page.ts'

const code = (text: string): Html => html`<code>${text}</code>`

export function claimPage(
  site: Site,
  reader: Reader,
  /** `key` verifies signed statements. */
  { claim, key, nowMs }: { claim: ClaimStanding; key: string | undefined; nowMs: number },
): string {
  const { language } = reader
  const say = sayIn(language)
  const fact = (name: MessageKey, value: unknown): Html =>
    html`<div>
      <dt>${say(name)}</dt>
      <dd>${value}</dd>
    </div>`
  const at = (time: string): Html =>
    html`${moment(Date.parse(time), language)} <small>${ago(Date.parse(time), nowMs, language)}</small>`

  const check = ({ what, cadence_ms, last, planted, ...check }: CheckStanding, index: number): Html =>
    html`<h3 id="check-${index + 1}">${what[language]}</h3>
      <dl class="facts">
        ${fact('claim.cadence', cadence(cadence_ms, language))}
        ${
          last
            ? html`${fact('claim.last', html`<strong>${say(`result.${last.result}`)}</strong>, ${at(last.at)}`)}
              ${fact('claim.saw', last.saw[language])}
              ${fact('claim.expires', moment(Date.parse(last.expires_at), language))}
              ${fact('claim.evidence', code(last.evidence_digest))}`
            : fact('claim.last', say('claim.last.none'))
        }
        ${fact(
          'claim.planted',
          planted
            ? html`<strong>${say(planted.caught ? 'claim.planted.caught' : 'claim.planted.missed')}</strong>:
                ${planted.what[language]}<br />${at(planted.at)}`
            : say('claim.planted.none'),
        )}
        ${fact('claim.version', html`${code(check.id)} ${check.version}`)}
        ${fact(
          'claim.sources',
          check.sources.map((file) => html`${code(file)} `),
        )}
        ${fact('claim.source', code(check.source_digest))}
      </dl>`

  const transition = ({ at: time, from, to, why }: Transition): Html => {
    const words = { to: stateNames[to][language], ...(from ? { from: stateNames[from][language] } : {}) }
    return html`<li class="${to}">
      <strong>${from ? say('claim.history.changed', words) : say('claim.history.first', words)}</strong>
      <small>${moment(Date.parse(time), language)}</small>
      <p>${why[language]}</p>
    </li>`
  }

  const step = (words: MessageKey, command: string): Html =>
    html`<li>
      <p>${say(words)}</p>
      <pre><code>${command}</code></pre>
    </li>`
  const files = [...new Set(claim.checks.flatMap(({ sources }) => sources))]

  return layout(
    site,
    { title: claim.id, description: claim.sentence[language], reader, path: `/trust/${claim.id}` },
    html`<p class="eyebrow">
        <a href="${localLink(`/trust#${claim.group}`, reader)}">${say('claim.all')}</a> /
        ${groupNames[claim.group][language]} / ${code(claim.id)}
      </p>
      <div class="text">
        <h1 class="sentence">${claim.sentence[language]}</h1>
        <p class="state ${claim.state}">${stateWords(claim, nowMs, language)}</p>
        <p>${claim.why?.[language] ?? say(`state.${claim.state}.means`)}</p>
        <dl class="facts">
          ${claim.since && fact('claim.since', at(claim.since))}
          ${fact(claim.state === 'planned' ? 'claim.fallsTo' : 'claim.keptBy', keeperList(claim, language))}
        </dl>
      </div>
      <section class="split" aria-labelledby="checks">
        <h2 id="checks">${say('claim.checks')}</h2>
        <div>${claim.checks.length > 0 ? claim.checks.map(check) : html`<p>${say('claim.checks.none')}</p>`}</div>
      </section>
      <section class="split" aria-labelledby="history">
        <h2 id="history">${say('claim.history')}</h2>
        <div>
          ${
            claim.history.length > 0
              ? html`<ol class="history">
                  ${claim.history.map(transition)}
                </ol>`
              : html`<p>${say('claim.history.none')}</p>`
          }
        </div>
      </section>
      <section class="split" aria-labelledby="tests">
        <h2 id="tests">${say('claim.tests')}</h2>
        <div>
          ${
            claim.tests.length > 0
              ? html`<ul class="list" lang="en">
                  ${claim.tests.map((name) => html`<li>${name}</li>`)}
                </ul>`
              : html`<p>${say('claim.tests.none')}</p>`
          }
        </div>
      </section>
      <section class="split" aria-labelledby="verify">
        <h2 id="verify">${say('claim.verify')}</h2>
        <div>
          <ol class="steps">
            ${step('claim.verify.state', `curl -sS ${site.origin}/trust.json \\\n  | jq '.claims[] | select(.id == "${claim.id}")'`)}
            ${
              key !== undefined &&
              step(
                'claim.verify.signed',
                `curl -sS ${site.origin}/trust/attestations/${claim.id} > ${claim.id}.dsse.json\nbin/vouch trust verify ${claim.id}.dsse.json --key '${key}'`,
              )
            }
            ${files.length > 0 && step('claim.verify.source', claim.checks.map(({ sources }) => `sha256sum ${sources.join(' ')} | sha256sum`).join('\n'))}
            ${claim.tests.length > 0 && step('claim.verify.tests', 'npm ci && npm test')}
          </ol>
          ${key !== undefined && html`<p><small>${say('claim.verify.limit')}</small></p>`}
        </div>
      </section>`,
  )
}
