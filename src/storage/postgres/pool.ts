import postgres from 'postgres'
import type { World } from '../../core/world.ts'
import { isAway, NoAnswer, reasonOf, storeFailure } from './failure.ts'

/** Whatever runs a query: the pool's connections, or the one of a transaction. */
export type Sql = postgres.ISql

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
const PATIENCE_MS = 15_000
const END_SECONDS = 1

/** Since when PostgreSQL has not answered, and what became of the last try. */
export interface Silence {
  readonly sinceMs: number
  readonly reason: string
}

/**
 * Connections to PostgreSQL. Each use has a deadline: where a connection hangs, all are given up and made anew, since nothing else
 * ends a query whose cable was cut.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #listeners: { readonly channel: string; readonly hear: () => void }[] = []
  #sql: postgres.Sql
  #silence: Silence | undefined
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#sql = this.#connect()
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
    // What the driver's type takes away from an array of results does not concern a promise of one result.
    return this.#inTime((sql) => sql.begin((inside) => work(inside)) as Promise<Result>, patienceMs)
  }

  /** Hears of each notification of a channel, and of each time that some may have been missed. */
  listen(channel: string, hear: () => void): void {
    const listener = { channel, hear }
    this.#listeners.push(listener)
    this.#attach(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sql.end({ timeout: END_SECONDS })
  }

  async #inTime<Result>(ask: (sql: postgres.Sql) => Promise<Result>, given: number | undefined): Promise<Result> {
    const patienceMs = given ?? this.#options.patienceMs ?? PATIENCE_MS
    const sql = this.#sql
    const late = Promise.withResolvers<never>()
    const cancel = this.#options.world.after(patienceMs, () => {
      this.#giveUp(sql)
      late.reject(new NoAnswer(`no answer within ${patienceMs / 1000} s`))
    })
    try {
      const result = await Promise.race([ask(sql), late.promise])
      this.#silence = undefined
      return result
    } catch (thrown) {
      this.#note(thrown)
      throw storeFailure(this.place, thrown)
    } finally {
      cancel()
    }
  }

  #note(thrown: unknown): void {
    if (isAway(thrown)) this.#silence = { sinceMs: this.#silence?.sinceMs ?? this.#options.world.monotonicMs(), reason: reasonOf(thrown) }
    else this.#silence = undefined
  }

  #giveUp(sql: postgres.Sql): void {
    if (sql !== this.#sql || this.#isClosed) return
    this.#sql = this.#connect()
    for (const listener of this.#listeners) this.#attach(listener)
    void sql.end({ timeout: 0 })
  }

  #attach({ channel, hear }: { readonly channel: string; readonly hear: () => void }): void {
    // The driver listens again by itself after a lost connection. Where it cannot, the poll of the asker sees what changed.
    this.#sql.listen(channel, hear, hear).catch(() => {})
  }

  #connect(): postgres.Sql {
    const { url } = this.#options
    const options = {
      max: MAX_CONNECTIONS,
      connect_timeout: CONNECT_SECONDS,
      // Waiting between tries is ours: the driver's own would keep a question waiting that could be answered.
      backoff: () => 0.05,
      onnotice: () => {},
      connection: { application_name: 'signalbox', statement_timeout: STATEMENT_MS },
    }
    return postgres(url, new URL(url).searchParams.has('sslmode') ? options : { ...options, ssl: defaultSsl(url) })
  }
}

/** As psql does: encrypted where the server can, but for this machine. */
function defaultSsl(url: string): 'prefer' | false {
  return /^(localhost|127\..*|\[::1\]|)$/.test(new URL(url).hostname) ? false : 'prefer'
}
