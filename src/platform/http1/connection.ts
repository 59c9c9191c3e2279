import type { Socket, SocketHandler } from 'bun'
import type { CancelTimer } from '../../core/world.ts'
import type { Pool } from './pool.ts'
import type { Transaction } from './transaction.ts'

/** A body up to this goes out in one write with the head: to copy it is cheaper than a second system call. */
const SMALL_BODY = 32 * 1024

/** One connection, from the first attempt to make it until it is closed. It carries one transaction at a time. */
export class Connection {
  readonly #pool: Pool
  #socket: Socket<Connection> | undefined
  #transaction: Transaction | undefined
  #isClosed = false
  #isReady = false
  #wasUsed = false
  /** Whether anything of the present request went out. */
  #hasWritten = false
  #cancelDeadline: CancelTimer | undefined
  /** What the peer has not taken yet of the request. */
  #unsent: Uint8Array | undefined
  /** Milliseconds of the monotonic clock: when it began to be made, or until when it may be used again. */
  atMs: number

  constructor(pool: Pool, nowMs: number) {
    this.#pool = pool
    this.atMs = nowMs
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether the peer has accepted it. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Carries a transaction: at once, or when it is ready. */
  carry(transaction: Transaction): void {
    this.#transaction = transaction
    this.#hasWritten = false
    transaction.attach(this)
    if (this.#isReady) {
      this.#socket?.ref()
      this.#send(transaction)
      return
    }
    const { connectTimeoutMs } = transaction.request
    this.#cancelDeadline = this.#pool.after(connectTimeoutMs, () => {
      transaction.failWith('connect_timeout', `No connection was accepted within ${connectTimeoutMs / 1000} s.`)
    })
  }

  /** The transaction is over. */
  leave(transaction: Transaction, mayReuse: boolean): void {
    if (this.#transaction !== transaction) return
    this.#transaction = undefined
    if (!this.#isReady) {
      this.#cancelDeadline?.()
      if (this.#isClosed) return
      // Nobody has a hand on it before it is open. Half a TLS handshake is not worth keeping.
      if (this.#socket === undefined) this.#pool.keepOrphan(this)
      else this.#cut()
      return
    }
    if (!transaction.isComplete || this.#unsent !== undefined) {
      this.#cut()
      return
    }
    if (!mayReuse) {
      this.close()
      return
    }
    this.#wasUsed = true
    this.#socket?.unref()
    this.#pool.keep(this, transaction.keepAliveSeconds)
  }

  /** Nobody needs it any more: it is closed in good order. */
  close(): void {
    if (!this.#isClosed) this.#socket?.end()
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isClosed) this.#socket?.resume()
  }

  onOpen(socket: Socket<Connection>): void {
    this.#socket = socket
    socket.setNoDelay(true)
    if (!this.#pool.isTls) this.#onReady()
    // Nobody waits for it any more, and nobody would look at the clock while it shakes hands.
    else if (this.#transaction === undefined) this.#cut()
  }

  onHandshake(isAuthorized: boolean, error: Error | null): void {
    if (isAuthorized && error === null) {
      this.#onReady()
      return
    }
    this.#transaction?.failWith('tls', `The TLS handshake failed: ${error?.message ?? 'the certificate is not valid'}.`, error)
    this.#cut()
  }

  onData(bytes: Buffer): void {
    const transaction = this.#transaction
    // Bytes that nobody asked for would be taken for the reply to the next request.
    if (transaction === undefined) this.#cut()
    else transaction.take(bytes)
  }

  onDrain(): void {
    const unsent = this.#unsent
    if (unsent === undefined) return
    this.#unsent = undefined
    this.#write(unsent)
  }

  /** The TLS session broke, or one of our own handlers threw. */
  onError(error: Error): void {
    this.onClose(error)
    this.#socket?.terminate()
  }

  onClose(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#unsent = undefined
    this.#pool.closed(this)
    const transaction = this.#transaction
    if (transaction === undefined) return
    if (!this.#isReady) transaction.failWith(this.#pool.isTls ? 'tls' : 'reset', 'The connection was closed before it was ready.', error)
    else if (!transaction.isHeard && this.#mayRepeat(transaction)) this.#repeat(transaction)
    else transaction.takeEnd(error)
  }

  onConnectError(error: Error): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pool.closed(this)
    const code = 'code' in error ? String(error.code) : ''
    const fault = /NOTFOUND|EAI_|DNS/i.test(code) ? 'name' : /REFUSED/i.test(code) ? 'refused' : 'reset'
    this.#transaction?.failWith(fault, `The connection could not be made: ${code} ${error.message}.`, error)
  }

  #onReady(): void {
    this.#isReady = true
    this.#cancelDeadline?.()
    this.#cancelDeadline = undefined
    this.#pool.forget(this)
    if (this.#transaction !== undefined) {
      this.#send(this.#transaction)
      return
    }
    this.#socket?.unref()
    this.#pool.keep(this, undefined)
  }

  /**
   * The peer closes an idle connection just when a request is on its way to it. A request that may be done twice is repeated on another connection
   * (RFC 9110, section 9.2.2); any other may have been done already, and is given up: whether to pay for it again is not decided here.
   */
  #mayRepeat({ request }: Transaction): boolean {
    if (!this.#wasUsed) return false
    return IDEMPOTENT.has(request.method) || !this.#hasWritten
  }

  #repeat(transaction: Transaction): void {
    this.#transaction = undefined
    this.#pool.carryAnew(transaction)
  }

  #send({ headText, request: { body } }: Transaction): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (body === undefined || (typeof body === 'string' && body.length <= SMALL_BODY)) {
      this.#writeText(body === undefined ? headText : headText + body)
    } else if (typeof body === 'string') {
      this.#write(Buffer.from(headText + body))
    } else if (body.length <= SMALL_BODY) {
      this.#write(Buffer.concat([Buffer.from(headText), body]))
    } else {
      // Not put together: that would copy a large body once more.
      this.#write(Buffer.from(headText))
      if (this.#unsent === undefined && !this.#isClosed) this.#write(body)
      else if (this.#unsent !== undefined) this.#unsent = Buffer.concat([this.#unsent, body])
    }
  }

  #writeText(text: string): void {
    const written = this.#socket?.write(text) ?? -1
    // UTF-8 has a byte for each character at least: only where fewer went out is there something to count.
    if (written < text.length || written < Buffer.byteLength(text)) this.#wrote(Buffer.from(text), written)
    else this.#hasWritten = true
  }

  #write(bytes: Uint8Array): void {
    this.#wrote(bytes, this.#socket?.write(bytes) ?? -1)
  }

  /** @param written less than 0: the socket was closed, and the runtime has not said so yet */
  #wrote(bytes: Uint8Array, written: number): void {
    if (written < 0) {
      this.onClose(undefined)
      return
    }
    if (written > 0) this.#hasWritten = true
    if (written < bytes.length) this.#unsent = bytes.subarray(written)
  }

  /** Closes it at once, whatever is on its way. */
  #cut(): void {
    if (!this.#isClosed) this.#socket?.terminate()
  }
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

/** What the runtime calls: a socket knows its connection. */
export const SOCKET_HANDLER: SocketHandler<Connection> = {
  open: (socket) => socket.data.onOpen(socket),
  handshake: (socket, isAuthorized, error) => socket.data.onHandshake(isAuthorized, error),
  data: (socket, bytes) => socket.data.onData(bytes),
  drain: (socket) => socket.data.onDrain(),
  close: (socket, error) => socket.data.onClose(error),
  error: (socket, error) => socket.data.onError(error),
  connectError: (socket, error) => socket.data.onConnectError(error),
}
