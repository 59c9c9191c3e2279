import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Exchange } from '../core/exchange.ts'
import { type PartSource, Reply } from '../core/reply.ts'
import { replyOf } from '../core/stage.ts'
import { formatTraceparent } from '../core/trace.ts'
import { hideCredentials, withoutCredentials } from './credentials.ts'
import type { StreamDecoder } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { openExchange } from './exchange.ts'
import { type FrameSplitter, type Framing, SSE } from './framing.ts'
import { callDialect, urlOf } from './operation.ts'
import { refineFailure, refineReported } from './refine-failure.ts'
import type { Attempt, ModelPart, OutgoingBody, Target } from './types.ts'

/** Longest frame of a stream: an image in base64 fits, an endless line does not. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024
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

/**
 * Sends one attempt. Resolves when there is something for the caller: the whole reply, or the first content of a stream.
 * Until then every failure, also one that the provider reports in a stream of status 200, is a rejection, and another attempt is allowed.
 */
export async function send(call: Call, attempt: Attempt): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  if (request.hooks?.before !== undefined) await request.hooks.before()
  const url = urlOf(request, target)
  const exchange = openExchange(call, target, url)
  const { facts } = call.record
  try {
    if (request.isStream) exchange.wait({ ms: target.timeouts.firstTokenMs, code: 'provider_first_token_timeout', what: 'sent no content' })
    const body = attempt.encoded ?? callDialect(target.wire, request.operation).encodeRequest(request, target)
    const large = request.elided?.expand(body)
    // Headers of the caller's wire mean something to a provider of the same wire only.
    const own = request.wire === target.wire ? request.headers : undefined
    const headers = { ...target.headers, ...own, traceparent: formatTraceparent(call.trace) }
    // Awaited only where there is something to wait for: a turn of the event loop is measurable here.
    const signed =
      target.authorize === undefined
        ? undefined
        : await target.authorize(call, { method: 'POST', url, headers, body: large?.text() ?? body })
    const response = await exchange.send({
      method: 'POST',
      headers: signed === undefined && large === undefined ? headers : { ...headers, ...lengthOf(large), ...signed },
      body: large?.open() ?? body,
      ...(target.connection === undefined ? {} : { connection: target.connection }),
    })
    facts.providerStatus = response.status
    const requestId = requestIdOf(response.headers)
    if (requestId !== null) facts.providerRequestId = hideCredentials(requestId, target).slice(0, 200)
    if (response.status !== 200) throw await failure(exchange, response, attempt)
    request.hooks?.taken(target)
    return request.isStream ? await openStream(call, attempt, exchange, response) : await openWhole(call, attempt, exchange, response)
  } catch (thrown) {
    facts.providerMs = exchange.elapsedMs
    exchange.abort()
    throw withoutCredentials(thrown, target)
  }
}

function lengthOf(large: OutgoingBody | undefined): Record<string, string> {
  return large === undefined ? {} : { 'content-length': String(large.sizeBytes) }
}

/** The id that the provider gave its reply: most name it as OpenAI does. */
function requestIdOf(headers: Headers): string | null {
  return headers.get('x-request-id') ?? headers.get('request-id') ?? headers.get('x-amzn-requestid')
}

async function openWhole(call: Call, attempt: Attempt, exchange: Exchange, response: Response): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  if (isStream(response, SSE))
    throw new GatewayError('provider_malformed', `Provider ${target.provider} answered with a stream that nobody asked for.`)
  const bytes = await exchange.readAll(response)
  call.record.facts.providerMs = exchange.elapsedMs
  exchange.close()
  const part = callDialect(target.wire, request.operation).decodeReply(bytes, target)
  if (part.finishReason !== undefined) call.record.facts.finishReason = part.finishReason
  return replyOf([part], call.signal)
}

async function openStream(call: Call, attempt: Attempt, exchange: Exchange, response: Response): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  const framing = target.framing ?? dialectOf(target.wire).framing ?? SSE
  if (!isStream(response, framing) || response.body === null) {
    throw new GatewayError('provider_malformed', `Provider ${target.provider} was asked for a stream and answered with something else.`)
  }
  const reader = response.body.getReader()
  const decoder = dialectOf(target.wire).decodeStream(request, target)
  const source = new StreamSource(call, attempt, exchange, { reader, splitter: framing.open(MAX_FRAME_BYTES), decoder })
  await source.holdUntilContent()
  return new Reply(source, call.signal)
}

