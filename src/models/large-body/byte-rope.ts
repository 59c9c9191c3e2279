/** Bytes in the pieces in which they came, read as one: to put them together would hold them twice. */
export class ByteRope {
  readonly #pieces: readonly Uint8Array[]
  /** Where each piece begins. */
  readonly #starts: number[] = []
  readonly length: number
  /** Piece of the last look: the next is mostly near it. */
  #at = 0

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces.filter(({ length }) => length > 0)
    let length = 0
    for (const piece of this.#pieces) {
      this.#starts.push(length)
      length += piece.length
    }
    this.length = length
  }

  /** The byte at a position; undefined outside. */
  byteAt(position: number): number | undefined {
    if (position < 0 || position >= this.length) return undefined
    const { piece, start } = this.#find(position)
    return piece?.[position - start]
  }

  /** The first place of a byte from a position on, or -1. */
  indexOf(byte: number, from: number): number {
    for (let position = from; position < this.length; ) {
      const { piece, start } = this.#find(position)
      if (piece === undefined) return -1
      const found = piece.indexOf(byte, position - start)
      if (found !== -1) return start + found
      position = start + piece.length
    }
    return -1
  }

  /** The bytes between two positions, in their pieces; nothing is copied. */
  slice(from: number, to: number): readonly Uint8Array[] {
    const found: Uint8Array[] = []
    const end = Math.min(to, this.length)
    for (let position = from; position < end; ) {
      const { piece, start } = this.#find(position)
      if (piece === undefined) break
      found.push(piece.subarray(position - start, Math.min(piece.length, end - start)))
      position = start + piece.length
    }
    return found
  }

  /** All of it in one. */
  whole(): Uint8Array {
    const [only, second] = this.#pieces
    return only !== undefined && second === undefined ? only : Buffer.concat(this.#pieces, this.length)
  }

  #find(position: number): { readonly piece: Uint8Array | undefined; readonly start: number } {
    const starts = this.#starts
    if ((starts[this.#at] ?? 0) > position) this.#at = 0
    while ((starts[this.#at + 1] ?? Number.POSITIVE_INFINITY) <= position) this.#at++
    return { piece: this.#pieces[this.#at], start: starts[this.#at] ?? 0 }
  }
}
