import type { AttemptBooked, CallEnded, CallStarted, Event } from '../core/events.ts'

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

/**
 * The ending of a call whose process died under it. What it used is not known, and not written. What it cost is what was booked of its
 * holds; without any it is not known either.
 */
export function crashedEnding(started: CallStarted, times: CrashTimes, booked: readonly AttemptBooked[]): CallEnded {
  const { hold: _, ...rest } = started
  const charged = booked.filter(({ costNanoUsd }) => costNanoUsd !== undefined)
  return {
    ...rest,
    type: 'call.ended',
    atMs: times.nowMs,
    startedAtMs: started.atMs,
    durationMs: Math.max(0, times.lastSignMs - started.atMs),
    outcome: 'broken',
    errorCode: 'crashed',
    errorSource: 'gateway',
    errorMessage: `The gateway stopped while this call ran. Attempts and usage are not known; ${charged.length === 0 ? 'nor is its cost' : 'its cost is an estimate'}.`,
    attempts: 0,
    ...(booked.length === 0
      ? {}
      : { bookings: booked.map(({ booking }) => booking), provider: booked[0]?.provider, target: booked[0]?.target }),
    ...(charged.length === 0
      ? {}
      : {
          costNanoUsd: charged.reduce((sum, { costNanoUsd = 0 }) => sum + costNanoUsd, 0),
          isEstimate: true,
          priceVersion: charged[0]?.priceVersion,
        }),
    ...(booked.some(({ booking }) => booking.state !== 'released' && booking.nanoUsd === undefined) ? { isUnpriced: true } : {}),
  }
}
