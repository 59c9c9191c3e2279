import type { GatewayError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'
import type { World } from '../core/world.ts'

/** A time in which calls could not be recorded, until it is written down itself. */
export class Gap {
  readonly #world: World
  #sinceMs: number | undefined
  #refusedCalls = 0
  #reason = ''

  constructor(world: World) {
    this.#world = world
  }

  /** The log cannot be written, from now on or still. */
  open(failure: GatewayError): void {
    this.#sinceMs ??= this.#world.now()
    this.#reason = failure.message
  }

  /** A call was refused because it could not be recorded. */
  count(failure: GatewayError): void {
    this.open(failure)
    this.#refusedCalls++
  }

  /** The gap so far, or undefined where there is none. Writing it is also the probe that finds the log writable again. */
  event(): Event | undefined {
    if (this.#sinceMs === undefined) return undefined
    const refusedCalls = this.#refusedCalls
    return { type: 'log.gap', atMs: this.#world.now(), sinceMs: this.#sinceMs, refusedCalls, reason: this.#reason }
  }

  /** It is written. */
  close(): void {
    this.#sinceMs = undefined
    this.#refusedCalls = 0
  }
}
