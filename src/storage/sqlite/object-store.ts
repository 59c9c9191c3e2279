import type { Database, SQLQueryBindings } from 'bun:sqlite'
import type { GatewayError } from '../../core/errors.ts'
import type { KeptObject, ObjectHead, ObjectStore } from '../../core/kept-objects.ts'
import type { BodyFilter } from '../../core/ports.ts'
import { CallAbort } from '../../core/signal.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { checkFilter } from '../body-filter.ts'
import { HEAD_COLUMNS, type HeadRow, headValues, toHead } from '../object-head.ts'
import { whereOf } from './body-store.ts'
import { inTransaction, isBusy } from './database.ts'
import { folderFailure } from './failure.ts'
import { WriteAheadFile } from './write-ahead-file.ts'

const SWEEP_MS = 3_600_000
/** A checkpoint has the file for some milliseconds: another try, so often. */
const BUSY_WAIT_MS = 10
const BUSY_TRIES = 200

/** What kept objects need of their surroundings. */
export interface ObjectStoreOptions {
  /** That of the bodies: what is erased in it is overwritten. */
  readonly database: Database
  readonly folder: string
  readonly world: World
  /** Bytes of content that are kept at the most: the oldest go first. */
  readonly maxBytes: number
  readonly onWrote: (bytes: number) => void
  readonly report: (problem: GatewayError) => void
}

/** Kept objects in bodies.db. */
export class SqliteObjectStore implements ObjectStore {
  readonly #options: ObjectStoreOptions
  readonly #writeAhead: WriteAheadFile
  #sizeBytes: number
  #cancelSweep: CancelTimer | undefined

  constructor(options: ObjectStoreOptions) {
    this.#options = options
    this.#writeAhead = new WriteAheadFile(options.database, options.world)
    this.#sizeBytes = this.#sum()
    this.#sweepIn(BUSY_WAIT_MS)
  }

  async keep(object: KeptObject): Promise<boolean> {
    const { database, world, onWrote } = this.#options
    const isKept = await this.#write(() => {
      const known = database
        .query<{ owner: string; size_bytes: number }, [string, string, number]>(`SELECT owner, size_bytes FROM objects WHERE ${ALIVE}`)
        .get(object.space, object.id, world.now())
      if (known !== null && known.owner !== object.owner) return false
      database
        .query(`INSERT OR REPLACE INTO objects (${HEAD_COLUMNS}, size_bytes, bytes) VALUES (${PLACES})`)
        .run(...headValues(object), object.bytes.length, object.bytes)
      this.#sizeBytes += object.bytes.length - (known?.size_bytes ?? 0)
      this.#makeRoom()
      return true
    })
    if (isKept) onWrote(object.bytes.length)
    return isKept
  }

  async get(space: string, id: string): Promise<KeptObject | undefined> {
    const row = this.#options.database
      .query<HeadRow & { readonly bytes: Uint8Array }, [string, string, number]>(
        `SELECT ${HEAD_COLUMNS}, bytes FROM objects WHERE ${ALIVE}`,
      )
      .get(space, id, this.#options.world.now())
    return row === null ? undefined : { ...toHead(row), bytes: row.bytes }
  }

  async heads(space: string, ids: readonly string[]): Promise<readonly ObjectHead[]> {
    const rows = this.#options.database
      .query<HeadRow, [string, string, number]>(
        `SELECT ${HEAD_COLUMNS} FROM objects WHERE space = ? AND id IN (SELECT value FROM json_each(?)) AND (until_ms IS NULL OR until_ms > ?)`,
      )
      .all(space, JSON.stringify(ids), this.#options.world.now())
    return rows.map(toHead)
  }

  async latest(owner: string, provider: string): Promise<ObjectHead | undefined> {
    const row = this.#options.database
      .query<HeadRow, [string, string]>(`SELECT ${HEAD_COLUMNS} FROM objects WHERE owner = ? AND provider = ? ORDER BY at_ms DESC LIMIT 1`)
      .get(owner, provider)
    return row === null ? undefined : toHead(row)
  }

  async remove(space: string, id: string): Promise<boolean> {
    const removed = await this.#write(() =>
      this.#options.database
        .query<{ size_bytes: number }, [string, string]>('DELETE FROM objects WHERE space = ? AND id = ? RETURNING size_bytes')
        .get(space, id),
    )
    this.#sizeBytes -= removed?.size_bytes ?? 0
    return removed !== null
  }

  async erase(filter: BodyFilter): Promise<number> {
    checkFilter(filter)
    const { sql, bindings } = whereOf(filter)
    return this.#empty(`size_bytes > 0 AND ${sql}`, bindings)
  }

  close(): void {
    this.#cancelSweep?.()
    this.#writeAhead.close()
  }

  /** Empties what stands elsewhere, removes the rest, and overwrites both in the file. */
  async #empty(where: string, bindings: readonly SQLQueryBindings[]): Promise<number> {
    const { database } = this.#options
    const erased = await this.#write(() => {
      const emptied = database.query(`UPDATE objects SET bytes = x'', size_bytes = 0 WHERE provider IS NOT NULL AND ${where}`)
      const removed = database.query(`DELETE FROM objects WHERE provider IS NULL AND ${where}`)
      return emptied.run(...bindings).changes + removed.run(...bindings).changes
    })
    if (erased === 0) return 0
    this.#sizeBytes = this.#sum()
    this.#writeAhead.empty()
    return erased
  }

  /** Inside of a transaction. */
  #makeRoom(): void {
    const { database, maxBytes } = this.#options
    while (this.#sizeBytes > maxBytes) {
      const oldest = database
        .query<{ space: string; id: string; size_bytes: number; provider: string | null }, []>(
          'SELECT space, id, size_bytes, provider FROM objects WHERE size_bytes > 0 ORDER BY at_ms LIMIT 1',
        )
        .get()
      if (oldest === null) return
      const { space, id, size_bytes: sizeBytes, provider } = oldest
      const change = provider === null ? 'DELETE FROM objects' : "UPDATE objects SET bytes = x'', size_bytes = 0"
      database.query(`${change} WHERE space = ? AND id = ?`).run(space, id)
      this.#sizeBytes -= sizeBytes
    }
  }

  #sum(): number {
    const { database } = this.#options
    const row = database
      .query<{ sum: number | null }, []>('SELECT sum(size_bytes) AS sum FROM objects INDEXED BY objects_with_content WHERE size_bytes > 0')
      .get()
    return row?.sum ?? 0
  }

  #write<Result>(work: () => Result): Promise<Result> {
    return this.#patiently(() => inTransaction(this.#options.database, work))
  }

  /** Tries again while a checkpoint has the file. */
  async #patiently<Result>(work: () => Result): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return work()
      } catch (thrown) {
        if (!isBusy(thrown) || tries === BUSY_TRIES) throw folderFailure(this.#options.folder, thrown)
        await this.#options.world.sleep(BUSY_WAIT_MS, new CallAbort())
      }
    }
  }

  #sweepIn(ms: number): void {
    const { world, database, report } = this.#options
    this.#cancelSweep = world.after(ms, () => {
      const swept = this.#write(() => database.query('DELETE FROM objects WHERE until_ms <= ?').run(world.now()).changes)
      swept
        .then((changes) => {
          if (changes > 0) this.#sizeBytes = this.#sum()
        })
        .catch(report)
      this.#sweepIn(SWEEP_MS)
    })
  }
}

const ALIVE = 'space = ? AND id = ? AND (until_ms IS NULL OR until_ms > ?)'
const PLACES = [...HEAD_COLUMNS.split(','), 'size_bytes', 'bytes'].map(() => '?').join(', ')
