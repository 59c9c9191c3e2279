import type { GatewayError } from '../core/errors.ts'
import type { LiveCall, LiveCalls } from '../core/ports.ts'

/** The calls that run now, in memory: one table a process, handed to every layer. */
export class LiveCallTable implements LiveCalls {
  readonly #calls = new Set<LiveCall>()

  /** How many run. */
  get size(): number {
    return this.#calls.size
  }

  add(call: LiveCall): void {
    this.#calls.add(call)
  }

  remove(call: LiveCall): void {
    this.#calls.delete(call)
  }

  /** Oldest first. */
  list(): readonly LiveCall[] {
    return [...this.#calls]
  }

  abort(matches: (call: LiveCall) => boolean, reason: GatewayError): number {
    // An aborted call removes itself, at once or later: the table must not change under the loop.
    const aborted = this.list().filter(matches)
    for (const call of aborted) call.abort(reason)
    return aborted.length
  }
}
