import type { Context } from '../command.ts'

/** One line that is written over, on a terminal alone. `what` is done to the entries. */
export function showProgress({ terminal }: Context, what: string) {
  let shown = 0
  return {
    show(count: number, size: number): void {
      if (!terminal.isTerminal) return
      const text = `${count} of ${size} entries ${what}`
      terminal.err(`\r${text.padEnd(shown)}`)
      shown = text.length
    },
    end(): void {
      if (shown > 0) terminal.err(`\r${' '.repeat(shown)}\r`)
      shown = 0
    },
  }
}
