import { createHash } from 'node:crypto'

/** Between the name of the server and that of its tool. */
export const SEPARATOR = '__'
/** The longest name that the common model APIs take for a tool. */
const MAX_EXPOSED_CHARACTERS = 64

/** The name that rules use, whatever an endpoint shows. */
export function ruleName(server: string, tool: string): string {
  return `${server}${SEPARATOR}${tool}`
}

/**
 * The name of a tool on the aggregate. One that is too long is cut, and told apart by six digits of its hash.
 * It is never taken apart again: the catalog's map is what a call is found by.
 */
export function exposedName(server: string, tool: string): string {
  const whole = ruleName(server, tool)
  if (whole.length <= MAX_EXPOSED_CHARACTERS) return whole
  const digits = createHash('sha256').update(whole).digest('hex').slice(0, 6)
  return `${whole.slice(0, MAX_EXPOSED_CHARACTERS - digits.length - 1)}_${digits}`
}
