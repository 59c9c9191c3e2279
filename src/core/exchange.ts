import type { Call } from './call.ts'
import { asGatewayError, type ErrorCode, GatewayError } from './errors.ts'
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
  readonly #controller = new AbortController()
  readonly #sentAtMs: number
  /** Its deadlines share one timer, for hardly one of them is ever reached. Milliseconds of the monotonic clock; Infinity is none. */
  readonly #totalAtMs: number
  #waitAtMs = Number.POSITIVE_INFINITY
  #waitingFor: Wait | undefined
  #connectAtMs: number
  #armedAtMs = Number.POSITIVE_INFINITY
  #cancelTimer: CancelTimer | undefined
  #cancelProbe: CancelTimer | undefined
  #timeout: GatewayError | undefined
  #isClosed = false
  /** Where there is a proxy, whether there is a connection is a question to it. */
  #proxy: string | undefined
  readonly #idleWait: Wait

  constructor(call: Call, peer: Peer) {
    this.#call = call
    this.#peer = peer
    this.#sentAtMs = call.world.monotonicMs()
    call.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#totalAtMs = this.#sentAtMs + peer.timeouts.totalMs
    this.#connectAtMs = this.#sentAtMs + peer.timeouts.connectMs / 2
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
  async send(request: ExchangeRequest): Promise<Response> {
    if (this.#call.signal.aborted) this.#onAbort()
    this.#proxy = request.connection?.proxy
    try {
      const response = await this.#call.world.fetch(this.#peer.url, {
        method: request.method,
        headers: request.headers,
        signal: this.#controller.signal,
        decompress: true,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.connection === undefined ? {} : { connection: request.connection }),
      })
      this.#connectAtMs = Number.POSITIVE_INFINITY
      this.#cancelProbe?.()
      return response
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
  async readAll(response: Response): Promise<Uint8Array> {
    const declared = Number(response.headers.get('content-length') ?? Number.NaN)
    if (declared > this.#peer.maxReplyBytes) throw this.#tooLarge()
    this.awaitMore()
    try {
      // With a small declared length the body is here at once, and one call reads it. Packed, it may be a thousand times as long.
      if (declared <= 1024 * 1024 && !response.headers.has('content-encoding')) return await response.bytes()
      return await this.#readPieces(response)
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
    this.#controller.abort()
    this.close()
  }

  /** The exchange is over: no timer and no listener of it stays. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cancelProbe?.()
    this.#call.signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.#controller.abort()
  }

  async #readPieces(response: Response): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    const reader = response.body?.getReader()
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
      sizeBytes += read.value.length
      if (sizeBytes > this.#peer.maxReplyBytes) throw this.#tooLarge()
      pieces.push(read.value)
      this.awaitMore()
    }
    return Buffer.concat(pieces, sizeBytes)
  }

  #tooLarge(): GatewayError {
    return new GatewayError(this.#peer.codes.malformed, `${this.#peer.label} sent a reply of more than ${this.#peer.maxReplyBytes} bytes.`)
  }

  #late({ ms, code, what }: Wait): GatewayError {
    return new GatewayError(code, `${this.#peer.label} ${what} within ${ms / 1000} s.`)
  }

  /** Sees to it that the timer runs no later than the next deadline. One that was put off is found out when the timer fires. */
  #arm(): void {
    const atMs = Math.min(this.#totalAtMs, this.#waitAtMs, this.#connectAtMs)
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
      if (nowMs >= this.#connectAtMs) this.#probe()
      this.#arm()
    }
  }

  #fail(timeout: GatewayError): void {
    this.#timeout ??= timeout
    this.#controller.abort()
  }

  /**
   * A whole reply's head comes only when the model is done, so silence does not tell whether there is a connection.
   * Half of the connect timeout was waited in good faith; the other half is for a second, bare connection to the same host.
   */
  #probe(): void {
    this.#connectAtMs = Number.POSITIVE_INFINITY
    const { world } = this.#call
    const { label, url, timeouts, codes } = this.#peer
    const probed = this.#proxy ?? url
    const probe = new AbortController()
    this.#cancelProbe = world.after(timeouts.connectMs / 2, () => probe.abort())
    void world.canConnect(probed, probe.signal).then((isReachable) => {
      if (isReachable || this.#isClosed) return
      this.#fail(new GatewayError(codes.connectTimeout, `${label} accepted no connection within ${timeouts.connectMs / 1000} s.`))
    })
  }
}

/** Names of the runtime's network errors that mean: the bytes were there, but they were no HTTP. */
const MALFORMED = /malformed|invalid ?http|parse|InvalidHTTP|decompress|zlib|brotli|unexpected.*(header|chunk)/i
const REFUSED = /refused|ConnectionRefused|FailedToOpenSocket/i
const RESET = /reset|ECONNRESET|closed|EPIPE|socket/i
const NAME = /ENOTFOUND|EAI_AGAIN|getaddrinfo|DNS/i
const TLS = /certificate|CERT|TLS|SSL|handshake/i

function networkError({ label, codes }: Peer, thrown: unknown, phase: Phase): GatewayError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const said = `${code} ${thrown instanceof Error ? thrown.message : String(thrown)}`
  if (MALFORMED.test(said))
    return new GatewayError(codes.malformed, `${label} answered with something that is not HTTP.`, { cause: thrown })
  if (phase === 'body') {
    return new GatewayError(codes.truncated, `${label} broke the connection before the reply was complete.`, { cause: thrown })
  }
  const reason = whyUnreachable(said)
  const why = reason === undefined ? 'the connection failed' : UNREACHABLE[reason]
  const extra = reason === undefined ? { cause: thrown } : { cause: thrown, reason }
  return new GatewayError(codes.unreachable, `${label} could not be reached: ${why}.`, extra)
}

const UNREACHABLE = {
  refused: 'the connection was refused',
  name: 'its name could not be resolved',
  tls: 'the TLS handshake failed',
  reset: 'the connection was reset',
} as const satisfies Record<NonNullable<GatewayError['extra']['reason']>, string>

function whyUnreachable(said: string): keyof typeof UNREACHABLE | undefined {
  if (REFUSED.test(said)) return 'refused'
  if (NAME.test(said)) return 'name'
  if (TLS.test(said)) return 'tls'
  return RESET.test(said) ? 'reset' : undefined
}
