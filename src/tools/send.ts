import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { hideSecrets } from '../core/header-fields.ts'
import { isObject } from '../core/json.ts'
import { type Ending, type PartSource, Reply } from '../core/reply.ts'
import { replyOf } from '../core/stage.ts'
import { formatTraceparent } from '../core/trace.ts'
import type { Attempt } from './attempt.ts'
import { editRequest, paramsOf, progressTokenOf, withId, withValue } from './frames.ts'
import type { Frame, ResponseFrame, ToolPart } from './types.ts'
import type { Exchange } from './upstreams/exchange.ts'
import { shown } from './upstreams/handshake.ts'
import type { Link } from './upstreams/link.ts'
import { answerForNobody, TOOLS_CHANGED } from './upstreams/server.ts'

/** Sends one request to its server. Resolves with the server's first message: mostly the answer. */
export async function send(call: Call, attempt: Attempt): Promise<Reply<ToolPart>> {
  const { server, session, frame, running } = attempt
  const hasOwn = session?.introduction !== undefined
  const link = (hasOwn ? undefined : server.ready) ?? (await whileWanted(call, hasOwn ? session.connect() : server.connect()))
  const traceparent = formatTraceparent(call.trace)
  const name = attempt.tool?.name === paramsOf(frame).name ? undefined : attempt.tool?.name
  const exchange = link.open({
    call,
    traceparent,
    encode: (idText) => editRequest(frame, { idText, name, traceparent, progressTokenText: idText }),
  })
  if (running !== undefined) running.exchange = exchange
  const source = new MessageSource(call, attempt, exchange, link)
  const first = await source.pull()
  if (first?.isLast) return replyOf([first], call.signal, source.ending())
  return new Reply(source.after(first), call.signal)
}

/** Waits for something that others may wait for as well: the end of this call ends the wait, not the work. */
export function whileWanted<Value>(call: Call, work: Promise<Value>): Promise<Value> {
  const { signal } = call
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(asGatewayError(signal.reason))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** The messages of one exchange as the caller shall see them, up to the answer. */
class MessageSource implements PartSource<ToolPart> {
  readonly #call: Call
  readonly #attempt: Attempt
  readonly #exchange: Exchange
  readonly #link: Link
  #held: ToolPart | undefined
  #ending: Ending | undefined

  constructor(call: Call, attempt: Attempt, exchange: Exchange, link: Link) {
    this.#call = call
    this.#attempt = attempt
    this.#exchange = exchange
    this.#link = link
  }

  /** The same source, with a part that was taken from it given out again first. */
  after(first: ToolPart | undefined): this {
    this.#held = first
    return this
  }

  async pull(): Promise<ToolPart | undefined> {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return held
    while (this.#ending === undefined) {
      const part = this.#translate(await this.#read())
      if (part !== undefined) return part
    }
    return undefined
  }

  ending(): Ending {
    return this.#ending ?? { outcome: 'ok' }
  }

  cancel(reason: GatewayError): void {
    this.#note()
    this.#exchange.fail(reason)
  }

  async #read(): Promise<Frame> {
    try {
      return await this.#exchange.next()
    } catch (thrown) {
      this.#note()
      throw thrown
    }
  }

  /** A message of the server for the caller; undefined where it is not for the caller. */
  #translate(frame: Frame): ToolPart | undefined {
    if (frame.type === 'response') return this.#answer(frame)
    const { server, session } = this.#attempt
    if (frame.type === 'request') {
      const text = session === undefined ? this.#refuse(frame) : this.#question(frame)
      return text === undefined ? undefined : { text, isLast: false }
    }
    // Some servers tell of it in the answer to the call that changed it.
    if (frame.method === TOOLS_CHANGED) (session?.introduction === undefined ? server : session).hearOfTools()
    const token = frame.method === 'notifications/progress' ? frame.params?.progressToken : undefined
    if (token !== undefined) {
      const wanted = progressTokenOf(this.#attempt.frame)
      return wanted === undefined ? undefined : { text: withValue(frame, token, wanted), isLast: false }
    }
    // What else a server says during a call goes to a caller that has a session of its own with it: the aggregate promises no more.
    const text = session?.introduction === undefined ? undefined : session.translate(frame)
    return text === undefined ? undefined : { text, isLast: false }
  }

  #question(frame: Extract<Frame, { readonly type: 'request' }>): string | undefined {
    const { session } = this.#attempt
    if (session?.introduction === undefined) return this.#refuse(frame)
    return session.question(frame, this.#exchange)
  }

  #refuse(frame: Extract<Frame, { readonly type: 'request' }>): undefined {
    this.#link.send(answerForNobody(frame))
    this.#exchange.hearServer()
    return undefined
  }

  #answer(frame: ResponseFrame): ToolPart {
    const { facts } = this.#call.record
    const { server } = this.#attempt
    this.#note()
    server.noteSuccess()
    const { result, error } = frame.body
    if (error === undefined) {
      if (this.#attempt.tool !== undefined && isObject(result) && result.isError === true) facts.isToolError = true
      this.#ending = { outcome: 'ok' }
    } else {
      // The server's own words go to the caller as they are; the log has ours.
      if (isObject(error) && typeof error.code === 'number') facts.rpcErrorCode = error.code
      const said = shown(isObject(error) ? error.message : undefined, server.spec.credentials)
      this.#ending = {
        outcome: 'broken',
        error: new GatewayError('server_error', `The server ${server.spec.name} answered with an error: ${said}`),
      }
    }
    const text = withId(frame, this.#attempt.frame.idText)
    // A credential that it quotes is the operator's, and no caller's.
    return { text: error === undefined ? text : hideSecrets(text, server.spec.credentials), isLast: true }
  }

  #note(): void {
    this.#call.record.facts.providerMs = this.#exchange.elapsedMs
  }
}
