import { createServer, type Server, type Socket } from 'node:net'
import { ByteReader } from './byte-reader.ts'
import { ordinaryAnswer } from './chat-replies.ts'
import { readBody, readHead } from './http-message.ts'
import { ReceivedRequest } from './received-request.ts'
import { type Answer, playSteps } from './upstream-steps.ts'

export {
  type ChatScript,
  type ChatStreamScript,
  chatAnswer,
  chatBody,
  chatFrames,
  chatReply,
  chatStream,
  DEFAULT_CHAT,
  wireUsage,
} from './chat-replies.ts'
export type { ClientLeft, ReceivedRequest } from './received-request.ts'
export * from './upstream-faults.ts'
export { type ErrorReply, errorReply, type StreamReply, streamReply, type WholeReply, wholeReply } from './upstream-replies.ts'
export { type Answer, type Gate, gate, READ_PAUSE, type Step, send } from './upstream-steps.ts'

/** An OpenAI-compatible server on a real socket that does what a test says. */
export interface FakeUpstream extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  /** The origin with `/v1`, as a provider's `baseUrl` is written. */
  readonly baseUrl: string
  /** All that was received, in the order of arrival. */
  readonly requests: readonly ReceivedRequest[]
  /** Connections that are open now. */
  readonly openConnections: number
  /** What every request gets for which nothing is queued. */
  answer(answer: Answer): void
  /** What the next requests get, one each. */
  queue(...answers: readonly Answer[]): void
  /** Resolves with the request of this number (from 1) once it is there. */
  received(number: number): Promise<ReceivedRequest>
  /** Closes, in good order, the connections that wait for a next request. Those that are being answered stay. */
  closeIdle(): void
  /** Breaks all connections and stops listening. */
  close(): Promise<void>
}

/** Starts an upstream. Left alone it answers completions with `DEFAULT_CHAT`, whole or streamed as asked. */
export async function fakeUpstream(answer: Answer = ordinaryAnswer()): Promise<FakeUpstream> {
  const upstream = new ScriptedUpstream(answer)
  await upstream.listen()
  return upstream
}

class ScriptedUpstream implements FakeUpstream {
  readonly requests: ReceivedRequest[] = []
  readonly #sockets = new Set<Socket>()
  readonly #idle = new Set<Socket>()
  readonly #queued: Answer[] = []
  readonly #waiting: (() => void)[] = []
  readonly #server: Server
  #answer: Answer
  #connections = 0
  port = 0

  constructor(answer: Answer) {
    this.#answer = answer
    this.#server = createServer({ noDelay: true }, (socket) => void this.#serve(socket))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    // A server that listens on TCP has an address with a port.
    this.port = (this.#server.address() as { port: number }).port
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get baseUrl(): string {
    return `${this.origin}/v1`
  }

  get openConnections(): number {
    return this.#sockets.size
  }

  answer(answer: Answer): void {
    this.#answer = answer
  }

  queue(...answers: readonly Answer[]): void {
    this.#queued.push(...answers)
  }

  async received(number: number): Promise<ReceivedRequest> {
    for (;;) {
      const request = this.requests[number - 1]
      if (request !== undefined) return request
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  closeIdle(): void {
    for (const socket of this.#idle) socket.end()
  }

  async close(): Promise<void> {
    const closed = [...this.#sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', resolve)))
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([...closed, new Promise<void>((resolve) => this.#server.close(() => resolve()))])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Serves one connection: a request after the other, for as long as both sides keep it. */
  async #serve(socket: Socket): Promise<void> {
    const connection = ++this.#connections
    const { promise: gone, resolve: onGone } = Promise.withResolvers<void>()
    const reader = readerOf(socket, onGone)
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#idle.delete(socket)
    })
    while (!socket.destroyed) {
      this.#idle.add(socket)
      const request = await readRequest(reader, connection)
      this.#idle.delete(socket)
      if (request === undefined) break
      void gone.then(() => request.noteGone())
      await playSteps(this.#take(request), { socket, request, gone })
      if (request.header('connection')?.toLowerCase() === 'close') break
    }
    socket.end()
  }

  #take(request: ReceivedRequest) {
    // Taken before the test hears of the request: what it queues on hearing is for the next.
    const answer = this.#queued.shift() ?? this.#answer
    this.requests.push(request)
    for (const wake of this.#waiting.splice(0)) wake()
    return answer(request)
  }
}

function readerOf(socket: Socket, onGone: () => void): ByteReader {
  const reader = new ByteReader()
  socket.on('data', (chunk: Uint8Array) => reader.push(chunk))
  socket.on('end', () => reader.end())
  // A broken connection is what half of these tests are about; `close` follows and says so.
  socket.on('error', () => {})
  socket.on('close', () => {
    reader.end()
    onGone()
  })
  return reader
}

async function readRequest(reader: ByteReader, connection: number): Promise<ReceivedRequest | undefined> {
  const head = await readHead(reader)
  const body = head && (await readBody(reader, head, 'none'))
  return head && body && new ReceivedRequest(head, body, connection)
}
