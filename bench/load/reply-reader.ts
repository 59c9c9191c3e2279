/** Who is told what a reply brings. Body pieces come without HTTP's chunk framing, split wherever the network split them. */
export interface ReplySink {
  onHead?(status: number): void
  onBody?(piece: Buffer, status: number): void
  /** Called once a reply; the reader is then ready for the next one of the connection. */
  onEnd(status: number): void
}

type Expecting = 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'last-end'

/** Reads the replies of one keep-alive connection, by length or chunked. */
export class ReplyReader {
  readonly #sink: ReplySink
  #expecting: Expecting = 'head'
  #held: Buffer | undefined
  #status = 0
  #bytesLeft = 0

  constructor(sink: ReplySink) {
    this.#sink = sink
  }

  push(bytes: Buffer): void {
    let rest: Buffer | undefined = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
    this.#held = undefined
    while (rest !== undefined && rest.length > 0) {
      const next: Buffer | undefined =
        this.#expecting === 'body' || this.#expecting === 'chunk' ? this.#readBody(rest) : this.#readLine(rest)
      if (next === undefined) this.#held = rest
      rest = next
    }
  }

  /** Passes on what there is of a body or a chunk; answers what follows it. */
  #readBody(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, this.#bytesLeft)
    this.#bytesLeft -= piece.length
    this.#sink.onBody?.(piece, this.#status)
    if (this.#bytesLeft === 0) {
      if (this.#expecting === 'body') this.#end()
      else this.#expecting = 'chunk-end'
    }
    return bytes.subarray(piece.length)
  }

  /** Reads what ends in a line break; answers what follows it, or undefined when the end has not come yet. */
  #readLine(bytes: Buffer): Buffer | undefined {
    const end = this.#expecting === 'head' ? '\r\n\r\n' : '\r\n'
    const index = bytes.indexOf(end)
    if (index === -1) return undefined
    const line = bytes.toString('latin1', 0, index)
    if (this.#expecting === 'head') this.#readHead(line)
    else if (this.#expecting === 'chunk-size') this.#readChunkSize(line)
    else if (this.#expecting === 'chunk-end') this.#expecting = 'chunk-size'
    else this.#end()
    return bytes.subarray(index + end.length)
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12))
    this.#sink.onHead?.(this.#status)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (length !== null) this.#bytesLeft = Number(length[1])
    if (length === null) this.#expecting = 'chunk-size'
    else if (this.#bytesLeft === 0) this.#end()
    else this.#expecting = 'body'
  }

  #readChunkSize(line: string): void {
    this.#bytesLeft = Number.parseInt(line, 16)
    this.#expecting = this.#bytesLeft === 0 ? 'last-end' : 'chunk'
  }

  #end(): void {
    this.#expecting = 'head'
    this.#sink.onEnd(this.#status)
  }
}
