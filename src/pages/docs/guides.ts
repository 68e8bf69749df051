/** The guides: every page of docs/, read once, in the order in which a newcomer needs them. */
import { readdirSync, readFileSync } from 'node:fs'
import { type Section, sectionsOf } from '../markdown.ts'

const root = new URL('../../../docs/', import.meta.url)
/** Folders of docs/ whose pages are guides. Refusals have pages of their own; records of decisions are for those who change the code. */
const folders = ['', 'log/', 'operations/', 'trust/']

export const guideGroups = ['start', 'policies', 'agents', 'log', 'operations', 'security', 'more'] as const
type GuideGroup = (typeof guideGroups)[number]

export type Guide = {
  /** Below `/docs/`: `policy`, `log/verify`. */
  readonly slug: string
  readonly group: GuideGroup
  readonly title: string
  /** What it is about, in a sentence; its first one, where nobody wrote another. */
  readonly summary: string
  /** As it is written. */
  readonly markdown: string
  /** Without the title. */
  readonly body: string
  /** Made when they are first asked for: a command line that shows no pages does not wait for them. */
  sections(): readonly Section[]
}

/** Pages in the order of reading, with what they are about. One that is not named comes after those of its folder, or under `more`. */
const order: Readonly<Record<Exclude<GuideGroup, 'more'>, Readonly<Record<string, string>>>> = {
  start: {
    quickstart: 'From nothing to a decision, a new key and a client in your language.',
    'first-proof': 'Why a decision was made, the same decision judged again, and its proof in the log.',
    testing: 'Test keys, and merchants that force an outcome.',
    simulator: 'The world of the demo: payments whose truth is known.',
  },
  policies: {
    policy: 'What judges: factors, rules, thresholds; drafts, versions and the default.',
    'policy-reference': 'Every signal that expressions can read, and the language they are written in.',
    analytics: 'What became of decisions, how many there were, and how right they were.',
  },
  agents: {
    mcp: 'Vouch as tools of an agent, over the Model Context Protocol.',
    agents: 'Agents that sign the payments they make, and what comes of it.',
  },
  log: {
    'log/format': 'Entries, tree, checkpoints: what is hashed and what is signed.',
    'log/verify': 'Verify a log with openssl, jq and Python or Go alone.',
    'log/witnesses': 'Let others sign that the log was not rewritten.',
    'log/limits': 'What remains possible, and what to do about it.',
  },
  operations: {
    'operations/install': 'As a container, with compose, or as a service of systemd.',
    'operations/first-start': 'Home, master key, stopping, upgrades, backups, the log of the process.',
    'operations/database': 'Run it on a PostgreSQL of yours.',
    settings: 'Every setting, its default and its bounds.',
    'operations/limits': 'Everything that has an end, and what a caller sees there.',
  },
  security: {
    data: 'Every table and column: what it holds, whose it is, how long, in what form.',
    'threat-model': 'What is defended, how, and what is not.',
    promises: 'Every promise, what looks at it, and the tests that prove it.',
    'trust/attestations': 'How a promise stands, signed, and how to verify that without a server.',
  },
}
/** What is not a guide: it is shown above the list of operations. */
const overview = 'api'

function placeOf(slug: string): readonly [GuideGroup, number] {
  for (const group of guideGroups) {
    const at = group === 'more' ? -1 : Object.keys(order[group]).indexOf(slug)
    if (at >= 0) return [group, at]
  }
  const [folder = ''] = slug.split('/')
  return [folder === 'log' || folder === 'operations' ? folder : 'more', 1_000]
}

/** The first sentence of a text, without its marks. */
function firstSentence(markdown: string): string {
  const [paragraph = ''] = markdown.split('\n\n')
  const plain = paragraph
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
  return /^.+?[.:](?=\s|$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain
}

/** `# Title`, then the rest. Throws on another form: a wrong page is found at the start. */
function readGuide(slug: string): Guide {
  const markdown = readFileSync(new URL(`${slug}.md`, root), 'utf8')
  const [, title, body] = /^# (.+)\n\n([^]+)$/.exec(markdown) ?? []
  if (title === undefined || body === undefined) throw new Error(`docs/${slug}.md does not begin with its title`)
  const [group] = placeOf(slug)
  const about = group === 'more' ? undefined : order[group][slug]
  let made: readonly Section[] | undefined
  const sections = () => (made ??= sectionsOf(body))
  return { slug, group, title, summary: about ?? firstSentence(body), markdown, body, sections }
}

export type Guides = {
  /** In order. */
  readonly all: readonly Guide[]
  readonly overview: Guide
  find(slug: string): Guide | undefined
  /** Where a link in the page of docs/ leads on this site: `../errors/conflict.md#x` is `/errors/conflict#x`. Files of the source lead nowhere. */
  resolve(from: Pick<Guide, 'slug'>, href: string): string | undefined
  /** The title of the guide at such an address. */
  titleAt(address: string): string | undefined
}

export function readGuides(): Guides {
  const slugs = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}${name.slice(0, -3)}`),
  )
  const rank = (slug: string): number => {
    const [group, at] = placeOf(slug)
    return guideGroups.indexOf(group) * 10_000 + at
  }
  const all = slugs
    .filter((slug) => slug !== overview)
    .toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map(readGuide)
  const known = new Map(all.map((guide) => [guide.slug, guide]))

  return {
    all,
    overview: readGuide(overview),
    find: (slug) => known.get(slug),
    titleAt: (address) => known.get(/^\/docs\/([^?#]+)/.exec(address)?.[1] ?? '')?.title,
    resolve(from, href) {
      if (/^(https:|mailto:|#)/.test(href)) return href
      if (href.startsWith('/')) return href
      const { pathname, hash } = new URL(href, `docs:///docs/${from.slug}.md`)
      const [, path] = /^\/docs\/(.+)\.md$/.exec(pathname) ?? []
      if (path === undefined) return undefined
      if (path === overview) return `/docs/api${hash}`
      if (known.has(path)) return `/docs/${path}${hash}`
      const [, code] = /^errors\/(?:sv\/)?(\w+)$/.exec(path) ?? []
      if (code === undefined) return undefined
      return code === 'README' ? '/errors' : `/errors/${code}${hash}`
    },
  }
}
