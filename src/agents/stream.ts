import type { Call } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { Exchange } from '../core/exchange.ts'
import type { PeerReply } from '../core/peer-reply.ts'
import type { TaskOwners } from '../core/ports.ts'
import { type PartSource, Reply } from '../core/reply.ts'
import { decodeSseFrame, encodeSseFrame, SseSplitter } from '../core/sse.ts'
import { whenEnded } from '../core/stage.ts'
import type { CancelTimer } from '../core/world.ts'
import { isTerminal, isWaiting, lookAt, malformed } from './a2a/reply.ts'
import { claimTask } from './tasks.ts'
import type { AgentPart, Attempt } from './types.ts'

/** Longest event of a stream: an artifact in base64 fits, an endless line does not. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024
/** How long an agent may keep the connection open after its final event. */
const LINGER_MS = 1000
const decoder = new TextDecoder()

/** What a stream is read from, and for whom. */
export interface StreamStart {
  readonly call: Call
  readonly attempt: Attempt
  readonly owners: TaskOwners
  readonly exchange: Exchange
  readonly reply: PeerReply
}

/** The reply that a stream of events is. */
export function openStream(start: StreamStart): Reply<AgentPart> {
  const source = new StreamSource(start)
  return whenEnded(new Reply(source, start.call.signal), (ending) =>
    // Whoever has seen the final event and leaves has missed nothing.
    source.isFinal && ending.outcome === 'cancelled' && ending.error.code === 'client_closed' ? { outcome: 'ok' } : undefined,
  )
}

/** The events of one stream, pulled: what the client does not read is not read from the agent. */
class StreamSource implements PartSource<AgentPart> {
  readonly #start: StreamStart
  readonly #splitter = new SseSplitter(MAX_FRAME_BYTES)
  #ready: readonly Uint8Array[] = []
  #position = 0
  #taskId: string | undefined
  #contextId: string | undefined
  #state: string | undefined
  #hasMessage = false
  #isOver = false
  #cancelLinger: CancelTimer | undefined
  /** The agent's own error, which was given out as a part. */
  #told: GatewayError | undefined

  constructor(start: StreamStart) {
    this.#start = start
  }

  /** Whether the event came after which there is nothing to come: a message is all there is, a task has ended. */
  get isFinal(): boolean {
    return this.#hasMessage || isTerminal(this.#state)
  }

  async pull(): Promise<AgentPart | undefined> {
    if (this.#told !== undefined) throw this.#told
    try {
      while (this.#position >= this.#ready.length) {
        if (this.#isOver || !(await this.#readMore())) return this.#end()
      }
      const frame = this.#ready[this.#position++]
      if (frame === undefined) return this.#end()
      const { data } = decodeSseFrame(frame)
      if (data !== undefined) await this.#look(data)
      return { type: 'frame', bytes: frame }
    } catch (thrown) {
      this.cancel()
      return this.#tell(asGatewayError(thrown))
    }
  }

  /** An error of the agent's own is its last event, past the guards; then, and with every other failure, the stream has failed. */
  #tell(error: GatewayError): AgentPart {
    const { providerBody } = error.extra
    if (providerBody === undefined) throw error
    this.#told = error
    return { type: 'frame', bytes: encodeSseFrame({ data: decoder.decode(providerBody) }) }
  }

  cancel(): void {
    this.#note()
    this.#cancelLinger?.()
    this.#start.exchange.abort()
  }

  /** @returns false at the end of the body */
  async #readMore(): Promise<boolean> {
    const { exchange, reply } = this.#start
    this.#ready = []
    this.#position = 0
    exchange.awaitMore()
    try {
      const piece = await reply.read()
      if (piece === undefined) return false
      this.#ready = this.#split(piece)
      return true
    } catch (thrown) {
      // After the final event it does not matter how the connection ends.
      if (this.isFinal && !this.#start.call.signal.aborted) return false
      throw exchange.explain(thrown, 'body')
    } finally {
      exchange.stopWaiting()
    }
  }

  #split(bytes: Uint8Array): readonly Uint8Array[] {
    try {
      return this.#splitter.push(bytes)
    } catch {
      throw malformed(this.#start.attempt.agent, `an event of more than ${MAX_FRAME_BYTES} bytes`)
    }
  }

  async #look(data: string): Promise<void> {
    const { call, attempt, owners, exchange } = this.#start
    const { facts } = call.record
    const look = lookAt(data, attempt)
    facts.firstTokenMs ??= Math.round(exchange.elapsedMs * 1000) / 1000
    const { taskId = this.#taskId, contextId = this.#contextId, state = this.#state } = look
    if (taskId !== this.#taskId || contextId !== this.#contextId) {
      await claimTask(owners, call, attempt, look)
      this.#taskId = taskId
      this.#contextId = contextId
    }
    this.#state = state
    this.#hasMessage ||= look.type === 'message'
    if (state !== undefined) facts.finishReason = state
    if (this.isFinal) this.#cancelLinger ??= call.world.after(LINGER_MS, () => this.#leave())
  }

  /** The agent keeps the connection open behind its final event. */
  #leave(): void {
    this.#isOver = true
    this.#start.exchange.abort()
  }

  #end(): undefined {
    this.#note()
    this.#cancelLinger?.()
    this.#start.exchange.close()
    if (this.isFinal || isWaiting(this.#state)) return undefined
    const { name } = this.#start.attempt.agent
    const seen = this.#state === undefined ? 'before it said how the task stands' : `while its task was in state ${this.#state}`
    throw new GatewayError(
      'agent_truncated',
      `Agent ${name} ended the stream ${seen}. Ask for the task with GetTask, or subscribe to it again.`,
    )
  }

  #note(): void {
    this.#start.call.record.facts.providerMs = this.#start.exchange.elapsedMs
  }
}
