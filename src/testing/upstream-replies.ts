import { type Answer, READ_PAUSE, type Step, send } from './upstream-steps.ts'

/** Header fields that a script sets. A name in lower case replaces the one that would be sent anyway. */
export type ScriptHeaders = Readonly<Record<string, string>>

/** A reply in one piece. */
export interface WholeReply {
  readonly status?: number
  readonly headers?: ScriptHeaders
  /** An object is sent as JSON. */
  readonly body: string | Uint8Array | object
}

/** A whole reply, with its length. */
export function wholeReply(reply: WholeReply): Answer {
  const body = bytesOf(reply.body)
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length), ...reply.headers }
  return () => [send(Buffer.concat([replyHead(reply.status ?? 200, headers), body]))]
}

/** An error in OpenAI's shape. */
export interface ErrorReply {
  readonly status: number
  readonly message?: string
  readonly type?: string
  readonly code?: string | null
  /** Seconds, or a date as HTTP writes it. */
  readonly retryAfter?: string | number
  readonly headers?: ScriptHeaders
}

/** Refuses the request as OpenAI does. */
export function errorReply(reply: ErrorReply): Answer {
  const { status, message = 'The upstream refused this on purpose.', type = 'server_error', code = null } = reply
  const wait = reply.retryAfter === undefined ? {} : { 'retry-after': String(reply.retryAfter) }
  return wholeReply({ status, headers: { ...wait, ...reply.headers }, body: { error: { message, type, param: null, code } } })
}

/** A reply in SSE frames. */
export interface StreamReply {
  readonly status?: number
  readonly headers?: ScriptHeaders
  /** Each with the blank line that ends it, sent in a chunk of its own. */
  readonly frames: readonly string[]
  /** Real time between two frames, or two pieces. */
  readonly pauseMs?: number
  /** Positions in the body where a piece ends, in place of the ends of frames. */
  readonly splitAt?: readonly number[]
  /** What to do before the frame of this index: wait at a gate, pause. Not together with `splitAt`. */
  readonly before?: Readonly<Record<number, Step>>
  /** How the reply goes to its end: in chunks (as is usual), or by closing the connection. */
  readonly framing?: 'chunked' | 'until-close'
  /** Stops after so many frames: by breaking the connection, by closing it, by sending nothing more, or in good order all the same. */
  readonly cut?: { readonly afterFrames: number; readonly by: 'reset' | 'close' | 'stall' | 'end' }
}

/** A streamed reply. */
export function streamReply(reply: StreamReply): Answer {
  const framing = reply.framing ?? 'chunked'
  const transfer: ScriptHeaders = framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : { connection: 'close' }
  const head = send(replyHead(reply.status ?? 200, { 'content-type': 'text/event-stream', ...transfer, ...reply.headers }))
  const frames = reply.frames.slice(0, reply.cut?.afterFrames)
  const pieces = reply.splitAt === undefined ? frames.map(bytesOf) : splitBytes(bytesOf(frames.join('')), reply.splitAt)
  const body = pieces.flatMap((piece, index): readonly Step[] => {
    const own = send(framing === 'chunked' ? chunkOf(piece) : piece)
    return [...pauseBefore(reply, index), ...(reply.before?.[index] === undefined ? [] : [reply.before[index]]), own]
  })
  return () => [head, ...body, ...endOf(reply, framing)]
}

function pauseBefore(reply: StreamReply, index: number): readonly Step[] {
  // Pieces need a moment between them, or the kernel would join them again.
  const ms = reply.pauseMs ?? (reply.splitAt === undefined ? 0 : 1)
  return index === 0 || ms === 0 ? [] : [{ type: 'pause', ms }]
}

function endOf(reply: StreamReply, framing: 'chunked' | 'until-close'): readonly Step[] {
  switch (reply.cut?.by) {
    case 'reset':
      return [READ_PAUSE, { type: 'reset' }]
    case 'close':
      return [{ type: 'close' }]
    case 'stall':
      return [{ type: 'stall' }]
    default:
      return framing === 'chunked' ? [send('0\r\n\r\n')] : [{ type: 'close' }]
  }
}

/** Cuts bytes at these positions; empty pieces are left out. */
function splitBytes(bytes: Uint8Array, positions: readonly number[]): readonly Uint8Array[] {
  const ends = [...positions, bytes.length].sort((left, right) => left - right)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)).filter((piece) => piece.length > 0)
}

/** The head of a reply, as bytes. */
export function replyHead(status: number, headers: ScriptHeaders): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return bytesOf(`HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`)
}

/** Bytes of a text, of bytes, or of an object as JSON. */
export function bytesOf(body: string | Uint8Array | object): Uint8Array {
  if (body instanceof Uint8Array) return body
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
}

/** One chunk of a chunked body. */
function chunkOf(piece: Uint8Array): Uint8Array {
  return Buffer.concat([bytesOf(`${piece.length.toString(16)}\r\n`), piece, bytesOf('\r\n')])
}
