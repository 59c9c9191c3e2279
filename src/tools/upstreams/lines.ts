const LF = 10
/** What is kept of a line that is too long, of its beginning and of its end. */
const KEPT_BYTES = 256

/** Splits the output of a program into lines, however the bytes come. A line that is too long is left out, and its two ends are told. */
export class LineSplitter {
  readonly #maxLineBytes: number
  readonly #pieces: Uint8Array[] = []
  #heldBytes = 0
  readonly #onTooLong: (ends: Uint8Array) => void
  /** The two ends of a line that is being skipped, so far. */
  #skipping: { readonly head: Uint8Array; tail: Uint8Array } | undefined

  /** @param onTooLong is given the first and the last 256 bytes of a line that was left out, in one */
  constructor(maxLineBytes: number, onTooLong: (ends: Uint8Array) => void) {
    this.#maxLineBytes = maxLineBytes
    this.#onTooLong = onTooLong
  }

  /** Takes the next bytes; gives the lines that are complete now, without their ends. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const lines: Uint8Array[] = []
    let from = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const line = this.#complete(chunk.subarray(from, end))
      if (line !== undefined && line.length > 0) lines.push(line)
      from = end + 1
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from))
    return lines
  }

  #complete(last: Uint8Array): Uint8Array | undefined {
    if (this.#skipping === undefined && this.#heldBytes + last.length > this.#maxLineBytes) this.#skip(last)
    const skipped = this.#skipping
    if (skipped !== undefined) {
      this.#skipping = undefined
      this.#onTooLong(Buffer.concat([skipped.head, tailOf(skipped.tail, last)]))
      return undefined
    }
    const line = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last])
    this.#drop()
    return line
  }

  #hold(piece: Uint8Array): void {
    if (this.#skipping === undefined && this.#heldBytes + piece.length > this.#maxLineBytes) this.#skip(piece)
    if (this.#skipping !== undefined) {
      this.#skipping.tail = tailOf(this.#skipping.tail, piece)
      return
    }
    this.#heldBytes += piece.length
    // A copy: the runtime may use its buffer again.
    this.#pieces.push(piece.slice())
  }

  /** Lets go of what was held of a line, but its beginning. */
  #skip(next: Uint8Array): void {
    const [first = next] = this.#pieces
    this.#skipping = { head: first.slice(0, KEPT_BYTES), tail: tailOf(NOTHING, this.#pieces.at(-1) ?? NOTHING) }
    this.#drop()
  }

  #drop(): void {
    this.#pieces.length = 0
    this.#heldBytes = 0
  }
}

const NOTHING = new Uint8Array()

function tailOf(before: Uint8Array, piece: Uint8Array): Uint8Array {
  return piece.length >= KEPT_BYTES ? piece.slice(-KEPT_BYTES) : Buffer.concat([before, piece]).subarray(-KEPT_BYTES)
}
