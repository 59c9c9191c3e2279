import { NetworkError } from '../../core/peer-reply.ts'

/** Longest line with a size, or all lines of trailers together. */
const MAX_LINE_BYTES = 4096
const MAX_TRAILER_BYTES = 16 * 1024
/** 2 ** 48 − 1 is more than anybody sends, and far from where numbers lose their last digits. */
const MAX_SIZE_DIGITS = 12

const CR = 13
const LF = 10
const SEMICOLON = 59
const SPACE = 32
const TAB = 9

/** What is expected next. */
const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILER_START = 6
const TRAILER = 7
const TRAILER_LF = 8
const LAST_LF = 9
const OVER = 10

/**
 * Takes the chunks off a body (RFC 9112, section 7.1; https://www.rfc-editor.org/rfc/rfc9112#section-7.1, read 2026-11-21). Extensions and trailers
 * are read over. Lines end in CR LF and nothing else.
 */
export class ChunkedDecoder {
  #expects = SIZE
  #size = 0
  #digits = 0
  #lineBytes = 0
  #trailerBytes = 0
  /** Where in the bytes that were given last the body ended; those behind it are none of its own. */
  endedAt = 0

  get isOver(): boolean {
    return this.#expects === OVER
  }

  /**
   * Decodes in place: the body's bytes are moved together.
   * @returns the part of `bytes` that is body
   * @throws NetworkError malformed
   */
  decode(bytes: Uint8Array): Uint8Array {
    let from = 0
    let to = 0
    let at = 0
    while (at < bytes.length) {
      if (this.#expects === OVER) break
      if (this.#expects !== DATA) {
        this.#take(bytes[at++] ?? 0)
        continue
      }
      const length = Math.min(this.#size, bytes.length - at)
      // The first piece stays where it is; of an event stream it is often the only one.
      if (to === from) from = to = at
      else bytes.copyWithin(to, at, at + length)
      to += length
      at += length
      this.#size -= length
      if (this.#size === 0) this.#expects = DATA_CR
    }
    this.endedAt = at
    return bytes.subarray(from, to)
  }

  /** Takes one byte that is no data. */
  #take(byte: number): void {
    switch (this.#expects) {
      case SIZE:
        this.#takeSize(byte)
        break
      case EXTENSION:
        if (byte === CR) this.#expects = SIZE_LF
        else if (++this.#lineBytes > MAX_LINE_BYTES || byte === LF) throw malformed()
        break
      case SIZE_LF:
        expect(byte, LF)
        this.#expects = this.#size === 0 ? TRAILER_START : DATA
        break
      case DATA_CR:
        expect(byte, CR)
        this.#expects = DATA_LF
        break
      case DATA_LF:
        expect(byte, LF)
        this.#expects = SIZE
        this.#size = this.#digits = this.#lineBytes = 0
        break
      default:
        this.#takeTrailer(byte)
    }
  }

  #takeSize(byte: number): void {
    const digit = hexDigit(byte)
    if (digit !== -1) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw malformed()
      this.#size = this.#size * 16 + digit
      return
    }
    if (this.#digits === 0) throw malformed()
    if (byte === CR) this.#expects = SIZE_LF
    else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.#expects = EXTENSION
    else throw malformed()
  }

  #takeTrailer(byte: number): void {
    if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw malformed()
    if (byte === LF && (this.#expects === TRAILER_START || this.#expects === TRAILER)) throw malformed()
    if (this.#expects === TRAILER_START) this.#expects = byte === CR ? LAST_LF : TRAILER
    else if (this.#expects === TRAILER && byte === CR) this.#expects = TRAILER_LF
    else if (this.#expects === TRAILER_LF) {
      expect(byte, LF)
      this.#expects = TRAILER_START
    } else if (this.#expects === LAST_LF) {
      expect(byte, LF)
      this.#expects = OVER
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const low = byte | 32
  return low >= 97 && low <= 102 ? low - 87 : -1
}

function expect(byte: number, expected: number): void {
  if (byte !== expected) throw malformed()
}

function malformed(): NetworkError {
  return new NetworkError('malformed', 'The chunks of the reply are malformed.')
}
