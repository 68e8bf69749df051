/** `/trust`: every promise with its state, for somebody with two minutes. */
import type { Language } from '#kernel/control'
import {
  type ClaimGroup,
  countStates,
  groupNames,
  groups,
  keeperNames,
  type State,
  stateNames,
  states,
} from '#assurance/claims'
import type { ClaimStanding, Standing } from '#assurance/controls'
import { html, type Html } from '../html.ts'
import type { Reader } from '../language.ts'
import { layout, localLink, type Site } from '../layout.ts'
import { sayHtmlIn, sayIn } from '../messages.ts'
import { age, ago, cadence, day, minuteMs, moment } from '../time.ts'

/** Standing older than this says that it is: it is read anew every few seconds while anybody asks. */
const oldMs = 2 * minuteMs

export const isAway = ({ fresh, asOf }: Standing, nowMs: number): boolean => !fresh || nowMs - Date.parse(asOf) > oldMs

/** `Verified 3 hours ago`, `Failing, checked 3 hours ago`; without a run, since when; planned ones say no more than that. */
export function stateWords(
  { state, last_run, since }: ClaimStanding,
  nowMs: number,
  language: Language,
): Html | string {
  const word = stateNames[state][language]
  const say = sayHtmlIn(language)
  if (last_run !== null) {
    const age = ago(Date.parse(last_run), nowMs, language)
    return state === 'verified' ? say('trust.verifiedAgo', { age }) : say('trust.checked', { state: word, age })
  }
  return since === null ? word : say('trust.since', { state: word, day: day(Date.parse(since), language) })
}

export const keeperList = ({ kept_by }: ClaimStanding, language: Language): string =>
  new Intl.ListFormat(language).format(kept_by.map((keeper) => keeperNames[keeper][language]))

/** How often the promise is looked at: as often as the rarest of its checks. */
const everyMs = ({ checks }: ClaimStanding): number => Math.max(0, ...checks.map(({ cadence_ms }) => cadence_ms))

/** The least that says how a promise stands: there are many of them on one page. The rest is on the page of each. */
function claimRow(claim: ClaimStanding, nowMs: number, reader: Reader): Html {
  const { language } = reader
  const say = sayIn(language)
  const keeps = say(claim.state === 'planned' ? 'trust.planned' : 'trust.keptBy', { keepers: keeperList(claim, language) }) // prettier-ignore
  const often = everyMs(claim) > 0 && `${cadence(everyMs(claim), language)}. `
  const link = html`<a href="${localLink(`/trust/${claim.id}`, reader)}">${claim.id}</a>`
  // The list of what fails leads here; to all others their own page does.
  const id = claim.state === 'failing' && html` id="${claim.id}"`
  return html`<details class="${claim.state}"${id}><summary>${claim.sentence[language]} <small>${stateWords(claim, nowMs, language)}</small></summary>${claim.why && html`<p>${claim.why[language]}</p>`}<p>${often}${keeps} ${sayHtmlIn(language)('trust.details', { link })}</p></details>` // prettier-ignore
}

/** One stroke for each state, as long as its share. The list below it says the same in words. */
function bar(counts: Readonly<Record<State, number>>, total: number): Html {
  let at = 0
  const strokes = states.flatMap((state) => {
    const count = counts[state]
    const stroke = html`<rect class="${state}" x="${at}" width="${count}" height="1"/>` // prettier-ignore
    at += count
    return count > 0 ? [stroke] : []
  })
  return html`<svg class="bar" viewBox="0 0 ${total} 1" width="300" height="12" preserveAspectRatio="none" aria-hidden="true">${strokes}</svg>` // prettier-ignore
}

const feedLinks = (reader: Reader): Html => {
  const say = sayIn(reader.language)
  return html`<link rel="alternate" type="application/atom+xml" title="${say('trust.follow.atom')}" href="${localLink('/trust/feed.atom', reader)}"><link rel="alternate" type="application/feed+json" title="${say('trust.follow.feed')}" href="${localLink('/trust/feed.json', reader)}">` // prettier-ignore
}

/** `nowMs` is a whole minute: ages change with it and with nothing else. */
export function trustPage(site: Site, reader: Reader, standing: Standing, nowMs: number): string {
  const { language } = reader
  const say = sayIn(language)
  const { claims } = standing
  const total = claims.length
  const counts = countStates(claims)
  const asOfMs = Date.parse(standing.asOf)
  const failing = claims.filter(({ state }) => state === 'failing')

  const state = (name: State): Html =>
    html`<div class="${name}"><dt>${stateNames[name][language]} <span>${counts[name]}</span></dt><dd>${say(`state.${name}.means`)}</dd></div>` // prettier-ignore
  const group = (name: ClaimGroup): Html | undefined => {
    const members = claims.filter((claim) => claim.group === name)
    if (members.length === 0) return undefined
    const verified = members.filter((claim) => claim.state === 'verified').length
    return html`<section class="split" aria-labelledby="${name}"><div><h2 id="${name}">${groupNames[name][language]}</h2><p><small>${say('trust.verified', { verified, total: members.length })}</small></p></div>
<div class="claims">${members.map((claim) => claimRow(claim, nowMs, reader))}</div></section>` // prettier-ignore
  }
  const way = (to: string, words: 'json' | 'atom' | 'feed'): Html =>
    html`<li><a href="${words === 'json' ? to : localLink(to, reader)}">${say(`trust.follow.${words}`)}</a></li>`

  return layout(
    site,
    {
      title: say('trust.title'),
      description: say('trust.description'),
      reader,
      path: '/trust',
      head: feedLinks(reader),
    },
    html`<div class="text">
        <h1>${say('trust.heading', { verified: counts.verified, total })}</h1>
        <p class="lead">${say('trust.lead')}</p>
        ${
          isAway(standing, nowMs)
            ? html`<p class="notice stale">
                ${sayHtmlIn(language)('trust.away', { moment: moment(asOfMs, language), age: age(asOfMs, nowMs, language) })}
              </p>`
            : html`<p>
                <small>${say('trust.asOf')} ${moment(Math.floor(asOfMs / minuteMs) * minuteMs, language)}</small>
              </p>`
        }
        ${
          failing.length > 0 &&
          html`<p class="notice failing">
            ${say('trust.failing', { failing: failing.length })}
            ${failing.map(({ id }) => html`<a href="#${id}">${id}</a> `)}
          </p>`
        }
      </div>
      <section aria-labelledby="states">
        <h2 id="states">${say('trust.states')}</h2>
        ${bar(counts, total)}
        <dl class="states">${states.map(state)}</dl>
      </section>
      ${groups.map(group)}
      <section class="split" aria-labelledby="follow">
        <h2 id="follow">${say('trust.follow')}</h2>
        <div>
          <p>${say('trust.follow.lead')}</p>
          <ul class="ways">
            ${way('/trust.json', 'json')}${way('/trust/feed.atom', 'atom')}${way('/trust/feed.json', 'feed')}
          </ul>
        </div>
      </section>`,
  )
}
