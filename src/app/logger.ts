import type { World } from '../core/world.ts'

/** Severity of a line, least first. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const

/** What the process says of itself: one JSON object a line, on stderr. The record of calls is the event log, not this. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** @param level the least severity that is printed; read at each line, so that a new configuration holds at once */
export function createLogger(world: World, level: () => LogLevel, write: (line: string) => void): Logger {
  return {
    log: (severity, message, fields = {}) => {
      if (RANK[severity] < RANK[level()]) return
      write(`${JSON.stringify({ time: new Date(world.now()).toISOString(), level: severity, message, ...fields })}\n`)
    },
  }
}

/** What is worth printing of something thrown: its message, and the causes behind it. Never a request's body or a credential. */
export function describeThrown(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof Error)) return { cause: String(thrown) }
  const { cause } = thrown
  return {
    cause: `${thrown.name}: ${thrown.message}`,
    ...('code' in thrown ? { code: String(thrown.code) } : {}),
    ...(cause === undefined ? {} : { because: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) }),
  }
}
