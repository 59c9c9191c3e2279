import type { Call } from '../core/call.ts'
import { asGatewayError, type GatewayError } from '../core/errors.ts'
import { type Ending, type PartSource, Reply } from '../core/reply.ts'
import { CallAbort } from '../core/signal.ts'

/** A call whose work goes on for a while after its client has left, to learn what it cost. */
export interface Drained {
  /** For the work behind: it does not hear of the client's leaving until the time is over. */
  readonly call: Call
  /**
   * The reply as the client sees it: it ends at once when the client leaves.
   * @param onLeft the client has left, and the work goes on
   */
  outward<Part>(reply: Reply<Part>, onLeft: () => void): Reply<Part>
}

/**
 * Keeps the work behind a call going when its client leaves. Any other abort (a revoked key, a shutdown) ends it at once.
 * @param drainMs how long, from the leaving
 */
export function drained(call: Call, drainMs: number): Drained {
  const inner = new CallAbort()
  const stop = (reason: GatewayError) => {
    if (!isOfClient(reason)) inner.abort(reason)
    else call.world.after(drainMs, () => inner.abort(reason))
  }
  if (call.signal.aborted) stop(asGatewayError(call.signal.reason))
  else call.signal.addEventListener('abort', () => stop(asGatewayError(call.signal.reason)), { once: true })
  return {
    call: { ...call, signal: inner, abort: (reason) => inner.abort(reason) },
    outward: (reply, onLeft) => new Reply(new DrainedSource({ call, reply, drainMs, onLeft }), call.signal),
  }
}

/** Whether the client itself left. What another attempt was quicker than is worth no waiting. */
function isOfClient({ code, extra }: GatewayError): boolean {
  return code === 'client_closed' && extra.isSuperseded !== true
}

interface Draining<Part> {
  readonly call: Call
  readonly reply: Reply<Part>
  readonly drainMs: number
  readonly onLeft: () => void
}

class DrainedSource<Part> implements PartSource<Part> {
  readonly #call: Call
  readonly #reply: Reply<Part>
  readonly #drainMs: number
  readonly #onLeft: () => void
  /** The part that was asked for last: it may be on its way still when the client leaves. */
  #asked: Promise<Part | undefined> = Promise.resolve(undefined)

  constructor({ call, reply, drainMs, onLeft }: Draining<Part>) {
    this.#call = call
    this.#reply = reply
    this.#drainMs = drainMs
    this.#onLeft = onLeft
  }

  pull(): Promise<Part | undefined> {
    this.#asked = this.#reply.next()
    return this.#asked
  }

  ending(): Ending {
    return this.#reply.ending ?? { outcome: 'ok' }
  }

  cancel(reason: GatewayError): void {
    if (!isOfClient(reason)) {
      this.#reply.leave(reason)
      return
    }
    // It may have ended by itself, and nobody asked for that yet.
    if (this.#reply.ending !== undefined) return
    this.#onLeft()
    const stop = this.#call.world.after(this.#drainMs, () => this.#reply.leave(reason))
    void this.#readOn().finally(stop)
  }

  /** Reads to the end, for what the parts say of the usage. */
  async #readOn(): Promise<void> {
    await this.#asked
    while ((await this.#reply.next()) !== undefined);
  }
}
