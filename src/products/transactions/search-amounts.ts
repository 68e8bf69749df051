/** Searches over whole minor units. Each asks at most about seventy times. */
export type Edge = {
  minor: number
  /** Whether everything that was tried on the far side of it is approved too. */
  isEdge: boolean
}
type Ask = (minor: number) => boolean

/** The largest approved amount that was found below `from`. With `isRising` there is one edge, and it is found exactly. */
export function searchBelow(from: number, isRising: boolean, isApproved: Ask): Edge | undefined {
  if (from <= 1) return undefined
  if (isRising) return isApproved(1) ? { minor: bisect(1, from, isApproved), isEdge: true } : undefined
  return searchSteps(from, stepsBelow(from), isApproved)
}

/** The smallest approved amount that was found above `from`, up to `most`. */
export const searchAbove = (from: number, most: number, isApproved: Ask): Edge | undefined =>
  searchSteps(from, stepsAbove(from, most), isApproved)

/** From the nearest step that is approved back to the edge before it. */
function searchSteps(from: number, steps: readonly number[], isApproved: Ask): Edge | undefined {
  const answers = steps.map(isApproved)
  const at = answers.indexOf(true)
  const good = steps[at]
  if (good === undefined) return undefined
  const bad = steps[at - 1] ?? from
  return { minor: bisect(good, bad, isApproved), isEdge: answers.slice(at).every(Boolean) }
}

/** Invariant: `good` is approved, `bad` is not. */
function bisect(good: number, bad: number, isApproved: Ask): number {
  while (Math.abs(bad - good) > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (isApproved(middle)) good = middle
    else bad = middle
  }
  return good
}

/** Sixteenths, then halves down to 1: nearest first. */
function stepsBelow(from: number): number[] {
  const even = Array.from({ length: 15 }, (_, n) => Math.floor((from * (15 - n)) / 16))
  const halved: number[] = []
  for (let minor = Math.floor(from / 32); minor > 1; minor = Math.floor(minor / 4)) halved.push(minor)
  return [...new Set([...even, ...halved, 1])].filter((minor) => minor >= 1 && minor < from)
}

function stepsAbove(from: number, most: number): number[] {
  const steps: number[] = []
  for (let minor = Math.max(from, 1) * 1.25; minor < most; minor *= minor < from * 4 ? 1.25 : 3) steps.push(Math.ceil(minor))
  return [...new Set([...steps, most])].filter((minor) => minor > from)
} // prettier-ignore
