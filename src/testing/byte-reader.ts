/** Bytes of a socket, read as they are needed. One reader at a time. */
export class ByteReader {
  #chunks: Uint8Array[] = []
  #size = 0
  #isEnded = false
  #wake: (() => void) | undefined

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    this.#wake?.()
  }

  /** No more will come. */
  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  /** Whatever is there, at least one byte; undefined at the end. */
  async readSome(): Promise<Uint8Array | undefined> {
    while (this.#size === 0 && !this.#isEnded) await this.#more()
    return this.#size === 0 ? undefined : this.#take(this.#size)
  }

  /** That many bytes; undefined where the end comes before. */
  async readExactly(count: number): Promise<Uint8Array | undefined> {
    while (this.#size < count && !this.#isEnded) await this.#more()
    return this.#size < count ? undefined : this.#take(count)
  }

  /** Text up to and without this marker, which is taken too; undefined where the end comes before. */
  async readUntil(marker: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#joined().indexOf(marker)
      if (at !== -1) {
        const text = new TextDecoder('latin1').decode(this.#take(at))
        this.#take(marker.length)
        return text
      }
      if (this.#isEnded) return undefined
      await this.#more()
    }
  }

  /** All that comes until the end. */
  async readAll(): Promise<Uint8Array> {
    while (!this.#isEnded) await this.#more()
    return this.#take(this.#size)
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  #joined(): Buffer {
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = [joined]
    return joined
  }

  #take(count: number): Uint8Array {
    const joined = this.#joined()
    this.#size -= count
    this.#chunks = this.#size === 0 ? [] : [joined.subarray(count)]
    return joined.subarray(0, count)
  }
}
