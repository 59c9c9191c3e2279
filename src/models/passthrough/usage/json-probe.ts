import type { Json } from '../../../core/json.ts'

/** The keys from the outside to a member of an object: `/meta/billed_units` of RFC 6901. Lists have no place in it. */
export type Pointer = readonly string[]

/** The most that is kept of a value that is looked for, in bytes. What is longer is not found. */
const MAX_VALUE_BYTES = 16 * 1024
/** The most that is kept of a key, in bytes. A longer one is none that is looked for. */
const MAX_KEY_BYTES = 512

const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const COLON = 58
const COMMA = 44

/**
 * Reads values out of a JSON text that comes in pieces and is never held: each byte is looked at once, and strings that are not wanted are leapt over.
 * A text that is no JSON gives nothing, or nonsense; it is for the caller to see what a value means.
 */
export class JsonProbe {
  readonly #pointers: readonly Pointer[]
  /** Deeper than this nothing is looked for. */
  readonly #maxDepth: number
  readonly #found: (Json | undefined)[]
  #depth = 0
  /** By depth: whether an object is open there, and the key whose value is being read. Only as deep as is looked for. */
  readonly #isObject: boolean[] = []
  readonly #keys: (string | undefined)[] = []
  #isKeyNext = false
  #isInString = false
  /** Whether the byte before was a backslash that escapes the next one. */
  #isEscaped = false
  #key: Kept | undefined
  #value: (Kept & { readonly pointer: number; readonly depth: number }) | undefined

  constructor(pointers: readonly Pointer[]) {
    this.#pointers = pointers
    this.#maxDepth = Math.max(...pointers.map(({ length }) => length))
    this.#found = pointers.map(() => undefined)
  }

  /** What was found, in the order of the pointers. Of a member that stands twice the last one, as JSON.parse has it. */
  get found(): readonly (Json | undefined)[] {
    return this.#found
  }

  /** Looks at the next bytes of the text. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      if (this.#isInString) at = this.#leapString(bytes, at)
      else this.#take(bytes, at)
    }
    // What is not at its end goes on with the next piece.
    keep(this.#key, bytes, bytes.length)
    keep(this.#value, bytes, bytes.length)
  }

  /** A byte outside of strings stands for itself. */
  #take(bytes: Uint8Array, at: number): void {
    const byte = bytes[at]
    switch (byte) {
      case QUOTE:
        this.#isInString = true
        if (this.#isKeyNext) this.#key = { chunks: [], sizeBytes: 0, maxBytes: MAX_KEY_BYTES, from: at }
        else this.#beginValue(at)
        return
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#beginValue(at)
        this.#open(byte === OPEN_BRACE)
        return
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#endValue(bytes, at)
        this.#depth = Math.max(0, this.#depth - 1)
        this.#isKeyNext = false
        return
      case COMMA:
        this.#endValue(bytes, at)
        this.#isKeyNext = this.#depth <= this.#maxDepth && this.#isObject[this.#depth] === true
        return
      case COLON:
        this.#isKeyNext = false
        return
      case 32:
      case 9:
      case 10:
      case 13:
        return
      default:
        this.#beginValue(at)
    }
  }

  #open(isObject: boolean): void {
    this.#depth++
    this.#isKeyNext = isObject && this.#depth <= this.#maxDepth
    if (this.#depth > this.#maxDepth) return
    this.#isObject[this.#depth] = isObject
    this.#keys[this.#depth] = undefined
  }

  /** @returns the index of the last byte that was read: the quote that ends the string, or the last one there is */
  #leapString(bytes: Uint8Array, from: number): number {
    let at = from
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at)
      const end = quote === -1 ? bytes.length : quote
      let start = end
      while (start > at && bytes[start - 1] === BACKSLASH) start--
      // A run that reaches back to the beginning of the piece may go on one that ended the piece before.
      const isEscaped = (end - start + (start === 0 && this.#isEscaped ? 1 : 0)) % 2 === 1
      if (quote === -1) {
        this.#isEscaped = isEscaped
        return bytes.length
      }
      if (!isEscaped) {
        this.#isEscaped = false
        this.#endString(bytes, quote)
        return quote
      }
      at = quote + 1
    }
  }

  #endString(bytes: Uint8Array, quote: number): void {
    this.#isInString = false
    if (this.#key === undefined) return
    keep(this.#key, bytes, quote + 1)
    const key = read(this.#key)
    this.#keys[this.#depth] = typeof key === 'string' ? key : undefined
    this.#key = undefined
  }

  #beginValue(from: number): void {
    if (this.#value !== undefined || this.#isKeyNext || this.#depth === 0 || this.#depth > this.#maxDepth) return
    const pointer = this.#pointers.findIndex(
      (keys) =>
        keys.length === this.#depth && keys.every((key, index) => this.#isObject[index + 1] === true && this.#keys[index + 1] === key),
    )
    if (pointer === -1) return
    this.#value = { chunks: [], sizeBytes: 0, maxBytes: MAX_VALUE_BYTES, from, pointer, depth: this.#depth }
  }

  /** A value ends before the comma or the bracket that follows it. */
  #endValue(bytes: Uint8Array, to: number): void {
    const value = this.#value
    if (value === undefined || value.depth !== this.#depth) return
    keep(value, bytes, to)
    this.#value = undefined
    this.#found[value.pointer] = read(value)
  }
}

/** Bytes of a key or a value, as they come. */
interface Kept {
  readonly chunks: Uint8Array[]
  sizeBytes: number
  readonly maxBytes: number
  /** Where it begins in the piece that is read now. */
  from: number
}

function keep(kept: Kept | undefined, bytes: Uint8Array, to: number): void {
  if (kept === undefined) return
  kept.sizeBytes += to - kept.from
  if (kept.sizeBytes <= kept.maxBytes) kept.chunks.push(bytes.slice(kept.from, to))
  else kept.chunks.length = 0
  kept.from = 0
}

function read({ chunks, sizeBytes, maxBytes }: Kept): Json | undefined {
  if (sizeBytes > maxBytes) return undefined
  try {
    // What JSON.parse gives is JSON.
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json
  } catch {
    return undefined
  }
}
