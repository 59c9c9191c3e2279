import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Exchange } from '../core/exchange.ts'
import type { PeerReply } from '../core/peer-reply.ts'
import type { PartSource } from '../core/reply.ts'
import { withoutCredentials } from './credentials.ts'
import type { StreamDecoder } from './dialect.ts'
import type { FrameSplitter } from './framing.ts'
import type { ModelPart, Target } from './types.ts'

/** Longest frame of a stream: an image in base64 fits, an endless line does not. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
/** How long a provider may keep the connection open after its terminal event. */
const LINGER_MS = 1000
/**
 * What comes before the first content (a role, comments, keep-alives) is held back, so that a failure may still go elsewhere: up to so much of it.
 * How long, the first-token timeout says. Past the bounds it is given out as it is. Bounds as in Bifrost (64 chunks, 256 KiB).
 */
const MAX_PREAMBLE_FRAMES = 64
const MAX_PREAMBLE_BYTES = 256 * 1024
/** Comments are no piece of an answer: a stream that has so many and nothing else is none. */
const MAX_COMMENTS = 1000

/** What a stream is read by. */
interface StreamReading {
  readonly reply: PeerReply
  readonly splitter: FrameSplitter
  readonly decoder: StreamDecoder
}

/**
 * The parts of one stream, pulled: what the client does not read is not read from the provider, and not decoded. Nothing here is async but the
 * beginning: what waits for the provider is there once for every open stream.
 */
export class StreamSource implements PartSource<ModelPart> {
  readonly #call: Call
  readonly #target: Target
  readonly #exchange: Exchange
  readonly #reply: PeerReply
  readonly #decoder: StreamDecoder
  readonly #splitter: FrameSplitter
  /** What was decoded in search of the first content: that, and what came before it. The first in line comes last. */
  #held: ModelPart[] = []
  /** Frames of the last piece of the body; those before the position were decoded. */
  #frames: readonly Uint8Array[] = []
  #position = 0
  #isOver = false

  constructor(call: Call, target: Target, exchange: Exchange, { reply, splitter, decoder }: StreamReading) {
    this.#call = call
    this.#target = target
    this.#exchange = exchange
    this.#reply = reply
    this.#splitter = splitter
    this.#decoder = decoder
  }

  /** Reads until there is content. What came before it is given out with it. */
  async holdUntilContent(): Promise<void> {
    const held: ModelPart[] = []
    const preamble = { frames: 0, sizeBytes: 0 }
    let first: ModelPart | undefined
    while (first === undefined && !isEnough(preamble)) {
      const part = this.#decodeNext()
      if (part === undefined) {
        if (!(await this.#readMore())) throw this.#truncated()
        continue
      }
      held.push(part)
      if (isContent(part)) first = part
      else if (held.length > MAX_COMMENTS) throw this.#malformed(`sent ${MAX_COMMENTS} frames without content`)
      if (!isData(part)) continue
      preamble.frames++
      preamble.sizeBytes += part.bytes.length
    }
    // The first thing that is said may be a failure: then nothing was accepted.
    if (first?.error !== undefined) throw first.error
    this.#held = held.reverse()
    const { facts } = this.#call.record
    if (first !== undefined) facts.firstTokenMs = Math.round(this.#exchange.elapsedMs * 1000) / 1000
    facts.providerMs = this.#exchange.elapsedMs
    this.#exchange.stopWaiting()
  }

  pull(): ModelPart | undefined | Promise<ModelPart | undefined> {
    try {
      const part = this.#held.pop() ?? this.#decodeNext()
      if (part !== undefined) return this.#given(part)
    } catch (thrown) {
      throw this.#failed(thrown)
    }
    return this.#isOver ? undefined : this.#awaitMore()
  }

  isReady(): boolean {
    return this.#held.length > 0 || this.#position < this.#frames.length
  }

  cancel(): void {
    this.#note()
    this.#exchange.abort()
  }

  /** What is here already is taken at once; only for what is not there yet something is waited for. */
  #awaitMore(): ModelPart | Promise<ModelPart | undefined> {
    for (;;) {
      const piece = this.#reply.read()
      if (piece instanceof Promise) {
        this.#exchange.awaitMore()
        return piece.then(this.#onRead, this.#onReadFailed)
      }
      const part = this.#partOf(piece)
      if (part !== undefined) return part
    }
  }

  /** The first part of a piece of the body, where there is one; at its end, the last. */
  #partOf(piece: Uint8Array | undefined): ModelPart | undefined {
    try {
      if (piece !== undefined) this.#take(piece)
      const part = piece === undefined ? this.#atCleanEnd() : this.#decodeNext()
      return part === undefined ? undefined : this.#given(part)
    } catch (thrown) {
      throw this.#failed(thrown)
    }
  }

  readonly #onRead = (piece: Uint8Array | undefined): ModelPart | Promise<ModelPart | undefined> => {
    // The first piece may be half of a frame, and the other half be here by now.
    const part = this.#partOf(piece) ?? this.#awaitMore()
    if (!(part instanceof Promise)) this.#exchange.stopWaiting()
    return part
  }

  readonly #onReadFailed = (thrown: unknown): never => {
    throw this.#failed(this.#exchange.explain(thrown, 'body'))
  }

