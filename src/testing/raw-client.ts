import { connect, type Socket } from 'node:net'
import { ByteReader } from './byte-reader.ts'
import { type HeaderList, headerOf, type MessageHead, readBody, readHead } from './http-message.ts'

/** A reply as it came over the socket. */
export interface RawReply {
  readonly status: number
  readonly headers: HeaderList
  header(name: string): string | undefined
  /** Undefined where the connection ended before the body was complete. */
  readonly body: string | undefined
}

/** Sending in pieces: what, and how long to wait between two. */
export interface Pieces {
  readonly pieces: readonly (string | Uint8Array)[]
  readonly pauseMs?: number
}

/** A connection that sends whatever bytes a test likes. */
export class RawClient implements Disposable {
  readonly #socket: Socket
  readonly #reader = new ByteReader()
  readonly #timeoutMs: number
  #error: Error | undefined
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>

  /** Use `openRawClient`. */
  constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket
    this.#timeoutMs = timeoutMs
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.on('data', (chunk: Uint8Array) => this.#reader.push(chunk))
    socket.on('end', () => this.#reader.end())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#reader.end()
      resolve()
    })
  }

  /** What broke the connection, such as `ECONNRESET`; undefined while it is whole or where it ended in good order. */
  get error(): string | undefined {
    // Errors of sockets carry the system's code.
    return (this.#error as NodeJS.ErrnoException | undefined)?.code
  }

  /** Sends these bytes as they are. Resolves when they were handed to the system. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()))
  }

  async sendPieces({ pieces, pauseMs = 1 }: Pieces): Promise<void> {
    for (const piece of pieces) {
      await this.send(piece)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /** The next reply, whole. Undefined where the connection ends before its head is complete. */
  async readReply(): Promise<RawReply | undefined> {
    const head = await this.readHead()
    if (head === undefined) return undefined
    const status = Number(head.startLine.split(' ')[1])
    const hasBody = status >= 200 && status !== 204 && status !== 304
    const body = hasBody ? await this.#inTime(readBody(this.#reader, head, 'until-end'), 'the body of a reply') : new Uint8Array(0)
    return {
      status,
      headers: head.headers,
      header: (name) => headerOf(head.headers, name),
      body: body === undefined ? undefined : new TextDecoder().decode(body),
    }
  }

  /** The next head, for tests that read the body in their own way. */
  readHead(): Promise<MessageHead | undefined> {
    return this.#inTime(readHead(this.#reader), 'the head of a reply')
  }

  /** Whatever has arrived, at least one byte, as text; undefined at the end. */
  async readSome(): Promise<string | undefined> {
    const bytes = await this.#inTime(this.#reader.readSome(), 'more bytes')
    return bytes === undefined ? undefined : new TextDecoder('latin1').decode(bytes)
  }

  /** All that comes until the connection ends, as text. */
  async readUntilClosed(): Promise<string> {
    return new TextDecoder().decode(await this.#inTime(this.#reader.readAll(), 'the end of the connection'))
  }

  /** Stops reading from the socket: the peer will find no room. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Says that nothing more will be sent (FIN), and goes on reading. */
  halfClose(): void {
    this.#socket.end()
  }

  /** Leaves without a word (RST). */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Leaves. */
  destroy(): void {
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  async #inTime<Value>(reading: Promise<Value>, what: string): Promise<Value> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`The raw client waited ${this.#timeoutMs} ms for ${what}.`)), this.#timeoutMs)
    try {
      return await Promise.race([reading, promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Connects to a port of this machine. Whatever it reads must come within `timeoutMs`. */
export async function openRawClient(port: number, { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.removeAllListeners('error')
  return new RawClient(socket, timeoutMs)
}
