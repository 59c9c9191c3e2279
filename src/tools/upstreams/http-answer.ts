import { GatewayError } from '../../core/errors.ts'
import { faultOf, type NetworkFault, type PeerReply, readWhole } from '../../core/peer-reply.ts'
import type { CallSignal } from '../../core/signal.ts'
import { decodeSseFrame, SseSplitter } from '../../core/sse.ts'
import type { World } from '../../core/world.ts'
import { decodeFrame } from '../frames.ts'
import type { Frame } from '../types.ts'
import type { Exchange } from './exchange.ts'

const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const MAX_EVENT_BYTES = 64 * 1024 * 1024
const MAX_DEPTH = 1000
/** Times that a stream which the server closed in good order is taken up again. */
const MAX_RESUMES = 1000
const RESUME_AFTER_MS = 1000
const MAX_RESUME_AFTER_MS = 60_000

/** What reading an answer needs of the link. */
export interface AnswerContext {
  readonly world: World
  readonly server: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly signal: CallSignal
  readonly connectTimeoutMs: number
  readonly exchange: Exchange
  /** The id under which the request was sent. */
  readonly idText: string
}

/**
 * Reads the answer to one request, whole or as a stream, into its exchange.
 * @throws server_*, what the network throws
 */
export async function readAnswer(context: AnswerContext, reply: PeerReply): Promise<void> {
  const { server } = context
  if (isEventStream(reply)) {
    if (reply.status !== 200) {
      reply.abort()
      throw refusal(server, reply.status)
    }
    return readStream(context, reply)
  }
  takeWhole(context, { status: reply.status, bytes: await readBytes(server, reply, MAX_ANSWER_BYTES) })
}

/** A reply that was read whole. */
export interface WholeAnswer {
  readonly status: number
  readonly bytes: Uint8Array
}

/**
 * Takes the answer to one request, read whole, into its exchange.
 * @throws server_*
 */
export function takeWhole({ server, exchange, idText }: AnswerContext, { status, bytes }: WholeAnswer): void {
  const decoded = decodeFrame(bytes, MAX_DEPTH)
  const frame = decoded.type === 'frame' ? decoded.frame : undefined
  if (frame?.type === 'response' && (frame.idText === idText || (frame.idText === 'null' && status !== 200))) {
    exchange.deliver(frame)
    return
  }
  if (status !== 200) throw refusal(server, status)
  throw new GatewayError('server_malformed', `The server ${server} answered with something that is no answer to what it was asked.`)
}

/** Reads a body whole. @throws server_malformed where it is longer than `maxBytes` */
export async function readBytes(server: string, reply: PeerReply, maxBytes: number): Promise<Uint8Array> {
  // Mostly it came with its head, and there is nothing to wait for.
  const bytes = reply.readArrived() ?? (await readWhole(reply, { maxBytes }))
  if (bytes === undefined || bytes.length > maxBytes) throw tooLarge(server, maxBytes)
  return bytes
}

/** Reads streams until the answer is there. One that the server ends before it, having said how to go on, is taken up again. */
async function readStream(context: AnswerContext, first: PeerReply): Promise<void> {
  const { world, server, url, exchange, signal, connectTimeoutMs } = context
  const position: StreamPosition = { retryMs: RESUME_AFTER_MS }
  let reply = first
  for (let resumes = 0; ; resumes++) {
    await readEvents(reply, position, (frame) => takeFrame(context, frame))
    if (exchange.isOver) return
    if (position.lastEventId === undefined || resumes >= MAX_RESUMES) {
      throw new GatewayError('server_malformed', `The server ${server} ended the stream before its answer.`)
    }
    await world.sleep(position.retryMs, signal)
    reply = await world.request(url, {
      method: 'GET',
      headers: { ...context.headers, accept: 'text/event-stream', 'last-event-id': position.lastEventId },
      signal,
      connectTimeoutMs,
    })
    if (reply.status !== 200 || !isEventStream(reply)) {
      reply.abort()
      throw refusal(server, reply.status)
    }
  }
}

