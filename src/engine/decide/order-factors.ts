/** Factors may read each other's points; here is the order in which that is possible, or the cycle in which it is not. */
import type { CompiledFactor } from './compile-policy.ts'
import { type Noted, positionOf } from './compile-expression.ts'
import { pointsSignal } from './signals.ts'

export function orderFactors(factors: readonly CompiledFactor[], note: Noted): CompiledFactor[] {
  const byPoints = new Map(factors.map((one) => [pointsSignal(one.factor.id), one]))
  const needs = (one: CompiledFactor): CompiledFactor[] =>
    [...(one.program?.reads ?? []), ...one.facts].flatMap((name) => byPoints.get(name) ?? [])
  const placed = new Set<CompiledFactor>()
  let waiting = [...factors]
  while (waiting.length > 0) {
    const ready = waiting.filter((one) => needs(one).every((other) => placed.has(other)))
    if (ready.length === 0) break
    for (const one of ready) placed.add(one)
    waiting = waiting.filter((one) => !placed.has(one))
  }
  for (const one of waiting) if (reaches(one, one, needs)) note(cycleAt(one, factors.indexOf(one), needs))
  return [...placed]
}

function reaches(from: CompiledFactor, to: CompiledFactor, needs: (one: CompiledFactor) => CompiledFactor[]): boolean {
  const seen = new Set<CompiledFactor>()
  const waiting = needs(from)
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (one === to) return true
    if (!seen.has(one)) waiting.push(...needs(one))
    seen.add(one)
  }
  return false
}

function cycleAt(one: CompiledFactor, n: number, needs: (one: CompiledFactor) => CompiledFactor[]) {
  const { cel, reason = '' } = one.factor
  const guilty = needs(one).find((other) => other === one || reaches(other, one, needs)) ?? one
  const name = pointsSignal(guilty.factor.id)
  const isInReason = cel === undefined || !one.program?.reads.includes(name)
  const text = isInReason ? reason : cel
  const message = 'A cycle: these points depend on the points that they are needed for.'
  const position = positionOf(text, Math.max(0, text.indexOf(name)))
  return { pointer: `/factors/${n}/${isInReason ? 'reason' : 'cel'}`, message, position }
}
