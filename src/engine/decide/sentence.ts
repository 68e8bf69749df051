/** Sentences of a policy's author, with facts in them: `{amount}` stands for what the signal was. */
import type { Value } from '#engine/cel'

const fact = /\{([^{}]*)\}/g

/** Names in braces with where they begin; a brace without its other one has no name. */
export function findFacts(text: string): { name: string | undefined; offset: number; length: number }[] {
  const found = [...text.matchAll(fact)].map((match) => ({
    name: match[1] ?? '',
    offset: match.index,
    length: match[0].length,
  }))
  const rest = text.replaceAll(fact, (all) => ' '.repeat(all.length))
  const lone = rest.search(/[{}]/)
  return lone < 0 ? found : [...found, { name: undefined, offset: lone, length: 1 }]
}

/** A value as a parameter of a reason; undefined where there is nothing to show. */
export function toParameter(value: Value | undefined): string | number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value * 100) / 100 + 0 : undefined
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return typeof value === 'string' ? value : undefined
}

export function fillSentence(text: string, params: Readonly<Record<string, string | number>>): string {
  const filled = text.replaceAll(fact, (_, name: string) => String(params[name] ?? 'not measured'))
  return /[.!?]$/.test(filled) ? filled : `${filled}.`
}
