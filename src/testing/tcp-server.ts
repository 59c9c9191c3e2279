import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A server of bytes, for tests of what no well-behaved server sends. */
export interface TcpServer extends AsyncDisposable {
  readonly port: number
  /** All connections that were made, in order. */
  readonly peers: readonly TcpPeer[]
  /** Waits for the next connection that nobody has waited for yet. */
  accept(): Promise<TcpPeer>
}

/** One connection, as the server sees it. */
export class TcpPeer {
  readonly socket: Socket
  #text = ''
  #watchers: (() => void)[] = []
  /** Resolves when the connection is closed, in whatever way. */
  readonly whenClosed: Promise<void>
  isClosed = false
  wasReset = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    this.whenClosed = new Promise((resolve) => {
      socket.on('close', () => {
        this.isClosed = true
        this.#changed()
        resolve()
      })
    })
    socket.on('error', () => {
      this.wasReset = true
    })
    socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1')
      this.#changed()
    })
  }

  /** Everything that was received, each byte a character. */
  get text(): string {
    return this.#text
  }

  /** Waits until the text has this many bodiless requests, or whatever else `isEnough` wants. */
  async until(isEnough: (text: string) => boolean): Promise<void> {
    while (!isEnough(this.#text)) {
      if (this.isClosed) throw new Error(`The connection was closed after: ${this.#text}`)
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }

  /** Waits for the head of the n-th request. */
  request(n = 1): Promise<void> {
    return this.until((text) => text.split('\r\n\r\n').length > n)
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  end(bytes = ''): void {
    this.socket.end(Buffer.from(bytes, 'latin1'))
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  #changed(): void {
    const watchers = this.#watchers
    this.#watchers = []
    for (const watcher of watchers) watcher()
  }
}

/**
 * Starts a server on a free port of this machine.
 * @param onPeer answers each connection by itself; left out, the test does so with `accept`
 */
export async function startTcpServer(
  onPeer: (peer: TcpPeer) => void | Promise<void> = () => {},
  options: { readonly tls?: TlsOptions; readonly host?: string } = {},
): Promise<TcpServer> {
  const peers: TcpPeer[] = []
  const unseen: TcpPeer[] = []
  const waiting: ((peer: TcpPeer) => void)[] = []
  const take = (socket: Socket) => {
    const peer = new TcpPeer(socket)
    peers.push(peer)
    const waiter = waiting.shift()
    if (waiter === undefined) unseen.push(peer)
    else waiter(peer)
    // Whoever waits for a request on a connection that is closed by then is done.
    Promise.resolve(onPeer(peer)).catch((thrown: unknown) => {
      if (!peer.isClosed) throw thrown
    })
  }
  const server = options.tls === undefined ? createServer(take) : createTlsServer(options.tls, take)
  // Who shakes hands badly is no connection, and no failure of the server.
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, options.host ?? '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    port: address.port,
    peers,
    accept: () => {
      const peer = unseen.shift()
      return peer === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(peer)
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of peers) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