function isStream(response: Response, framing: Framing): boolean {
  return framing.isStream(response.headers.get('content-type')?.trimStart().toLowerCase() ?? '')
}

async function failure(exchange: Exchange, response: Response, attempt: Attempt): Promise<GatewayError> {
  const body = await exchange.readAll(response)
  const { provider, wire } = attempt.target
  const { status, headers } = response
  const error = dialectOf(wire).decodeError({ provider, status, retryAfter: headers.get('retry-after'), body })
  return refineFailure(error, body)
}

/** The part of a stream reader that is used here. */
interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
}

/** What a stream is read by. */
interface StreamReading {
  readonly reader: BodyReader
  readonly splitter: FrameSplitter
  readonly decoder: StreamDecoder
}

/** The parts of one stream, pulled: what the client does not read is not read from the provider. */
class StreamSource implements PartSource<ModelPart> {
  readonly #call: Call
  readonly #target: Target
  readonly #exchange: Exchange
  readonly #reader: BodyReader
  readonly #decoder: StreamDecoder
  readonly #splitter: FrameSplitter
  #ready: ModelPart[] = []
  #position = 0
  #isOver = false

  constructor(call: Call, attempt: Attempt, exchange: Exchange, { reader, splitter, decoder }: StreamReading) {
    this.#call = call
    this.#target = attempt.target
    this.#exchange = exchange
    this.#reader = reader
    this.#splitter = splitter
    this.#decoder = decoder
  }

  /** Reads until there is content. What came before it is given out with it. */
  async holdUntilContent(): Promise<void> {
    while (!this.#ready.some(isContent) && !this.#isHeldEnough()) {
      if (!(await this.#readMore())) throw this.#truncated()
      if (this.#ready.length > MAX_COMMENTS) throw this.#malformed(`sent ${MAX_COMMENTS} frames without content`)
    }
    // The first thing that is said may be a failure: then nothing was accepted.
    const first = this.#ready.find(isContent)
    if (first?.error !== undefined) throw refineReported(first.error)
    const { facts } = this.#call.record
    if (first !== undefined) facts.firstTokenMs = Math.round(this.#exchange.elapsedMs * 1000) / 1000
    facts.providerMs = this.#exchange.elapsedMs
    this.#exchange.stopWaiting()
  }

  #isHeldEnough(): boolean {
    const preamble = this.#ready.filter(isData)
    return preamble.length > MAX_PREAMBLE_FRAMES || (preamble.length > 1 && sizeOf(preamble) > MAX_PREAMBLE_BYTES)
  }

  async pull(): Promise<ModelPart | undefined> {
    while (this.#position >= this.#ready.length) {
      if (this.#isOver) return undefined
      this.#ready = []
      this.#position = 0
      this.#exchange.awaitMore()
      try {
        if (!(await this.#readMore())) this.#ready.push(this.#atCleanEnd())
      } catch (thrown) {
        this.#note()
        this.#exchange.abort()
        throw thrown
      }
      this.#exchange.stopWaiting()
    }
    const part = this.#ready[this.#position++]
    return part === undefined ? undefined : this.#given(part)
  }

  cancel(): void {
    this.#note()
    this.#exchange.abort()
  }

  /** @returns false at the end of the body */
  async #readMore(): Promise<boolean> {
    let read: Awaited<ReturnType<BodyReader['read']>>
    try {
      read = await this.#reader.read()
    } catch (thrown) {
      throw this.#exchange.explain(thrown, 'body')
    }
    if (read.done || read.value === undefined) return false
    for (const frame of this.#split(read.value)) this.#ready.push(this.#decoder.frame(frame))
    return true
  }

  #split(bytes: Uint8Array): readonly Uint8Array[] {
    try {
      return this.#splitter.push(bytes)
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown
      throw this.#malformed(`sent a line of more than ${MAX_FRAME_BYTES} bytes`)
    }
  }

  #given(part: ModelPart): ModelPart {
    if (part.error !== undefined) {
      this.#note()
      this.#exchange.abort()
      throw withoutCredentials(part.error, this.#target)
    }
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
    const cancel = this.#call.world.after(LINGER_MS, () => this.#exchange.abort())
    const over = () => {
      cancel()
      this.#exchange.close()
    }
    this.#reader.read().then(({ done }) => {
      if (!done) this.#exchange.abort()
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

function sizeOf(parts: readonly ModelPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
