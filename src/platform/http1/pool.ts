import type { TLSOptions } from 'bun'
import type { CancelTimer, World } from '../../core/world.ts'
import { Connection, SOCKET_HANDLER } from './connection.ts'
import type { Transaction } from './transaction.ts'

/** Where a pool's connections go. */
export interface Place {
  readonly hostname: string
  readonly port: number
  /** Absent: not encrypted. */
  readonly tls?: TLSOptions
}

/** What a pool needs of its world. */
export type PoolWorld = Pick<World, 'monotonicMs' | 'after'>

/**
 * How long an idle connection is kept where the peer does not say. Plain ones go to programs nearby, of which Node and uvicorn hang up after 5 s and do
 * not say so: a connection costs little there, and a request that meets a closing one is lost. Encrypted ones cost a handshake and go to load
 * balancers; the shortest of these waits 60 s.
 */
const PLAIN_IDLE_MS = 4000
const TLS_IDLE_MS = 30_000
/** What a peer says is taken off by this: its clock began to run before ours. */
const SAID_LESS_MS = 1000
const MAX_IDLE = 256
/** So old an unfinished connection is not better than a new one: the system repeats the first packet after a second, and then ever more seldom. */
const FRESH_MS = 800
/** Unfinished connections that nobody waits for: the runtime has no way to give one up, the system does so after two minutes. */
const MAX_ORPHANS = 256

/** The connections to one place: idle ones, latest first, and those that are being made for nobody any more. */
export class Pool {
  readonly #place: Place
  readonly #world: PoolWorld
  readonly #idle: Connection[] = []
  readonly #orphans = new Set<Connection>()
  /** Connections that are not closed, whatever they do. */
  #openCount = 0

  constructor(place: Place, world: PoolWorld) {
    this.#place = place
    this.#world = world
  }

  get isTls(): boolean {
    return this.#place.tls !== undefined
  }

  get isEmpty(): boolean {
    return this.#openCount === 0
  }

  after(ms: number, run: () => void): CancelTimer {
    return this.#world.after(ms, run)
  }

  /** Carries a transaction on an idle connection, or a new one. */
  carry(transaction: Transaction): void {
    const nowMs = this.#world.monotonicMs()
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.isClosed && nowMs < idle.atMs) {
        idle.carry(transaction)
        return
      }
      idle.close()
    }
    this.carryAnew(transaction)
  }

  /** Carries a transaction on a connection that nothing was sent on. */
  carryAnew(transaction: Transaction): void {
    const nowMs = this.#world.monotonicMs()
    const orphan = this.#takeOrphan(nowMs)
    if (orphan === undefined && this.#orphans.size >= MAX_ORPHANS) {
      transaction.failWith('connect_timeout', `${MAX_ORPHANS} connections to the host are waiting to be accepted.`)
      return
    }
    const connection = orphan ?? this.#connect(nowMs)
    connection.carry(transaction)
  }

  /** Keeps a connection for the next transaction. */
  keep(connection: Connection, saidSeconds: number | undefined): void {
    const unsaidMs = this.isTls ? TLS_IDLE_MS : PLAIN_IDLE_MS
    const idleMs = saidSeconds === undefined ? unsaidMs : Math.min(saidSeconds * 1000 - SAID_LESS_MS, TLS_IDLE_MS)
    if (idleMs <= 0 || this.#idle.length >= MAX_IDLE) {
      connection.close()
      return
    }
    connection.atMs = this.#world.monotonicMs() + idleMs
    this.#idle.push(connection)
  }

  /** Its transaction was given up before it was ready. */
  keepOrphan(connection: Connection): void {
    this.#orphans.add(connection)
  }

  /** It is closed. Once for each connection. */
  closed(connection: Connection): void {
    this.#openCount--
    this.forget(connection)
  }

  /** It carries a transaction now, or will not do so again. */
  forget(connection: Connection): void {
    this.#orphans.delete(connection)
    const at = this.#idle.lastIndexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
  }

  /** Closes what has been idle for too long. */
  sweep(nowMs: number): void {
    for (const connection of this.#idle.filter(({ atMs }) => nowMs >= atMs)) {
      this.forget(connection)
      connection.close()
    }
  }

  /** Closes all idle connections. */
  close(): void {
    this.sweep(Number.POSITIVE_INFINITY)
  }

  #connect(nowMs: number): Connection {
    const connection = new Connection(this, nowMs)
    this.#openCount++
    const { hostname, port, tls } = this.#place
    Bun.connect({ hostname, port, socket: SOCKET_HANDLER, data: connection, ...(tls === undefined ? {} : { tls }) }).catch(
      (thrown: unknown) => {
        connection.onConnectError(thrown instanceof Error ? thrown : new Error(String(thrown)))
      },
    )
    return connection
  }

  #takeOrphan(nowMs: number): Connection | undefined {
    for (const orphan of this.#orphans) {
      if (nowMs - orphan.atMs >= FRESH_MS) continue
      this.#orphans.delete(orphan)
      return orphan
    }
    return undefined
  }
}
