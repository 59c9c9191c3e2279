import type { Call } from './call.ts'
import { asGatewayError, type ErrorCode, GatewayError } from './errors.ts'
import { faultOf, type PeerReply, readWhole } from './peer-reply.ts'
import { CallAbort } from './signal.ts'
import type { CancelTimer, OutgoingConnection } from './world.ts'

/** Who is spoken to: a provider, an agent. */
export interface Peer {
  /** How messages name it: `Provider openai`. */
  readonly label: string
  readonly url: string
  readonly timeouts: PeerTimeouts
  /** A whole reply that is larger is refused: it would have to be held in memory. */
  readonly maxReplyBytes: number
  readonly codes: PeerCodes
}

/** Milliseconds. */
export interface PeerTimeouts {
  /** Until the peer's host accepts the connection. */
  readonly connectMs: number
  /** Between two pieces of a reply. */
  readonly idleMs: number
  /** From sending to the end of the reply. */
  readonly totalMs: number
}

/** The codes by which this kind of peer fails. */
export interface PeerCodes {
  readonly unreachable: ErrorCode
  readonly connectTimeout: ErrorCode
  readonly idleTimeout: ErrorCode
  readonly totalTimeout: ErrorCode
  readonly malformed: ErrorCode
  readonly truncated: ErrorCode
}

/** What is sent. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Record<string, string>
  /** A stream is sent as it comes, and once. */
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>
  readonly connection?: OutgoingConnection
}

/** What is waited for, for how long, and how it is called when it does not come: `sent no content`. */
export interface Wait {
  readonly ms: number
  readonly code: ErrorCode
  readonly what: string
}

/** What was going on when the exchange failed: it decides what a lost connection means. */
type Phase = 'head' | 'body'

/**
 * One HTTP exchange with what stands behind the gateway: its deadlines, its abort, and the truth about how it failed.
 * Every path ends in `close`, which is idempotent.
 */
export class Exchange {
  readonly #call: Call
  readonly #peer: Peer
  readonly #abort = new CallAbort()
  readonly #sentAtMs: number
  /** Its deadlines share one timer, for hardly one of them is ever reached. Milliseconds of the monotonic clock; Infinity is none. */
  readonly #totalAtMs: number
  #waitAtMs = Number.POSITIVE_INFINITY
  #waitingFor: Wait | undefined
  #armedAtMs = Number.POSITIVE_INFINITY
  #cancelTimer: CancelTimer | undefined
  #timeout: GatewayError | undefined
  #isClosed = false
  readonly #idleWait: Wait

  constructor(call: Call, peer: Peer) {
    this.#call = call
    this.#peer = peer
    this.#sentAtMs = call.world.monotonicMs()
    call.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#totalAtMs = this.#sentAtMs + peer.timeouts.totalMs
    this.#idleWait = { ms: peer.timeouts.idleMs, code: peer.codes.idleTimeout, what: 'sent nothing more' }
    this.#arm()
  }

  /** Milliseconds since the request was sent. */
  get elapsedMs(): number {
    return this.#call.world.monotonicMs() - this.#sentAtMs
  }

