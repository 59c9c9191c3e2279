import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { CancelTimer } from '../core/world.ts'
import type { Target } from './types.ts'

/** A whole reply that is larger is refused: it would have to be held in memory to be metered. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024

/** What was going on when the exchange failed: it decides what a lost connection means. */
type Phase = 'head' | 'body'

/**
 * One HTTP exchange with a provider: its deadlines, its abort, and the truth about how it failed.
 * Every path ends in `close`, which is idempotent.
 */
export class Exchange {
  readonly #call: Call
  readonly #target: Target
  readonly #controller = new AbortController()
  readonly #sentAtMs: number
  /** Its deadlines share one timer, for hardly one of them is ever reached. Milliseconds of the monotonic clock; Infinity is none. */
  readonly #totalAtMs: number
  #waitAtMs = Number.POSITIVE_INFINITY
  #waitFailure: (() => GatewayError) | undefined
  #connectAtMs: number
  #armedAtMs = Number.POSITIVE_INFINITY
  #cancelTimer: CancelTimer | undefined
  #cancelProbe: CancelTimer | undefined
  #timeout: GatewayError | undefined
  #isClosed = false

  constructor(call: Call, target: Target) {
    this.#call = call
    this.#target = target
    this.#sentAtMs = call.world.monotonicMs()
    call.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#totalAtMs = this.#sentAtMs + target.timeouts.totalMs
    this.#connectAtMs = this.#sentAtMs + target.timeouts.connectMs / 2
    this.#arm()
  }

  /** Milliseconds since the request was sent. */
  get elapsedMs(): number {
    return this.#call.world.monotonicMs() - this.#sentAtMs
  }

  /**
   * Sends the request; resolves when the reply's head is there.
   * @throws provider_unreachable, provider_connect_timeout, provider_first_token_timeout, provider_total_timeout, the call's abort reason
   */
  async send(body: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    if (this.#call.signal.aborted) this.#onAbort()
    try {
      const response = await this.#call.world.fetch(this.#target.url, {
        method: 'POST',
        headers,
        body,
        signal: this.#controller.signal,
        decompress: true,
      })
      this.#connectAtMs = Number.POSITIVE_INFINITY
      this.#cancelProbe?.()
      return response
    } catch (thrown) {
      throw this.explain(thrown, 'head')
    }
  }

  /** Begins to wait for the first content of a stream. */
  awaitFirstToken(): void {
    this.#wait(this.#target.timeouts.firstTokenMs, this.#firstTokenFailure)
  }

  /** Begins to wait for the next piece of a reply. */
  awaitMore(): void {
    this.#wait(this.#target.timeouts.idleMs, this.#idleFailure)
  }

  /** Nobody waits for the provider just now: the consumer is slow, and that is not the provider's fault. */
  stopWaiting(): void {
    this.#waitAtMs = Number.POSITIVE_INFINITY
  }

  /**
   * Reads the rest of a reply whole.
   * @throws provider_truncated, provider_malformed, the timeouts, the call's abort reason
   */
  async readAll(response: Response): Promise<Uint8Array> {
    const declared = Number(response.headers.get('content-length') ?? Number.NaN)
    if (declared > MAX_REPLY_BYTES) throw this.#tooLarge()
    this.awaitMore()
    try {
      // With a small declared length the body is here at once, and one call reads it.
      if (declared <= 1024 * 1024) return await response.bytes()
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
    return networkError(this.#target.provider, thrown, phase)
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
      if (sizeBytes > MAX_REPLY_BYTES) throw this.#tooLarge()
      pieces.push(read.value)
      this.awaitMore()
    }
    return Buffer.concat(pieces, sizeBytes)
  }

  #tooLarge(): GatewayError {
    return new GatewayError('provider_malformed', `Provider ${this.#target.provider} sent a reply of more than ${MAX_REPLY_BYTES} bytes.`)
  }

  readonly #firstTokenFailure = (): GatewayError =>
    this.#late(this.#target.timeouts.firstTokenMs, 'provider_first_token_timeout', 'sent no content')

  readonly #idleFailure = (): GatewayError => this.#late(this.#target.timeouts.idleMs, 'provider_idle_timeout', 'sent nothing more')

  #late(ms: number, code: GatewayError['code'], what: string): GatewayError {
    return new GatewayError(code, `Provider ${this.#target.provider} ${what} within ${ms / 1000} s.`)
  }

  #wait(ms: number, failure: () => GatewayError): void {
    this.#waitAtMs = this.#call.world.monotonicMs() + ms
    this.#waitFailure = failure
    this.#arm()
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
      this.#fail(this.#late(this.#target.timeouts.totalMs, 'provider_total_timeout', 'did not finish its reply'))
    } else if (nowMs >= this.#waitAtMs && this.#waitFailure !== undefined) {
      this.#fail(this.#waitFailure())
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
    const { connectMs } = this.#target.timeouts
    const probe = new AbortController()
    this.#cancelProbe = world.after(connectMs / 2, () => probe.abort())
    void world.canConnect(this.#target.url, probe.signal).then((isReachable) => {
      if (isReachable || this.#isClosed) return
      const what = `accepted no connection within ${connectMs / 1000} s`
      this.#fail(new GatewayError('provider_connect_timeout', `Provider ${this.#target.provider} ${what}.`))
    })
  }
}

/** Names of the runtime's network errors that mean: the bytes were there, but they were no HTTP. */
const MALFORMED = /malformed|invalid ?http|parse|InvalidHTTP|decompress|zlib|brotli|unexpected.*(header|chunk)/i
const REFUSED = /refused|ConnectionRefused|FailedToOpenSocket/i
const RESET = /reset|ECONNRESET|closed|EPIPE|socket/i
const NAME = /ENOTFOUND|EAI_AGAIN|getaddrinfo|DNS/i
const TLS = /certificate|CERT|TLS|SSL|handshake/i

function networkError(provider: string, thrown: unknown, phase: Phase): GatewayError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const said = `${code} ${thrown instanceof Error ? thrown.message : String(thrown)}`
  if (MALFORMED.test(said))
    return new GatewayError('provider_malformed', `Provider ${provider} answered with something that is not HTTP.`, { cause: thrown })
  if (phase === 'body') {
    return new GatewayError('provider_truncated', `Provider ${provider} broke the connection before the reply was complete.`, {
      cause: thrown,
    })
  }
  const what = REFUSED.test(said)
    ? 'the connection was refused'
    : NAME.test(said)
      ? 'its name could not be resolved'
      : TLS.test(said)
        ? 'the TLS handshake failed'
        : RESET.test(said)
          ? 'the connection was reset'
          : 'the connection failed'
  return new GatewayError('provider_unreachable', `Provider ${provider} could not be reached: ${what}.`, { cause: thrown })
}
