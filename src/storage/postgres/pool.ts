import postgres from 'postgres'
import type { World } from '../../core/world.ts'
import { ARRAY_TYPES } from './array-types.ts'
import { isAway, isLost, NoAnswer, reasonOf, storeFailure } from './failure.ts'
import { type Course, runInside, type Sql } from './transaction.ts'

export type { Sql }

/** What a pool needs. */
export interface PoolOptions {
  /** With its password, where it has one. */
  readonly url: string
  /** Whose time deadlines run in: the real one, also in a test whose time goes by hand. */
  readonly world: World
  /** How long a question may take, unless its asker says otherwise. 15 seconds unless said. */
  readonly patienceMs?: number
}

/** Enough for a shipment, a read, a body and a key at one time; a database has a hundred for everybody. */
const MAX_CONNECTIONS = 4
const CONNECT_SECONDS = 5
/** A statement of ours is short, but for a search through a long log. */
const STATEMENT_MS = 60_000
/** A transaction of which nothing more is heard is rolled back by the server: the driver may leave one behind where a connection was lost. */
const IDLE_TRANSACTION_MS = 60_000
const PATIENCE_MS = 15_000
const END_SECONDS = 1
/** The driver waits this long before it connects again where it was cut off. */
const RECONNECT_MS = 50

/** Since when PostgreSQL has not answered, and what became of the last try. */
export interface Silence {
  readonly sinceMs: number
  readonly reason: string
}

/** Connections that belong together, and how many questions are being answered on them. */
interface Connections {
  readonly sql: postgres.Sql
  uses: number
}

/**
 * Connections to PostgreSQL. Each use has a deadline: where a connection hangs, all are given up and made anew, since nothing else
 * ends a query whose cable was cut. They are made anew too where one was lost: what the driver had begun to write on it stays before
 * what it writes on the next one, which then says nothing until it times out.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #listeners: { readonly channel: string; readonly hear: () => void }[] = []
  /** Replaced, and still being asked. */
  readonly #retired = new Set<Connections>()
  #present: Connections
  #silence: Silence | undefined
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#present = this.#connect()
  }

  /** Server and database, without user and password. */
  get place(): string {
    const { host, pathname } = new URL(this.#options.url)
    return `${host}${pathname}`
  }

  /** Undefined while it answers. */
  get silence(): Silence | undefined {
    return this.#silence
  }

  /**
   * Asks the database.
   * @throws store_unavailable where it does not answer in time or refuses; what it refuses itself is the cause
   */
  async use<Result>(ask: (sql: Sql) => Promise<Result>, patienceMs?: number): Promise<Result> {
    return this.#inTime((sql) => ask(sql), patienceMs)
  }

  /** Does all or nothing. @throws as `use` */
  async transaction<Result>(work: (sql: Sql) => Promise<Result>, patienceMs?: number): Promise<Result> {
    const course: Course = { isOver: false }
    try {
      // What the driver's type takes away from an array of results does not concern a promise of one result.
      return await this.#inTime((sql) => sql.begin((inside) => runInside(inside, work, course)) as Promise<Result>, patienceMs)
    } finally {
      course.isOver = true
    }
  }

  /** Hears of each notification of a channel, and of each time that some may have been missed. */
  listen(channel: string, hear: () => void): void {
    const listener = { channel, hear }
    this.#listeners.push(listener)
    this.#attach(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#present, ...this.#retired].map(({ sql }) => this.#end(sql, END_SECONDS)))
  }

  async #inTime<Result>(ask: (sql: postgres.Sql) => Promise<Result>, given: number | undefined): Promise<Result> {
    const patienceMs = given ?? this.#options.patienceMs ?? PATIENCE_MS
    const connections = this.#present
    const late = Promise.withResolvers<never>()
    const cancel = this.#options.world.after(patienceMs, () => {
      this.#replace(connections)
      void this.#end(connections.sql, 0)
      late.reject(new NoAnswer(`no answer within ${patienceMs / 1000} s`))
    })
    connections.uses++
    try {
      const result = await Promise.race([ask(connections.sql), late.promise])
      this.#silence = undefined
      return result
    } catch (thrown) {
      if (isLost(thrown)) this.#replace(connections)
      this.#note(thrown)
      throw storeFailure(this.place, thrown)
    } finally {
      cancel()
      connections.uses--
      this.#endUnused(connections)
    }
  }

  #note(thrown: unknown): void {
    if (isAway(thrown)) this.#silence = { sinceMs: this.#silence?.sinceMs ?? this.#options.world.monotonicMs(), reason: reasonOf(thrown) }
    else this.#silence = undefined
  }

  /** Connects anew, unless somebody did already. What the old connections are at, they end. */
  #replace(connections: Connections): void {
    if (connections !== this.#present || this.#isClosed) return
    this.#retired.add(connections)
    this.#present = this.#connect()
    for (const listener of this.#listeners) this.#attach(listener)
  }

  #endUnused(connections: Connections): void {
    if (connections.uses > 0 || !this.#retired.delete(connections)) return
    void this.#end(connections.sql, 0)
  }

  /**
   * Ends connections. One that the driver was about to make again it makes all the same, and nobody would ever use or end it: hence a
   * second look once it stands. What the driver rejects is of no use to anybody any more.
   */
  async #end(sql: postgres.Sql, timeout: number): Promise<void> {
    await sql.end({ timeout }).catch(() => {})
    this.#options.world.after(2 * RECONNECT_MS, () => closeAll(sql))
  }

  #attach({ channel, hear }: { readonly channel: string; readonly hear: () => void }): void {
    // The driver listens again by itself after a lost connection. Where it cannot, the poll of the asker sees what changed.
    this.#present.sql.listen(channel, hear, hear).catch(() => {})
  }

  #connect(): Connections {
    const { url } = this.#options
    const options = {
      max: MAX_CONNECTIONS,
      connect_timeout: CONNECT_SECONDS,
      // Waiting between tries is ours: the driver's own would keep a question waiting that could be answered.
      backoff: () => RECONNECT_MS / 1000,
      onnotice: () => {},
      fetch_types: false,
      types: ARRAY_TYPES,
      connection: {
        application_name: 'signalbox',
        statement_timeout: STATEMENT_MS,
        idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      },
    }
    const sql = postgres(url, new URL(url).searchParams.has('sslmode') ? options : { ...options, ssl: defaultSsl(url) })
    return { sql, uses: 0 }
  }
}

/** As psql does: encrypted where the server can, but for this machine. */
function defaultSsl(url: string): 'prefer' | false {
  return /^(localhost|127\..*|\[::1\]|)$/.test(new URL(url).hostname) ? false : 'prefer'
}

/** What the driver has, and its types do not tell: how to end single connections, and where those are that it listens on. */
interface Ending {
  readonly close: () => Promise<void>
  readonly listen: { readonly sql?: Ending }
}

function closeAll(sql: postgres.Sql): void {
  // Both are assigned in `Postgres` and `listen` of postgres/src/index.js, version 3.4.
  const ending = sql as unknown as Ending
  for (const each of [ending, ending.listen.sql]) each?.close().catch(() => {})
}
