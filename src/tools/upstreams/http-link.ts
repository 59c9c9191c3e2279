import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { encodeNotification } from '../frames.ts'
import { Exchange, encodeCancelled, mayStillRun } from './exchange.ts'
import { encodeInitialize, readGreeting } from './handshake.ts'
import { describeNetworkError, readAnswer, readPieces } from './http-answer.ts'
import { listenForMessages } from './http-listen.ts'
import type { Introduction, Link, LinkDeps, Outgoing } from './link.ts'

/** A server that is reached over streamable HTTP. */
export interface ServerAddress {
  readonly url: string
  /** With the gateway's own credential for it. Never logged. */
  readonly headers: Readonly<Record<string, string>>
}

export interface HttpLinkDeps extends LinkDeps {
  readonly address: ServerAddress
}

/** A session with a server over streamable HTTP. Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports (read 2026-11-21). */
export class HttpLink implements Link {
  readonly #deps: HttpLinkDeps
  readonly #introduction: Introduction
  readonly #over = new AbortController()
  #headers: Record<string, string>
  #sessionId: string | undefined
  #lastId = 0
  #isOpen = true
  #isListening = false
  #isGreeting = false
  #renewing: Promise<void> | undefined
  greeting: JsonObject = {}

  private constructor(deps: HttpLinkDeps, introduction: Introduction) {
    this.#deps = deps
    this.#introduction = introduction
    this.#headers = { ...deps.address.headers, ...JSON_HEADERS }
  }

