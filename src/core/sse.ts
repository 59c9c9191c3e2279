const LF = 10
const CR = 13
/** A line that is longer than this gets room to grow into: to join it anew with each piece would take time that grows with its square. */
const LONG_LINE_BYTES = 64 * 1024
/** Of a chunk that is larger than this, what is left over is copied: a view of it would keep all of it. */
const LARGE_CHUNK_BYTES = 64 * 1024
/** So much of a chunk is put behind what was left over, in search of its frame's end. */
const JOINED_BYTES = 4096

/** Reads one SSE stream as frames of bytes, however the bytes are split. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-11-21). */
export class SseSplitter {
  readonly #maxFrameBytes: number
  #rest: Uint8Array | undefined
  /** Bytes of `#rest` that are known to hold no frame's end. */
  #scanned = 0
  /** The memory that a long `#rest` stands in, with room behind it. */
  #store: Uint8Array | undefined

  /** @param maxFrameBytes a longer frame makes `push` throw a RangeError: an endless line must not fill the memory */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /**
   * Takes the next bytes; gives the frames that are complete now, each with the blank line that ends it. Frames are views, not copies.
   * @throws RangeError past the frame limit
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const frames: Uint8Array[] = []
    let start = this.#rest === undefined ? 0 : this.#completeFirst(chunk, frames)
    // All of it went into the frame that is not complete.
    if (this.#rest !== undefined) return frames
    for (let end = frameEnd(chunk, start); end !== -1; end = frameEnd(chunk, start)) {
      this.#checkSize(end - start)
      frames.push(chunk.subarray(start, end))
      start = end
    }
    if (start < chunk.length) this.#keep(chunk.length > LARGE_CHUNK_BYTES ? new Uint8Array(chunk.subarray(start)) : chunk.subarray(start))
    return frames
  }

  /** Bytes after the last complete frame: at the end of a well-formed stream there are none. */
  get rest(): Uint8Array {
    return this.#rest ?? new Uint8Array(0)
  }

  /**
   * Looks for the end of the frame that has begun, and copies no more of the chunk than that takes.
   * @returns where in the chunk the next frame begins
   */
  #completeFirst(chunk: Uint8Array, frames: Uint8Array[]): number {
    let taken = 0
    while (this.#rest !== undefined && taken < chunk.length) {
      const more = chunk.subarray(taken, taken + Math.max(JOINED_BYTES, this.#rest.length))
      const bytes = this.#append(this.#rest, more)
      const end = frameEnd(bytes, this.#scanned)
      taken += more.length
      if (end === -1) {
        this.#keep(bytes)
        continue
      }
      this.#checkSize(end)
      frames.push(bytes.subarray(0, end))
      this.#rest = undefined
      taken -= bytes.length - end
    }
    return taken
  }

  #keep(rest: Uint8Array): void {
    this.#rest = rest
    // The last three bytes may be the beginning of a frame's end (CR LF CR).
    this.#scanned = Math.max(0, rest.length - 3)
    this.#checkSize(rest.length)
  }

  #append(rest: Uint8Array, chunk: Uint8Array): Uint8Array {
    const length = rest.length + chunk.length
    if (this.#store === undefined || rest.buffer !== this.#store.buffer || rest.byteOffset + length > this.#store.length) {
      this.#store = new Uint8Array(rest.length > LONG_LINE_BYTES ? length * 2 : length)
      this.#store.set(rest)
      this.#store.set(chunk, rest.length)
      return this.#store.subarray(0, length)
    }
    // Behind all that was given out: no frame is written over.
    this.#store.set(chunk, rest.byteOffset + rest.length)
    return this.#store.subarray(rest.byteOffset, rest.byteOffset + length)
  }

  #checkSize(frameBytes: number): void {
    if (frameBytes > this.#maxFrameBytes) throw new RangeError(`an SSE frame is longer than ${this.#maxFrameBytes} bytes`)
  }
}

/** Index just after the blank line that ends a frame, or -1. Lines end in LF, CR LF or CR. */
function frameEnd(bytes: Uint8Array, from: number): number {
  const end = lineFeedEnd(bytes, from)
  // Only in front of that end: else a stream without any CR would be searched to its last byte for every frame.
  const earlierEnd = carriageReturnEnd(end === -1 ? bytes : bytes.subarray(0, end), from)
  return earlierEnd === -1 ? end : earlierEnd
}

function lineFeedEnd(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(LF, from)
  while (at !== -1) {
    const next = bytes[at + 1]
    if (next === LF) return at + 2
    // A CR is a line end of its own only once it is known that no LF follows.
    if (next === CR && at + 2 < bytes.length) return bytes[at + 2] === LF ? at + 3 : at + 2
    at = bytes.indexOf(LF, at + 1)
  }
  return -1
}

/** Lines that end in CR alone: allowed by the standard, hardly ever seen. */
function carriageReturnEnd(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(CR, from)
  while (at !== -1) {
    if (bytes[at + 1] === CR) return at + 2
    at = bytes.indexOf(CR, at + 1)
  }
  return -1
}

// Marks are kept: one at the beginning of a value belongs to the value.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()
const BYTE_ORDER_MARK = '\uFEFF'
const [LETTER_D, LETTER_A, LETTER_T] = [100, 97, 116]
const COLON = 58
const SPACE = 32

/** One decoded frame. `data` joins its lines with LF; both are absent where the frame has no such field (a comment, say). */
export interface SseEvent {
  readonly event?: string
  readonly data?: string
}

/** Decodes one frame. Unknown fields and comments are ignored, as the standard demands. */
export function decodeSseFrame(frame: Uint8Array): SseEvent {
  const simple = simpleData(frame)
  if (simple !== undefined) return { data: simple }
  let event: string | undefined
  let data: string | undefined
  const text = decoder.decode(frame)
  const lines = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
  for (const line of lines.split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (name === 'event') event = value
  }
  return { ...(event === undefined ? {} : { event }), ...(data === undefined ? {} : { data }) }
}

/** The usual frame, one `data:` line ended by LFs, without splitting it. Undefined where the frame is anything else. */
function simpleData(frame: Uint8Array): string | undefined {
  if (frame[0] !== LETTER_D || frame[1] !== LETTER_A || frame[2] !== LETTER_T || frame[3] !== LETTER_A || frame[4] !== COLON)
    return undefined
  const end = frame.length - 2
  if (frame.indexOf(LF) !== end || frame.indexOf(CR) !== -1) return undefined
  return decoder.decode(frame.subarray(frame[5] === SPACE ? 6 : 5, end))
}

/** Encodes one frame. `data` must hold no CR; its lines are split as the standard demands. */
export function encodeSseFrame(event: SseEvent): Uint8Array {
  const name = event.event === undefined ? '' : `event: ${event.event}\n`
  const data = event.data === undefined ? '' : `data: ${event.data.replaceAll('\n', '\ndata: ')}\n`
  return encoder.encode(`${name}${data}\n`)
}
