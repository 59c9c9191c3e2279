const FIRST_BYTES = 64 * 1024
const LINE_FEED = 10
/** Memory that one large group took is given back after it. */
const KEPT_BYTES = 4 * 1024 * 1024

/** Lines gathered as bytes, in memory that is used again. Each is encoded as soon as it comes, while it is in the processor's cache. */
export class ByteLines {
  #buffer: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  /** All lines so far, each ended by a line feed. A view: the next `add` or `clear` may change it. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  add(line: string): void {
    // A character of a JavaScript string takes three bytes of UTF-8 at the most.
    const needed = this.#length + line.length * 3 + 1
    if (needed > this.#buffer.length) this.#grow(needed * 2)
    this.#length += this.#buffer.write(line, this.#length)
    this.#buffer[this.#length++] = LINE_FEED
  }

  clear(): void {
    this.#length = 0
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(FIRST_BYTES)
  }

  #grow(sizeBytes: number): void {
    const larger = Buffer.allocUnsafe(sizeBytes)
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
