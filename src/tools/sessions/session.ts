import type { Call, Principal } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { CallAbort } from '../../core/signal.ts'
import { encodeNotification, paramsOf, withId, withValue } from '../frames.ts'
import type { Revision } from '../revisions.ts'
import { encodeRpcError } from '../rpc-errors.ts'
import { readTools, type ToolTable } from '../tool-table.ts'
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from '../types.ts'
import type { Exchange } from '../upstreams/exchange.ts'
import type { Introduction, Link } from '../upstreams/link.ts'
import { answerForNobody, isToldOfTools, type Server, TOOLS_CHANGED } from '../upstreams/server.ts'
import { Waiting } from '../waiting.ts'

/** Questions of servers that wait for the caller's answer. */
const MAX_QUESTIONS = 100
/** Calls of one session at a time. */
const MAX_IN_FLIGHT = 1000
/** What is kept for a caller that has not opened its stream yet. */
const HELD = { messages: 100, characters: 1024 * 1024 }

/** A call of a session that runs. */
export interface InFlight {
  readonly call: Call
  /** The request at the server, from the moment that it was sent. */
  exchange?: Exchange
}

/** Where a session's messages go that belong to no call. */
export interface SessionStream {
  send(text: string): void
  close(): void
}

/** What a session is begun with. */
export interface SessionStart {
  readonly id: string
  /** Whose it is: nobody else finds it. */
  readonly owner: string
  /** The server of `/mcp/<server>`; absent on the aggregate. */
  readonly server: Server | undefined
  readonly revision: Revision
  /** What the client declared that it can be asked. */
  readonly capabilities: JsonObject
  /** How its own session with its server is begun; absent on the aggregate. */
  readonly introduction?: Introduction
  /** Makes room for its program at the server. @throws server_unreachable where there is none */
  readonly makeRoom: (server: Server) => Promise<void>
  readonly nowMs: number
}

/** A caller's session at the gateway, between its `initialize` and its end. */
export class Session {
  readonly id: string
  readonly owner: string
  readonly server: Server | undefined
  readonly introduction: Introduction | undefined
  readonly #capabilities: JsonObject
  readonly #inFlight = new Map<string, InFlight>()
  readonly #questions = new Map<string, { readonly idText: string; readonly exchange: Exchange | undefined }>()
  #held: Waiting<string> | undefined
  #stream: SessionStream | undefined
  #lastQuestion = 0
  #table: Promise<ToolTable> | undefined
  /** What of the server was heard when the table was read. */
  #tableHearing: number | undefined
  #link: Link | undefined
  #connecting: Promise<Link> | undefined
  #isClosed = false
  #judged: { readonly principal: Principal; readonly table: ToolTable | undefined; readonly isWelcome: boolean } | undefined
  readonly #over = new CallAbort()
  readonly #makeRoom: SessionStart['makeRoom']
  /** What it was agreed to speak. */
  readonly revision: Revision
  lastUsedMs: number
  /** Whether it can be found by its id. */
  isBegun = false

  constructor(start: SessionStart) {
    this.id = start.id
    this.owner = start.owner
    this.server = start.server
    this.#capabilities = start.capabilities
    this.lastUsedMs = start.nowMs
    this.revision = start.revision
    this.introduction = start.introduction
    this.#makeRoom = start.makeRoom
  }

  get isIdle(): boolean {
    return this.#inFlight.size === 0 && this.#stream === undefined
  }

  /** Whether a call of it runs. */
  get isBusy(): boolean {
    return this.#inFlight.size > 0
  }

  /**
   * Whether its caller may still use anything of its server: rights are taken away while sessions last.
   * @param judge asked where the rights (a principal is made anew with the configuration) or the tools are others than the last time
   */
  isWelcome(principal: Principal, judge: (server: Server) => boolean): boolean {
    const { server } = this
    // Until its tools are known, nobody can say.
    if (server?.table === undefined) return true
    if (this.#judged?.principal !== principal || this.#judged.table !== server.table) {
      this.#judged = { principal, table: server.table, isWelcome: judge(server) }
    }
    return this.#judged.isWelcome
  }