/** @returns whether there is more to wait for */
function takeFrame({ exchange, idText }: AnswerContext, frame: Frame): boolean {
  // An answer under another id is nobody's: the right one may still come.
  if (frame.type !== 'response' || frame.idText === idText) exchange.deliver(frame)
  return !exchange.isOver
}

/** Where a stream was when it ended. */
export interface StreamPosition {
  lastEventId?: string
  retryMs: number
}

/**
 * Reads the messages of a stream until it ends, or nobody wants more of it.
 * @param take is given each message, and says whether to go on; what is no message is skipped
 */
export async function readEvents(reply: PeerReply, position: StreamPosition, take: (frame: Frame) => boolean): Promise<void> {
  const splitter = new SseSplitter(MAX_EVENT_BYTES)
  for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) {
    for (const bytes of splitter.push(piece)) {
      notePosition(bytes, position)
      const { data } = decodeSseFrame(bytes)
      if (data === undefined || data === '') continue
      const decoded = decodeFrame(data, MAX_DEPTH)
      if (decoded.type === 'frame' && !take(decoded.frame)) {
        reply.abort()
        return
      }
    }
  }
}

const decoder = new TextDecoder()
const LETTER_D = 100

function notePosition(bytes: Uint8Array, position: StreamPosition): void {
  // A frame that begins with its data seldom has another field; the others are few.
  if (bytes[0] === LETTER_D && bytes.indexOf(10) >= bytes.length - 2) return
  for (const line of decoder.decode(bytes).split(/\r\n|\r|\n/)) {
    const id = /^id: ?(.*)$/.exec(line)?.[1]
    if (id !== undefined && !id.includes('\0')) position.lastEventId = id
    const retry = /^retry: ?(\d+)$/.exec(line)?.[1]
    if (retry !== undefined) position.retryMs = Math.min(Number(retry), MAX_RESUME_AFTER_MS)
  }
}

/** Whether a response is a stream of events. */
export function isEventStream(reply: PeerReply): boolean {
  const type = reply.headers.get('content-type')
  if (type === null || type === 'application/json') return false
  return type.trimStart().toLowerCase().startsWith('text/event-stream')
}

function refusal(server: string, status: number): GatewayError {
  const extra = { providerStatus: status }
  if (status === 401 || status === 403) {
    return new GatewayError('server_error', `The server ${server} refused the gateway's own credential (${status}).`, extra)
  }
  if (status >= 300 && status < 400) {
    return new GatewayError('server_error', `The server ${server} redirects to another address, which is not followed.`, extra)
  }
  if (status === 200 || status === 202) {
    return new GatewayError('server_malformed', `The server ${server} took the request and gave no answer.`, extra)
  }
  return new GatewayError('server_error', `The server ${server} answered with the status ${status}.`, extra)
}

function tooLarge(server: string, maxBytes: number): GatewayError {
  return new GatewayError('server_malformed', `The server ${server} sent an answer of more than ${maxBytes} bytes.`)
}

/** The error that a failure of the network means. */
export function describeNetworkError(server: string, thrown: unknown): GatewayError {
  if (thrown instanceof RangeError) {
    return new GatewayError('server_malformed', `The server ${server} sent a line of more than ${MAX_EVENT_BYTES} bytes.`, {
      cause: thrown,
    })
  }
  const fault = faultOf(thrown)
  if (fault === 'malformed') {
    return new GatewayError('server_malformed', `The server ${server} answered with something that is not HTTP.`, { cause: thrown })
  }
  const what = (fault !== undefined && UNREACHABLE[fault]) || 'the connection broke'
  return new GatewayError('server_unreachable', `The server ${server} could not be reached: ${what}.`, { cause: thrown })
}

const UNREACHABLE: Partial<Record<NetworkFault, string>> = {
  refused: 'the connection was refused',
  name: 'its name could not be resolved',
  tls: 'the TLS handshake failed',
  connect_timeout: 'it accepted no connection in time',
}