  /**
   * Greets the server.
   * @throws server_unreachable, server_timeout, server_malformed, server_error
   */
  static async connect(deps: HttpLinkDeps, introduction: Introduction): Promise<HttpLink> {
    const link = new HttpLink(deps, introduction)
    try {
      await link.#greet()
      return link
    } catch (thrown) {
      void link.close()
      throw thrown
    }
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(request: Outgoing): Exchange {
    const { world, server } = this.#deps
    const idText = String(++this.#lastId)
    const controller = new AbortController()
    const signal = request.signal ?? request.call?.signal
    const exchange = new Exchange({
      world,
      server,
      signal,
      timeouts: request.timeouts ?? this.#deps.timeouts,
      onOver: (reason) => {
        // After a good answer the connection may be used again; else what still runs is stopped, and the server is told.
        if (reason === undefined) return
        controller.abort()
        if (this.#isOpen && mayStillRun(reason)) this.send(encodeCancelled(idText, reason))
      },
    })
    if (signal?.aborted) exchange.fail(asGatewayError(signal.reason))
    else void this.#exchange(exchange, request, { idText, signal: controller.signal, mayRenew: true })
    return exchange
  }

  send(text: string): void {
    void this.#tell(text)
  }

  listen(): void {
    if (this.#isListening || !this.#isOpen) return
    this.#isListening = true
    const { world, address, listener } = this.#deps
    void listenForMessages({
      ...{ world, url: address.url, signal: this.#over.signal, onFrame: listener.onMessage },
      headers: () => this.#headers,
    }).then(() => {
      this.#isListening = false
    })
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    const { world, address } = this.#deps
    if (this.#sessionId !== undefined) {
      // Out of courtesy: the server may forget the session. It may also refuse to.
      const leave = new AbortController()
      const cancel = world.after(LEAVE_MS, () => leave.abort())
      await world.fetch(address.url, { method: 'DELETE', headers: this.#headers, signal: leave.signal }).catch(() => {})
      cancel()
    }
    this.#over.abort()
  }

  async #exchange(exchange: Exchange, request: Outgoing, attempt: SendAttempt): Promise<void> {
    const { idText, signal } = attempt
    const sentAs = this.#sessionId
    try {
      const text = request.encode(idText)
      const headers = request.traceparent === undefined ? this.#headers : { ...this.#headers, traceparent: request.traceparent }
      const response = await this.#post(text, headers, signal)
      if (request.call !== undefined) request.call.record.facts.providerStatus = response.status
      const answer = sentAs === undefined || response.status < 400 ? response : await whole(this.#deps.server, response)
      if (sentAs !== undefined && attempt.mayRenew && answer instanceof RefusedAnswer && answer.saysSessionGone) {
        await this.#renew(sentAs)
        await this.#exchange(exchange, request, { ...attempt, mayRenew: false })
        return
      }
      const { world, server, address } = this.#deps
      if (this.#isGreeting) this.#noteSession(response)
      const context = { world, server, url: address.url, headers: this.#headers, signal, exchange, idText }
      await readAnswer(context, answer instanceof RefusedAnswer ? answer.response : answer)
    } catch (thrown) {
      exchange.fail(thrown instanceof GatewayError ? thrown : describeNetworkError(this.#deps.server, thrown))
    }
  }

  /** Sends what has no answer, and waits until it was taken in: not for ever, for nobody else looks at the clock. Never rejects. */
  async #tell(text: string): Promise<void> {
    if (this.#over.signal.aborted) return
    const { world, timeouts } = this.#deps
    const late = new AbortController()
    const cancel = world.after(timeouts.connectMs, () => late.abort())
    const leave = () => late.abort()
    this.#over.signal.addEventListener('abort', leave, { once: true })
    try {
      const response = await this.#post(text, this.#headers, late.signal)
      await response.body?.cancel()
    } catch {
      // What cannot be sent is lost: it has no answer that could say so.
    } finally {
      cancel()
      this.#over.signal.removeEventListener('abort', leave)
    }
  }

  #post(body: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.#deps.world.fetch(this.#deps.address.url, { method: 'POST', headers, body, signal, decompress: true })
  }

  async #greet(): Promise<void> {
    this.#headers = { ...this.#deps.address.headers, ...JSON_HEADERS }
    this.#sessionId = undefined
    this.#isGreeting = true
    const { signal, timeouts } = this.#deps
    const { connectMs } = timeouts
    const exchange = this.open({
      encode: (idText) => encodeInitialize(idText, this.#introduction),
      timeouts: { callMs: connectMs, totalMs: connectMs },
      signal,
    })
    this.greeting = await readGreeting(exchange, this.#deps.server)
    this.#isGreeting = false
    this.#headers['mcp-protocol-version'] = String(this.greeting.protocolVersion)
    // Waited for: a server may refuse what comes before it.
    await this.#tell(encodeNotification('notifications/initialized'))
  }

  /** The id of the session stands in the answer to `initialize`. */
  #noteSession(response: Response): void {
    if (this.#sessionId !== undefined) return
    const sessionId = response.headers.get('mcp-session-id')
    if (sessionId === null) return
    this.#sessionId = sessionId
    this.#headers = { ...this.#headers, 'mcp-session-id': sessionId }
  }

  /** Begins a new session where the server has forgotten this one; once, however many requests find it out. */
  async #renew(forgotten: string): Promise<void> {
    if (this.#sessionId !== forgotten) return this.#renewing
    this.#renewing = this.#greet()
    try {
      await this.#renewing
    } catch (thrown) {
      this.#isOpen = false
      this.#over.abort()
      this.#deps.listener.onClosed('its session was gone')
      throw thrown
    }
  }
}

/** A refusal, read whole. */
class RefusedAnswer {
  readonly response: Response
  readonly saysSessionGone: boolean

  constructor(status: number, text: string) {
    this.response = new Response(text, { status })
    // 404 is what the specification says; the examples of the official SDK answer 400, and say why.
    this.saysSessionGone = status === 404 || (status === 400 && /session/i.test(text))
  }
}

async function whole(server: string, response: Response): Promise<RefusedAnswer> {
  return new RefusedAnswer(response.status, new TextDecoder().decode(await readPieces(server, response, MAX_REFUSAL_BYTES)))
}

const MAX_REFUSAL_BYTES = 1024 * 1024

interface SendAttempt {
  readonly idText: string
  readonly signal: AbortSignal
  /** Whether a session that the server has forgotten may be begun anew: nothing was done yet, and only once. */
  readonly mayRenew: boolean
}

const LEAVE_MS = 1000
const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
} as const
