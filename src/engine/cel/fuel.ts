/**
 * Fuel. An evaluation pays one for each part of the expression, once more for each part of a macro's body per element, and
 * for the size of what it builds. What is paid depends on the values alone, so the same input runs dry at the same place.
 */
import { isList, isMap, type Outcome } from './value.ts'

export class OutOfFuel extends Error {}
const ranDry = new OutOfFuel('out of fuel')

export class Meter {
  left = 0

  /** Throws `OutOfFuel`, which nothing in an expression can absorb. */
  spend(amount: number): void {
    this.left -= amount
    if (this.left < 0) throw ranDry
  }
}

/** What reading all of a value costs: one for each element, one for eight characters. */
export function sizeOf(value: Outcome): number {
  if (typeof value === 'string') return value.length >> 3
  if (isList(value)) return value.reduce<number>((sum, item) => sum + 1 + sizeOf(item), 0)
  if (!isMap(value)) return 0
  let sum = 0
  for (const item of value.values()) sum += 1 + sizeOf(item)
  return sum
}
