import { isatty } from 'node:tty'

const STANDARD = [0, 1, 2]

/**
 * Remembers whether the process began on a terminal.
 * @returns says whether that terminal is gone: its window was closed, or its connection was lost
 */
export function watchTerminal(): () => boolean {
  const began = STANDARD.filter(isatty)
  // What is left of a terminal that hung up answers no question about terminals.
  return () => began.length > 0 && !began.some(isatty)
}