  #failed(thrown: unknown): unknown {
    this.#note()
    this.#exchange.abort()
    return thrown
  }

  /** @returns false at the end of the body */
  async #readMore(): Promise<boolean> {
    let piece: Uint8Array | undefined
    try {
      piece = await this.#reply.read()
    } catch (thrown) {
      throw this.#exchange.explain(thrown, 'body')
    }
    if (piece === undefined) return false
    this.#take(piece)
    return true
  }

  #take(bytes: Uint8Array): void {
    this.#position = 0
    try {
      this.#frames = this.#splitter.push(bytes)
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown
      throw this.#malformed(`sent a line of more than ${MAX_FRAME_BYTES} bytes`)
    }
  }

  #decodeNext(): ModelPart | undefined {
    const frame = this.#frames[this.#position]
    if (frame === undefined) return undefined
    this.#position++
    // The last one of a piece lets go of it: nothing of it is kept while the next is waited for.
    if (this.#position === this.#frames.length) {
      this.#frames = []
      this.#position = 0
    }
    return this.#decoder.frame(frame)
  }

  #given(part: ModelPart): ModelPart {
    if (part.error !== undefined) throw withoutCredentials(part.error, this.#target)
    if (part.finishReason !== undefined) this.#call.record.facts.finishReason = part.finishReason
    if (part.isLast) this.#finish()
    return part
  }

  /** The body ended without a terminal event: complete all the same, or cut. */
  #atCleanEnd(): ModelPart {
    // Whether the content was complete is judged by whole frames: asked before what is left is looked at.
    const end = this.#decoder.atEnd()
    const last = this.#decodeRest()
    if (last?.isLast) return last
    if (end === undefined) throw this.#truncated()
    return end
  }

  /** A last frame may lack its blank line. Only a terminal event is believed without it. */
  #decodeRest(): ModelPart | undefined {
    const { rest } = this.#splitter
    if (rest.length === 0) return undefined
    try {
      return this.#decoder.frame(Buffer.concat([rest, BLANK_LINE]))
    } catch {
      // Half of a frame: what a cut leaves behind, and no fault of its own.
      return undefined
    }
  }

  #finish(): void {
    this.#isOver = true
    this.#note()
    // Reading on to the end of the body lets the connection be used again; a provider that keeps it open is left.
    const rest = this.#reply.read()
    if (!(rest instanceof Promise)) {
      if (rest === undefined) this.#exchange.close()
      else this.#exchange.abort()
      return
    }
    const cancel = this.#call.world.after(LINGER_MS, () => this.#exchange.abort())
    const over = () => {
      cancel()
      this.#exchange.close()
    }
    rest.then((piece) => {
      if (piece !== undefined) this.#exchange.abort()
      over()
    }, over)
  }

  #note(): void {
    this.#call.record.facts.providerMs = this.#exchange.elapsedMs
  }

  #truncated(): GatewayError {
    return new GatewayError('provider_truncated', `Provider ${this.#target.provider} ended the stream before its terminal event.`)
  }

  #malformed(what: string): GatewayError {
    return new GatewayError('provider_malformed', `Provider ${this.#target.provider} ${what}.`)
  }
}

const BLANK_LINE = new TextEncoder().encode('\n\n')
/** How a line of server-sent events begins that says nothing: a comment, `id:`, `retry:`, an empty line. Other framings begin otherwise. */
const SILENT: ReadonlySet<number | undefined> = new Set([':', 'i', 'r', '\n', '\r'].map((character) => character.charCodeAt(0)))

/** Whether a frame says something: comments, keep-alives and preambles do not. */
function isContent(part: ModelPart): boolean {
  return part.error !== undefined || part.isLast || (part.isPreamble !== true && isData(part))
}

function isData({ bytes }: ModelPart): boolean {
  return !SILENT.has(bytes[0])
}

/** Whether so much came before any content that it is given out as it is. */
function isEnough({ frames, sizeBytes }: { readonly frames: number; readonly sizeBytes: number }): boolean {
  return frames > MAX_PREAMBLE_FRAMES || (frames > 1 && sizeBytes > MAX_PREAMBLE_BYTES)
}
