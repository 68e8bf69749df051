/**
 * RFC 6901 pointers that may be shown and logged. What a caller chose to call a member can itself be a secret (a card
 * number, a token), so only names that cannot be one are repeated: letters, `_`, `-` and one group of at most four
 * digits, 40 characters in all. A pointer ends before the first name that is not like that: it names the nearest place
 * that can be named.
 */
export type Step = string | number

const sayable = /^(?=.{1,40}$)[A-Za-z_-]*(?:\d{1,4}[A-Za-z_-]*)?$/

export function pointTo(path: readonly Step[]): string {
  let pointer = ''
  for (const step of path) {
    if (typeof step === 'string' && !sayable.test(step)) break
    pointer += `/${step}`
  }
  return pointer
}
