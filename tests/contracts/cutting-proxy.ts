import type { Socket } from 'bun'

/** Stands between a client and a server, and can cut what passes through it. */
export interface CuttingProxy {
  readonly port: number
  /** The next answer that a transaction is committed is lost, with its connection. */
  cutNextCommit(): void
  /** All connections end, without a word of the server. */
  cutAll(): void
  /** How many clients are connected. */
  readonly connections: number
  /** How many were lost. */
  readonly cuts: number
  stop(): void
}

interface Pair {
  client: Socket<Pair>
  server: Socket<Pair> | undefined
  waiting: Uint8Array[]
}

const COMMITTED = Buffer.from('COMMIT\0')

/** Forwards to a port of this machine. */
export function cuttingProxy(port: number): CuttingProxy {
  let isArmed = false
  let cuts = 0
  const clients = new Set<Socket<Pair>>()
  const listener = Bun.listen<Pair>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (client) => {
        const pair: Pair = { client, server: undefined, waiting: [] }
        client.data = pair
        clients.add(client)
        void Bun.connect<Pair>({
          hostname: '127.0.0.1',
          port,
          data: pair,
          socket: {
            open: (server) => {
              pair.server = server
              // The client may have left meanwhile.
              if (!clients.has(client)) server.end()
              for (const bytes of pair.waiting) server.write(bytes)
            },
            data: (server, bytes) => {
              if (isArmed && bytes.includes(COMMITTED)) {
                isArmed = false
                cuts++
                client.end()
                server.end()
              } else client.write(bytes)
            },
            close: () => void client.end(),
          },
        })
      },
      data: ({ data: pair }, bytes) => {
        if (pair.server === undefined) pair.waiting.push(new Uint8Array(bytes))
        else pair.server.write(bytes)
      },
      close: (client) => {
        clients.delete(client)
        client.data.server?.end()
      },
    },
  })
  return {
    port: listener.port,
    cutNextCommit: () => {
      isArmed = true
    },
    cutAll: () => {
      for (const client of clients) client.end()
    },
    get connections() {
      return clients.size
    },
    get cuts() {
      return cuts
    },
    stop: () => listener.stop(true),
  }
}
