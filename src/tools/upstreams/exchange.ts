import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { CallSignal } from '../../core/signal.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { encodeNotification } from '../frames.ts'
import type { Frame } from '../types.ts'
import { Waiting } from '../waiting.ts'
import type { LinkTimeouts } from './link.ts'

/** What may wait for a caller who does not read. Past it notifications are dropped, which are worth the least, and questions end the call. */
const BOUNDS = { messages: 1000, characters: 8 * 1024 * 1024 }

/** What an exchange needs of its link. */
export interface ExchangeDeps {
  readonly world: World
  readonly server: string
  readonly timeouts: Pick<LinkTimeouts, 'callMs' | 'totalMs'>
  /** Its abort gives the request up. */
  readonly signal: CallSignal | undefined
  /** Stops the work; `reason` is absent where it is over by itself. Called once. */
  readonly onOver: (reason: GatewayError | undefined) => void
}

/**
 * One request to a server, until it is answered: its deadlines, its abort, and the messages that belong to it, in order.
 * Silence is measured while the server is waited for, not while the caller is asked something.
 */
export class Exchange {
  readonly #deps: ExchangeDeps
  readonly #sentAtMs: number
  #waiting: Waiting<Frame> | undefined
  #reader: { readonly resolve: (frame: Frame) => void; readonly reject: (error: GatewayError) => void } | undefined
  #failure: GatewayError | undefined
  #isOver = false
  #cancelSilence: CancelTimer | undefined
  #cancelTotal: CancelTimer | undefined

  constructor(deps: ExchangeDeps) {
    this.#deps = deps
    this.#sentAtMs = deps.world.monotonicMs()
    deps.signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#watchSilence()
  }

  /** Milliseconds since it was sent. */
  get elapsedMs(): number {
    return this.#deps.world.monotonicMs() - this.#sentAtMs
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The next message; the answer is the last. One call at a time. @throws server_*, or the call's abort reason */
  next(): Promise<Frame> {
    const frame = this.#waiting?.shift()
    if (frame !== undefined) return Promise.resolve(frame)
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  /** Takes a message in: of this exchange, or one of the server that may as well go with it. */
  deliver(frame: Frame): void {
    if (this.#isOver) return
    const reader = this.#reader
    if (reader === undefined && !this.#keep(frame)) return
    if (frame.type === 'response') this.#finish(undefined)
    else if (frame.type === 'request') this.awaitCaller()
    else this.hearServer()
    this.#reader = undefined
    reader?.resolve(frame)
  }

  /** Keeps a message for later. @returns whether the exchange goes on */
  #keep(frame: Frame): boolean {
    this.#waiting ??= new Waiting(BOUNDS)
    if (frame.type === 'response') this.#waiting.pushLast(frame)
    else if (!this.#waiting.push(frame) && frame.type === 'request') {
      const { server } = this.#deps
      this.fail(new GatewayError('server_malformed', `The server ${server} asked more in one call than anybody could answer.`))
      return false
    }
    return true
  }

  /** Ends it with an error. */
  fail(error: GatewayError): void {
    if (this.#isOver) return
    this.#failure = error
    this.#finish(error)
    const reader = this.#reader
    this.#reader = undefined
    reader?.reject(error)
  }

  /** The server gave a sign of life: its silence begins anew, and from now on the longest time of all counts too. */
  hearServer(): void {
    this.#watchSilence()
    this.#watchTotal()
  }

  /** The caller was asked something: until it answers, the server's silence is no fault. */
  awaitCaller(): void {
    this.#cancelSilence?.()
    this.#watchTotal()
  }

  /** Until the server first speaks, this one timer is enough. */
  #watchSilence(): void {
    const { world, timeouts } = this.#deps
    const ms = Math.min(timeouts.callMs, timeouts.totalMs)
    this.#cancelSilence?.()
    this.#cancelSilence = world.after(ms, () => this.#expire(ms, 'said nothing'))
  }

  #watchTotal(): void {
    if (this.#cancelTotal !== undefined) return
    const { world, timeouts } = this.#deps
    this.#cancelTotal = world.after(Math.max(0, timeouts.totalMs - this.elapsedMs), () => this.#expire(timeouts.totalMs, 'was not done'))
  }

  #expire(ms: number, what: string): void {
    this.fail(new GatewayError('server_timeout', `The server ${this.#deps.server} ${what} within ${ms / 1000} s.`))
  }

  readonly #onAbort = (): void => {
    this.fail(asGatewayError(this.#deps.signal?.reason))
  }

  #finish(reason: GatewayError | undefined): void {
    this.#isOver = true
    this.#cancelSilence?.()
    this.#cancelTotal?.()
    this.#deps.signal?.removeEventListener('abort', this.#onAbort)
    this.#deps.onOver(reason)
  }
}

/** Whether the server may still be at work on a request that ended so: then it is told to stop. */
export function mayStillRun(reason: GatewayError): boolean {
  return reason.source !== 'provider' || reason.code === 'server_timeout'
}

/** The text that tells a server to stop. */
export function encodeCancelled(idText: string, reason: GatewayError): string {
  return encodeNotification('notifications/cancelled', { requestId: Number(idText), reason: reason.message })
}
