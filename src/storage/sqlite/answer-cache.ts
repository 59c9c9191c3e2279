import { Database, type Statement } from 'bun:sqlite'
import { closeSync, openSync, rmSync } from 'node:fs'
import type { AnswerCache, CachedAnswer, CacheFilter, CacheSize, Likeness, SimilarAnswer } from '../../core/answer-cache.ts'
import { GatewayError } from '../../core/errors.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { decodeAnswer, encodeAnswer } from '../answer-codec.ts'
import { matchesFilter, sizeOf } from '../answer-filter.ts'
import { type CacheBounds, MemoryAnswerCache } from '../memory/answer-cache.ts'
import { inTransaction } from './database.ts'

/** Answers wait this long for company, so that a commit is shared. */
const GROUP_MS = 50
/** Bytes of one commit: what the event loop is held up for. */
const GROUP_BYTES = 256 * 1024
/** What waits at the most; beyond it answers are kept in memory only. */
const MAX_WAITING = 1000
/** The part of the bounds that is also kept in memory. */
const MEMORY_SHARE = 8
/** More answers of one context than these are not compared. */
const MAX_COMPARED = 2000

/** What the cache on disk needs of its surroundings. */
export interface SqliteCacheOptions {
  readonly path: string
  readonly world: World
  /** Read anew each time, so that a reload counts. */
  readonly bounds: () => CacheBounds
}

/**
 * Answers in cache.db of the data folder, the least used first to go, with the most used ones in memory. It may be lost at any time:
 * it is written without waiting for the disk, and a damaged file is begun anew.
 */
export class SqliteAnswerCache implements AnswerCache {
  readonly #options: SqliteCacheOptions
  readonly #database: Database
  readonly #near: MemoryAnswerCache
  readonly #waiting = new Map<string, CachedAnswer>()
  readonly #used = new Set<string>()
  readonly #statements: Statement[] = []
  readonly #byKey: Statement
  readonly #byContext: Statement
  #cancelWrite: CancelTimer | undefined
  #failures = 0

