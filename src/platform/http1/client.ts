import type { TLSOptions } from 'bun'
import { NetworkError, type PeerReply, type PeerRequest } from '../../core/peer-reply.ts'
import type { CancelTimer, OutgoingConnection } from '../../core/world.ts'
import { Pool, type PoolWorld } from './pool.ts'
import { type KnownNames, type WholeRequest, writeHead } from './request-head.ts'
import { Transaction } from './transaction.ts'

/** URLs whose parts are remembered: a gateway asks few, again and again. */
const MAX_KNOWN_URLS = 1000
const SWEEP_MS = 1000

/** A URL, taken apart. */
interface Address {
  readonly pool: Pool
  readonly host: string
  readonly target: string
}

/**
 * An HTTP/1.1 client on sockets of its own, for everything that a call sends on: decisions/0034. It follows no redirect, keeps no cookie and asks for
 * no packing.
 */
export class HttpClient {
  readonly #world: PoolWorld
  readonly #pools = new Map<string, Pool>()
  readonly #addresses = new Map<string, Address>()
  readonly #known: KnownNames = new Map()
  readonly #connectionIds = new WeakMap<OutgoingConnection, number>()
  #lastConnectionId = 0
  #cancelSweep: CancelTimer | undefined

  constructor(world: PoolWorld) {
    this.#world = world
  }

  /**
   * Sends a request. Resolves when the head of its reply is there.
   * @throws NetworkError, as a rejection
   */
  request(url: string, request: WholeRequest): Promise<PeerReply> {
    try {
      if (request.signal.aborted) throw new NetworkError('aborted', 'The request was aborted.')
      const { pool, host, target } = this.#addressOf(url, request)
      const transaction = new Transaction(request, writeHead(request, target, host, this.#known))
      pool.carry(transaction)
      if (this.#cancelSweep === undefined) this.#planSweep()
      return transaction.replied
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  /** Closes the idle connections. */
  close(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    for (const pool of this.#pools.values()) pool.close()
  }

  #addressOf(url: string, { address, connection }: WholeRequest): Address {
    const key = address === undefined && connection === undefined ? url : `${url} ${address ?? ''} ${this.#idOf(connection)}`
    const known = this.#addresses.get(key)
    if (known !== undefined) return known
    if (this.#addresses.size >= MAX_KNOWN_URLS) this.#addresses.clear()
    const parts = URL.parse(url)
    if (parts === null || !/^https?:$/.test(parts.protocol)) throw new NetworkError('invalid', 'The URL is not one of http or https.')
    const { hostname, host, protocol, port, pathname, search } = parts
    const isTls = protocol === 'https:'
    const bare = hostname.replace(/^\[|\]$/g, '')
    const poolKey = `${protocol}//${host} ${address ?? ''} ${this.#idOf(connection)}`
    let pool = this.#pools.get(poolKey)
    if (pool === undefined) {
      const place = { hostname: address ?? bare, port: port === '' ? (isTls ? 443 : 80) : Number(port) }
      pool = new Pool(isTls ? { ...place, tls: tlsOf(bare, connection) } : place, this.#world)
      this.#pools.set(poolKey, pool)
    }
    const found = { pool, host, target: pathname + search }
    this.#addresses.set(key, found)
    return found
  }

  #idOf(connection: OutgoingConnection | undefined): number {
    if (connection === undefined) return 0
    let id = this.#connectionIds.get(connection)
    if (id === undefined) {
      id = ++this.#lastConnectionId
      this.#connectionIds.set(connection, id)
    }
    return id
  }

  #planSweep(): void {
    this.#cancelSweep = this.#world.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined
      const nowMs = this.#world.monotonicMs()
      for (const [key, pool] of this.#pools) {
        pool.sweep(nowMs)
        if (!pool.isEmpty) continue
        this.#pools.delete(key)
        // They name the pool.
        this.#addresses.clear()
      }
      if (this.#pools.size > 0) this.#planSweep()
    })
  }
}

/** Whether the body of a request is here: what is piped is for the runtime's own client. */
export function isWhole(request: PeerRequest): request is WholeRequest {
  return !(request.body instanceof ReadableStream)
}

function tlsOf(host: string, connection: OutgoingConnection | undefined): TLSOptions {
  return {
    serverName: host,
    // Said, for a variable of the environment may have another opinion.
    rejectUnauthorized: true,
    ALPNProtocols: 'http/1.1',
    ...(connection?.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection?.certificate === undefined ? {} : { cert: connection.certificate }),
    ...(connection?.key === undefined ? {} : { key: connection.key }),
  }
}