  /**
   * Sends the request; resolves when the reply's head is there.
   * @throws the peer's codes, the call's abort reason
   */
  async send({ method, headers, body, connection }: ExchangeRequest): Promise<PeerReply> {
    if (this.#call.signal.aborted) this.#onAbort()
    try {
      return await this.#call.world.request(this.#peer.url, {
        method,
        headers,
        signal: this.#abort,
        connectTimeoutMs: this.#peer.timeouts.connectMs,
        ...(body === undefined ? {} : { body }),
        ...(connection === undefined ? {} : { connection }),
      })
    } catch (thrown) {
      throw this.explain(thrown, 'head')
    }
  }

  /** Begins to wait for something, in place of what was waited for before. */
  wait(what: Wait): void {
    this.#waitAtMs = this.#call.world.monotonicMs() + what.ms
    this.#waitingFor = what
    this.#arm()
  }

  /** Begins to wait for the next piece of a reply. */
  awaitMore(): void {
    this.wait(this.#idleWait)
  }

  /** Nobody waits for the peer just now: the consumer is slow, and that is not the peer's fault. */
  stopWaiting(): void {
    this.#waitAtMs = Number.POSITIVE_INFINITY
  }

  /**
   * Reads the rest of a reply whole.
   * @throws the peer's codes, the call's abort reason
   */
  async readAll(reply: PeerReply): Promise<Uint8Array> {
    const { maxReplyBytes: maxBytes } = this.#peer
    // Mostly it came with its head, and there is nothing to wait for.
    const arrived = reply.readArrived()
    if (arrived !== undefined && arrived.length <= maxBytes) return arrived
    this.awaitMore()
    try {
      const bytes = arrived === undefined ? await readWhole(reply, { maxBytes, onPiece: this.#awaitNext }) : undefined
      if (bytes === undefined) throw this.#tooLarge()
      return bytes
    } catch (thrown) {
      throw this.explain(thrown, 'body')
    } finally {
      this.stopWaiting()
    }
  }

  /** The error that a failure of this exchange means: a deadline and the call's own abort come before what the network says. */
  explain(thrown: unknown, phase: Phase): GatewayError {
    if (this.#call.signal.aborted) return asGatewayError(this.#call.signal.reason)
    if (this.#timeout !== undefined) return this.#timeout
    if (thrown instanceof GatewayError) return thrown
    return networkError(this.#peer, thrown, phase)
  }

  /** Stops everything that still runs. */
  abort(): void {
    this.#abort.abort(undefined)
    this.close()
  }

  /** The exchange is over: no timer and no listener of it stays. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#call.signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #awaitNext = (): void => this.awaitMore()

  readonly #onAbort = (): void => {
    this.#abort.abort(undefined)
  }

  #tooLarge(): GatewayError {
    return new GatewayError(this.#peer.codes.malformed, `${this.#peer.label} sent a reply of more than ${this.#peer.maxReplyBytes} bytes.`)
  }

  #late({ ms, code, what }: Wait): GatewayError {
    return new GatewayError(code, `${this.#peer.label} ${what} within ${ms / 1000} s.`)
  }

  /** Sees to it that the timer runs no later than the next deadline. One that was put off is found out when the timer fires. */
  #arm(): void {
    const atMs = Math.min(this.#totalAtMs, this.#waitAtMs)
    if (this.#isClosed || atMs >= this.#armedAtMs) return
    this.#cancelTimer?.()
    this.#armedAtMs = atMs
    this.#cancelTimer = this.#call.world.after(Math.max(0, atMs - this.#call.world.monotonicMs()), this.#onTimer)
  }

  readonly #onTimer = (): void => {
    this.#armedAtMs = Number.POSITIVE_INFINITY
    // A timer of the runtime may be a part of a millisecond early.
    const nowMs = this.#call.world.monotonicMs() + 1
    if (nowMs >= this.#totalAtMs) {
      const { timeouts, codes } = this.#peer
      this.#fail(this.#late({ ms: timeouts.totalMs, code: codes.totalTimeout, what: 'did not finish its reply' }))
    } else if (nowMs >= this.#waitAtMs && this.#waitingFor !== undefined) {
      this.#fail(this.#late(this.#waitingFor))
    } else {
      this.#arm()
    }
  }

  #fail(timeout: GatewayError): void {
    this.#timeout ??= timeout
    this.#abort.abort(undefined)
  }
}

function networkError({ label, codes, timeouts }: Peer, thrown: unknown, phase: Phase): GatewayError {
  const fault = faultOf(thrown)
  const cause = { cause: thrown }
  if (fault === 'malformed') return new GatewayError(codes.malformed, `${label} answered with something that is not HTTP.`, cause)
  if (fault === 'connect_timeout') {
    return new GatewayError(codes.connectTimeout, `${label} accepted no connection within ${timeouts.connectMs / 1000} s.`, cause)
  }
  if (phase === 'body') return new GatewayError(codes.truncated, `${label} broke the connection before the reply was complete.`, cause)
  const reason = fault !== undefined && fault in UNREACHABLE ? (fault as keyof typeof UNREACHABLE) : undefined
  const why = reason === undefined ? 'the connection failed' : UNREACHABLE[reason]
  const extra = reason === undefined ? cause : { ...cause, reason }
  return new GatewayError(codes.unreachable, `${label} could not be reached: ${why}.`, extra)
}

const UNREACHABLE = {
  refused: 'the connection was refused',
  name: 'its name could not be resolved',
  tls: 'the TLS handshake failed',
  reset: 'the connection was reset',
} as const satisfies Record<NonNullable<GatewayError['extra']['reason']>, string>