  /** Whether it has a session of its own with its server now. */
  get hasOwnLink(): boolean {
    return this.#link?.isOpen === true
  }

  /**
   * The session's own session with its server, begun anew where that has ended: a program that died is started again.
   * @throws server_*
   */
  connect(): Promise<Link> {
    if (this.#link?.isOpen) return Promise.resolve(this.#link)
    this.#connecting ??= this.#connectNow().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connectNow(): Promise<Link> {
    const { server, introduction } = this
    if (server === undefined || introduction === undefined) throw new GatewayError('internal', 'The session has no server of its own.')
    if (this.#isClosed) throw ended()
    while (!server.hasRoom) await this.#makeRoom(server)
    const listener = { onMessage: (frame: Frame) => this.#takeFromServer(frame), onClosed: () => this.hearOfTools() }
    const link = await server.openOwn(introduction, listener, this.#over)
    if (this.#isClosed) {
      await link.close()
      throw ended()
    }
    this.#link = link
    if (this.#stream !== undefined) link.listen()
    return link
  }

  /** Passes on what the caller says without waiting for an answer. */
  sendToServer(text: string): void {
    this.#link?.send(text)
  }

  /** Takes a call in. @throws invalid_request where its id is in use, or too many run */
  begin(idText: string, call: Call): InFlight {
    if (this.#inFlight.has(idText)) {
      throw new GatewayError('invalid_request', `A request with the id ${idText.slice(0, 100)} is running in this session already.`)
    }
    if (this.#inFlight.size >= MAX_IN_FLIGHT) {
      throw new GatewayError('invalid_request', `More than ${MAX_IN_FLIGHT} requests run in this session; wait for some of them.`)
    }
    const running: InFlight = { call }
    this.#inFlight.set(idText, running)
    return running
  }

  end(idText: string): void {
    const exchange = this.#inFlight.get(idText)?.exchange
    this.#inFlight.delete(idText)
    // Nobody waits for the answers to what was asked in that call any more.
    for (const [id, question] of this.#questions) if (exchange !== undefined && question.exchange === exchange) this.#questions.delete(id)
  }

  /** The caller gives up a request. What is not running is none of its own any more: nothing to do. */
  cancel(frame: NotificationFrame): void {
    const span = frame.params?.requestId
    const running = span === undefined ? undefined : this.#inFlight.get(frame.text.slice(span.from, span.to))
    running?.call.abort(new GatewayError('client_closed', 'The client cancelled the request.'))
  }

  /** The tools of the session's own server, as it lists them in this session. @throws server_* */
  async tools(): Promise<ToolTable> {
    const link = await this.connect()
    const { name = '', credentials = [], timeouts } = this.server?.spec ?? {}
    if (this.#table === undefined) this.#tableHearing = link.hearing
    this.#table ??= readTools(link, { name, credentials }, timeouts?.callMs ?? 0).catch((thrown: unknown) => {
      this.#table = undefined
      throw thrown
    })
    return this.#table
  }

  /** The list of tools has changed, or may have: it is read anew when it is next needed. */
  hearOfTools(): void {
    this.#table = undefined
  }

  /** Has the list read anew, unless the server would have told of changes. */
  refreshTools(): void {
    if (this.#link === undefined || !isToldOfTools(this.#link, this.#tableHearing)) this.hearOfTools()
  }

  /**
   * A question of the server, as the caller shall see it: under an id of the gateway's. Undefined where the caller cannot answer it; then the
   * server was told so.
   */
  question(frame: RequestFrame, exchange: Exchange | undefined): string | undefined {
    const refusal = this.#refusalOf(frame)
    if (refusal !== undefined) {
      this.#link?.send(refusal)
      exchange?.hearServer()
      return undefined
    }
    const idText = `"sb-${++this.#lastQuestion}"`
    this.#questions.set(idText, { idText: frame.idText, exchange })
    return withId(frame, idText)
  }

  /** The caller's answer to a question: back to the server under the id that it knows. One that nobody asked for is dropped. */
  answer(frame: ResponseFrame): void {
    const question = this.#questions.get(frame.idText)
    if (question === undefined) return
    this.#questions.delete(frame.idText)
    question.exchange?.hearServer()
    this.#link?.send(withId(frame, question.idText))
  }

  /** A notification as the caller shall see it: what names a question names it by the caller's id. */
  translate(frame: NotificationFrame): string | undefined {
    const span = frame.params?.requestId
    if (frame.method !== 'notifications/cancelled' || span === undefined) return frame.text
    const given = frame.text.slice(span.from, span.to)
    for (const [idText, question] of this.#questions) {
      if (question.idText !== given) continue
      this.#questions.delete(idText)
      return withValue(frame, span, idText)
    }
    return undefined
  }

  /** Opens the stream for what belongs to no call; an earlier one is closed, for each message goes out once. */
  attach(stream: SessionStream): void {
    this.#stream?.close()
    this.#stream = stream
    this.#link?.listen()
    for (let text = this.#held?.shift(); text !== undefined; text = this.#held?.shift()) stream.send(text)
  }

  detach(stream: SessionStream): void {
    if (this.#stream === stream) this.#stream = undefined
  }

  /** Closes the stream; the session stays. */
  closeStream(): void {
    this.#stream?.close()
  }

  /** Tells the caller that the tools it may use have changed. */
  announceTools(): void {
    this.#stream?.send(encodeNotification('notifications/tools/list_changed'))
  }

  /** Ends the session, what runs in it, and its own session with the server. */
  async close(reason: GatewayError): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#over.abort(reason)
    this.#stream?.close()
    this.#stream = undefined
    for (const { call } of [...this.#inFlight.values()]) call.abort(reason)
    this.#inFlight.clear()
    this.#questions.clear()
    this.#held = undefined
    this.#table = undefined
    await this.#link?.close()
  }

  /** What the session's own server says outside of calls: to the caller's stream, or with a call of it that runs. */
  #takeFromServer(frame: Frame): void {
    if (frame.type === 'notification' && frame.method === TOOLS_CHANGED) this.hearOfTools()
    if (frame.type === 'request') this.#ask(frame)
    else if (frame.type === 'notification') this.#tell(frame)
  }

  #refusalOf(frame: RequestFrame): string | undefined {
    if (frame.method === 'ping') return answerForNobody(frame)
    const capability = CAPABILITY_OF[frame.method]
    if (capability !== undefined && !isObject(this.#capabilities[capability])) return answerForNobody(frame)
    if (this.#questions.size < MAX_QUESTIONS) return undefined
    const error = new GatewayError('invalid_request', `More than ${MAX_QUESTIONS} questions wait for the client.`)
    return encodeRpcError(error, frame.idText, undefined)
  }

  #ask(frame: RequestFrame): void {
    const running = this.#latest()
    if (running !== undefined) {
      running.deliver(frame)
      return
    }
    const text = this.question(frame, undefined)
    if (text !== undefined) this.#send(text)
  }

  #tell(frame: NotificationFrame): void {
    // What a server writes to its log while a call runs goes with the call, where guards look at it.
    const goesWithCall = this.#stream === undefined || frame.method === 'notifications/message'
    const running = goesWithCall ? this.#latest() : undefined
    if (running !== undefined) {
      running.deliver(frame)
      return
    }
    const text = this.translate(frame)
    if (text !== undefined) this.#send(text)
  }

  #send(text: string): void {
    if (this.#stream !== undefined) this.#stream.send(text)
    else {
      this.#held ??= new Waiting(HELD)
      this.#held.push(text)
    }
  }

  /** The call that was sent last of those that run. */
  #latest(): Exchange | undefined {
    const running = [...this.#inFlight.values()].reverse()
    return running.find(({ exchange }) => exchange !== undefined && !exchange.isOver)?.exchange
  }
}

function ended(): GatewayError {
  return new GatewayError('session_not_found', 'The session has ended: send initialize to begin another.')
}

/** What a client must have declared before a server may ask it. */
const CAPABILITY_OF: Readonly<Record<string, string>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
}

/** Capabilities that a client declared in `initialize`. */
export function capabilitiesOf(frame: RequestFrame): JsonObject {
  const { capabilities } = paramsOf(frame)
  return isObject(capabilities) ? capabilities : {}
}