  constructor(options: SqliteCacheOptions) {
    this.#options = options
    this.#database = openFile(options.path)
    this.#near = new MemoryAnswerCache(() => {
      const { maxEntries, maxBytes } = options.bounds()
      return { maxEntries: Math.ceil(maxEntries / MEMORY_SHARE), maxBytes: Math.ceil(maxBytes / MEMORY_SHARE) }
    })
    this.#byKey = this.#prepare('SELECT a.bytes FROM keys k JOIN answers a ON a.id = k.id WHERE k.key = ? AND a.expires_at > ?')
    this.#byContext = this.#prepare('SELECT bytes FROM answers WHERE context = ? AND expires_at > ? ORDER BY used_at DESC LIMIT ?')
  }

  get failures(): number {
    return this.#failures
  }

  find(keys: readonly string[], nowMs: number): CachedAnswer | undefined {
    const near = this.#near.find(keys, nowMs)
    if (near !== undefined) {
      this.#noteUse(near.id)
      return near
    }
    for (const key of keys) {
      const [answer] = this.#read(() => this.#byKey.all(key, nowMs))
      if (answer === undefined) continue
      this.#near.keep(answer)
      this.#noteUse(answer.id)
      return answer
    }
    return undefined
  }

  findSimilar(likeness: Likeness, threshold: number, nowMs: number): SimilarAnswer | undefined {
    // Those that wait to be written are near; those on disk are compared in memory too.
    for (const answer of this.#read(() => this.#byContext.all(likeness.context, nowMs, MAX_COMPARED))) {
      if (this.#near.find(answer.keys, nowMs) === undefined) this.#near.keep(answer)
    }
    const found = this.#near.findSimilar(likeness, threshold, nowMs)
    if (found !== undefined) this.#noteUse(found.answer.id)
    return found
  }

  keep(answer: CachedAnswer): void {
    this.#near.keep(answer)
    if (this.#waiting.size >= MAX_WAITING) {
      this.#failures++
      return
    }
    this.#waiting.set(answer.id, answer)
    this.#writeSoon()
  }

  drop(id: string): void {
    this.#near.drop(id)
    this.#waiting.delete(id)
    this.#try(() => this.#remove([id]))
  }

  async purge(filter: CacheFilter): Promise<number> {
    try {
      this.#writeAll()
      await this.#near.purge(filter)
      const rows = this.#database.query('SELECT id, bytes FROM answers').iterate()
      const gone: string[] = []
      for (const row of rows as Iterable<{ id: string; bytes: Uint8Array }>) {
        const answer = decodeAnswer(row.bytes)
        // One that cannot be read may be one that was meant.
        if (answer === undefined || matchesFilter(answer, filter)) gone.push(row.id)
      }
      inTransaction(this.#database, () => this.#remove(gone))
      return gone.length
    } catch (cause) {
      throw new GatewayError('store_unavailable', `The cache ${this.#options.path} cannot be purged; some answers may still be in it.`, {
        cause,
      })
    }
  }

  async size(): Promise<CacheSize> {
    this.#writeAll()
    return this.#measure()
  }

  /** Writes what waits, and closes the file. */
  close(): void {
    this.#writeAll()
    this.#cancelWrite?.()
    for (const statement of this.#statements) statement.finalize()
    this.#database.clearQueryCache()
    this.#database.close(true)
  }

  #prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql)
    this.#statements.push(statement)
    return statement
  }

  #read(rows: () => readonly unknown[]): readonly CachedAnswer[] {
    try {
      return rows().flatMap((row) => {
        // The statements select this one column.
        const answer = decodeAnswer((row as { bytes: Uint8Array }).bytes)
        if (answer === undefined) this.#failures++
        return answer === undefined ? [] : [answer]
      })
    } catch {
      this.#failures++
      return []
    }
  }

  #noteUse(id: string): void {
    this.#used.add(id)
    this.#writeSoon()
  }

  #writeSoon(): void {
    this.#cancelWrite ??= this.#options.world.after(GROUP_MS, () => this.#write())
  }

  #writeAll(): void {
    while (this.#waiting.size > 0 || this.#used.size > 0) this.#write()
  }

  #write(): void {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    const answers = this.#takeGroup()
    const used = [...this.#used]
    this.#used.clear()
    if (this.#waiting.size > 0) this.#writeSoon()
    if (answers.length === 0 && used.length === 0) return
    this.#try(() => {
      inTransaction(this.#database, () => {
        const nowMs = this.#options.world.now()
        for (const answer of answers) this.#insert(answer, nowMs)
        const touch = this.#database.query('UPDATE answers SET used_at = ? WHERE id = ?')
        for (const id of used) touch.run(nowMs, id)
        this.#evict(nowMs)
      })
    })
  }

  #takeGroup(): readonly CachedAnswer[] {
    const answers: CachedAnswer[] = []
    let bytes = 0
    for (const [id, answer] of this.#waiting) {
      answers.push(answer)
      this.#waiting.delete(id)
      bytes += sizeOf(answer)
      if (bytes >= GROUP_BYTES) break
    }
    return answers
  }

  #insert(answer: CachedAnswer, nowMs: number): void {
    const bytes = encodeAnswer(answer)
    this.#remove([answer.id])
    this.#database
      .query('INSERT INTO answers (id, context, expires_at, used_at, size, bytes) VALUES (?, ?, ?, ?, ?, ?)')
      .run(answer.id, answer.likeness?.context ?? null, answer.expiresAtMs, nowMs, bytes.length, bytes)
    const add = this.#database.query('INSERT OR REPLACE INTO keys (key, id) VALUES (?, ?)')
    for (const key of answer.keys) add.run(key, answer.id)
  }

  #evict(nowMs: number): void {
    const { maxEntries, maxBytes } = this.#options.bounds()
    const ids = (rows: unknown[]) => rows.map((row) => (row as { id: string }).id)
    this.#remove(ids(this.#database.query('SELECT id FROM answers WHERE expires_at <= ? LIMIT 500').all(nowMs)))
    for (let size = this.#measure(); size.entries > maxEntries || size.bytes > maxBytes; size = this.#measure()) {
      const many = Math.max(1, Math.min(500, size.entries - maxEntries))
      this.#remove(ids(this.#database.query('SELECT id FROM answers ORDER BY used_at, id LIMIT ?').all(many)))
    }
  }

  #remove(ids: readonly string[]): void {
    for (const id of ids) {
      this.#database.query('DELETE FROM keys WHERE id = ?').run(id)
      this.#database.query('DELETE FROM answers WHERE id = ?').run(id)
    }
  }

  #measure(): CacheSize {
    // An aggregate always gives one row.
    return this.#database.query('SELECT count(*) AS entries, coalesce(sum(size), 0) AS bytes FROM answers').get() as CacheSize
  }

  #try(work: () => void): void {
    try {
      work()
    } catch {
      // A full disk, say: the answers are in memory as far as they fit, and a cache may forget.
      this.#failures++
    }
  }
}

function openFile(path: string): Database {
  try {
    return openWhole(path)
  } catch {
    // Damaged, or of another program: there is nothing in it that cannot be made again.
    for (const suffix of ['', '-journal']) rmSync(`${path}${suffix}`, { force: true })
    return openWhole(path)
  }
}

function openWhole(path: string): Database {
  // SQLite would make it readable for everybody.
  closeSync(openSync(path, 'a', 0o600))
  const database = new Database(path, { create: true, readwrite: true })
  try {
    database.run('PRAGMA journal_mode = MEMORY')
    database.run('PRAGMA synchronous = OFF')
    // What is purged or erased is overwritten in the file.
    database.run('PRAGMA secure_delete = ON')
    database.run(`CREATE TABLE IF NOT EXISTS answers (id TEXT PRIMARY KEY, context TEXT, expires_at INTEGER NOT NULL,
      used_at INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL)`)
    database.run('CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID')
    database.run('CREATE INDEX IF NOT EXISTS keys_by_id ON keys (id)')
    database.run('CREATE INDEX IF NOT EXISTS answers_by_context ON answers (context) WHERE context IS NOT NULL')
    database.run('CREATE INDEX IF NOT EXISTS answers_by_use ON answers (used_at)')
    database.run('CREATE INDEX IF NOT EXISTS answers_by_size ON answers (size)')
    database.run('CREATE INDEX IF NOT EXISTS answers_by_expiry ON answers (expires_at)')
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}
