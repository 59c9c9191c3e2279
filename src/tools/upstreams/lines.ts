const LF = 10

/** Splits the output of a program into lines, however the bytes come. A line that is too long is left out, and counted. */
export class LineSplitter {
  readonly #maxLineBytes: number
  readonly #pieces: Uint8Array[] = []
  #heldBytes = 0
  #isSkipping = false
  /** Lines that were too long. */
  skipped = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
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
    const isTooLong = this.#isSkipping || this.#heldBytes + last.length > this.#maxLineBytes
    const line = isTooLong ? undefined : this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last])
    if (isTooLong) this.skipped++
    this.#drop()
    this.#isSkipping = false
    return line
  }

  #hold(piece: Uint8Array): void {
    if (this.#isSkipping) return
    this.#heldBytes += piece.length
    if (this.#heldBytes > this.#maxLineBytes) {
      this.#isSkipping = true
      this.#drop()
    } else {
      // A copy: the runtime may use its buffer again.
      this.#pieces.push(piece.slice())
    }
  }

  #drop(): void {
    this.#pieces.length = 0
    this.#heldBytes = 0
  }
}
