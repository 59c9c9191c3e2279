import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { PeerReply } from '../../core/peer-reply.ts'
import { CallAbort, type CallSignal } from '../../core/signal.ts'
import { encodeNotification } from '../frames.ts'
import { Exchange, encodeCancelled, mayStillRun } from './exchange.ts'
import { encodeInitialize, readGreeting } from './handshake.ts'
import { describeNetworkError, readAnswer, readBytes, takeWhole, type WholeAnswer } from './http-answer.ts'
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
  readonly #over = new CallAbort()
  #headers: Record<string, string>
  #sessionId: string | undefined
  #lastId = 0
  #isOpen = true
  #isListening = false
  #openings = 0
  #isHearing = false
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

  get hearing(): number | undefined {
    return this.#isHearing ? this.#openings : undefined
  }

  open(request: Outgoing): Exchange {
    const { world, server } = this.#deps
    const idText = String(++this.#lastId)
    const abort = new CallAbort()
    const signal = request.signal ?? request.call?.signal
    const exchange = new Exchange({
      world,
      server,
      signal,
      timeouts: request.timeouts ?? this.#deps.timeouts,
      onOver: (reason) => {
        // After a good answer the connection may be used again; else what still runs is stopped, and the server is told.
        if (reason === undefined) return
        abort.abort(reason)
        if (this.#isOpen && mayStillRun(reason)) this.send(encodeCancelled(idText, reason))
      },
    })
    if (signal?.aborted) exchange.fail(asGatewayError(signal.reason))
    else void this.#exchange(exchange, request, { idText, signal: abort, mayRenew: true })
    return exchange
  }

  send(text: string): void {
    void this.#tell(text)
  }

  listen(): void {
    if (this.#isListening || !this.#isOpen) return
    this.#isListening = true
    const { world, address, timeouts, listener } = this.#deps
    void listenForMessages({
      ...{ world, url: address.url, signal: this.#over, connectTimeoutMs: timeouts.connectMs, onFrame: listener.onMessage },
      headers: () => this.#headers,
      onOpened: () => {
        this.#openings++
        this.#isHearing = true
      },
      onBroken: () => {
        this.#isHearing = false
      },
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
      const leave = new CallAbort()
      const cancel = world.after(LEAVE_MS, () => leave.abort(undefined))
      const request = { method: 'DELETE', headers: this.#headers, signal: leave, connectTimeoutMs: LEAVE_MS }
      await world.request(address.url, request).then(
        (reply) => reply.abort(),
        () => {},
      )
      cancel()
    }
    this.#over.abort(undefined)
  }

  async #exchange(exchange: Exchange, request: Outgoing, attempt: SendAttempt): Promise<void> {
    const { idText, signal } = attempt
    const sentAs = this.#sessionId
    try {
      const text = request.encode(idText)
      const headers = request.traceparent === undefined ? this.#headers : { ...this.#headers, traceparent: request.traceparent }
      const reply = await this.#post(text, headers, signal)
      if (request.call !== undefined) request.call.record.facts.providerStatus = reply.status
      const { world, server, address, timeouts } = this.#deps
      // Read before anything else is decided: it may say that the session is gone.
      const refused =
        sentAs === undefined || reply.status < 400
          ? undefined
          : { status: reply.status, bytes: await readBytes(server, reply, MAX_REFUSAL_BYTES) }
      if (sentAs !== undefined && attempt.mayRenew && refused !== undefined && saysSessionGone(refused)) {
        await this.#renew(sentAs)
        await this.#exchange(exchange, request, { ...attempt, mayRenew: false })
        return
      }
      if (this.#isGreeting) this.#noteSession(reply)
      const { connectMs: connectTimeoutMs } = timeouts
      const context = { world, server, url: address.url, headers: this.#headers, signal, connectTimeoutMs, exchange, idText }
      if (refused === undefined) await readAnswer(context, reply)
      else takeWhole(context, refused)
    } catch (thrown) {
      exchange.fail(thrown instanceof GatewayError ? thrown : describeNetworkError(this.#deps.server, thrown))
    }
  }

  /** Sends what has no answer, and waits until it was taken in: not for ever, for nobody else looks at the clock. Never rejects. */
  async #tell(text: string): Promise<void> {
    if (this.#over.aborted) return
    const { world, timeouts } = this.#deps
    const late = new CallAbort()
    const leave = () => late.abort(undefined)
    const cancel = world.after(timeouts.connectMs, leave)
    this.#over.addEventListener('abort', leave)
    try {
      const reply = await this.#post(text, this.#headers, late)
      reply.abort()
    } catch {
      // What cannot be sent is lost: it has no answer that could say so.
    } finally {
      cancel()
      this.#over.removeEventListener('abort', leave)
    }
  }

  #post(body: string, headers: Record<string, string>, signal: CallSignal): Promise<PeerReply> {
    const { world, address, timeouts } = this.#deps
    return world.request(address.url, { method: 'POST', headers, body, signal, connectTimeoutMs: timeouts.connectMs })
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
    this.greeting = await readGreeting(exchange, { name: this.#deps.server, credentials: this.#deps.credentials })
    this.#isGreeting = false
    this.#headers['mcp-protocol-version'] = String(this.greeting.protocolVersion)
    // Waited for: a server may refuse what comes before it.
    await this.#tell(encodeNotification('notifications/initialized'))
  }

  /** The id of the session stands in the answer to `initialize`. */
  #noteSession(reply: PeerReply): void {
    if (this.#sessionId !== undefined) return
    const sessionId = reply.headers.get('mcp-session-id')
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
      this.#over.abort(undefined)
      this.#deps.listener.onClosed('its session was gone')
      throw thrown
    }
  }
}

/** 404 is what the specification says; the examples of the official SDK answer 400, and say why. */
function saysSessionGone({ status, bytes }: WholeAnswer): boolean {
  return status === 404 || (status === 400 && /session/i.test(new TextDecoder().decode(bytes)))
}

const MAX_REFUSAL_BYTES = 1024 * 1024

interface SendAttempt {
  readonly idText: string
  readonly signal: CallSignal
  /** Whether a session that the server has forgotten may be begun anew: nothing was done yet, and only once. */
  readonly mayRenew: boolean
}

const LEAVE_MS = 1000
const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
} as const
