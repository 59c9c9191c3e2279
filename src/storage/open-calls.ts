import type { CallEnded, CallStarted, Event } from '../core/events.ts'

/** The calls that the log knows as started and not yet as ended. */
export class OpenCalls {
  readonly #started = new Map<string, CallStarted>()

  constructor(started: readonly CallStarted[] = []) {
    for (const event of started) this.#started.set(event.callId, event)
  }

  take(event: Event): void {
    if (event.type === 'call.started') this.#started.set(event.callId, event)
    else if (event.type === 'call.ended') this.#started.delete(event.callId)
  }

  /** Oldest first. */
  list(): readonly CallStarted[] {
    return [...this.#started.values()]
  }
}

interface CrashTimes {
  /** The last time that the process that crashed is known to have lived. */
  readonly lastSignMs: number
  readonly nowMs: number
}

/** The ending of a call whose process died under it. What it used and cost is not known, and not written. */
export function crashedEnding(started: CallStarted, times: CrashTimes): CallEnded {
  return {
    ...started,
    type: 'call.ended',
    atMs: times.nowMs,
    startedAtMs: started.atMs,
    durationMs: Math.max(0, times.lastSignMs - started.atMs),
    outcome: 'broken',
    errorCode: 'crashed',
    errorSource: 'gateway',
    errorMessage: 'The gateway stopped while this call ran. Attempts, usage and cost are not known.',
    attempts: 0,
  }
}
