import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import type { BodyFilter, BodyStore, StoredBody } from '../../core/ports.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { checkFilter } from '../body-filter.ts'
import { inSlices, type Steps } from '../in-slices.ts'
import { inTransaction, isBusy } from './database.ts'
import { folderFailure } from './failure.ts'
import { WriteAheadFile } from './write-ahead-file.ts'

/** Bodies wait this long for company, so that a commit is shared. */
const GROUP_MS = 20
/** Bytes of one commit: what the event loop is held up for. */
const GROUP_BYTES = 256 * 1024
const ERASE_ROWS = 64
const SWEEP_MS = 3_600_000
const PATIENCE_MS = 2000

/** What bodies need of their surroundings. */
export interface BodyStoreOptions {
  readonly database: Database
  readonly folder: string
  readonly world: World
  /** Bytes that may wait to be written. */
  readonly queueBytes: number
  /** Bodies older than this are erased; undefined keeps them. */
  readonly retentionMs: number | undefined
  readonly onWrote: (bytes: number) => void
  readonly report: (problem: GatewayError) => void
}

interface BodyRow {
  readonly id: string
  readonly callId: string
  readonly kind: StoredBody['kind']
  readonly atMs: number
  readonly isRedacted: number
  readonly isTruncated: number
  readonly team: string | null
  readonly user: string | null
  readonly keyId: string | null
  readonly mediaType: string
  readonly bytes: Uint8Array
}

const ROW = `id, call_id AS callId, kind, at_ms AS atMs, is_redacted AS isRedacted, is_truncated AS isTruncated, team, user, key_id AS keyId,
  media_type AS mediaType, bytes`

/** Bodies in bodies.db, apart from the log. What is erased is overwritten in the file (`secure_delete`). */
export class SqliteBodyStore implements BodyStore {
  readonly #options: BodyStoreOptions
  readonly #insert: Statement
  readonly #writeAhead: WriteAheadFile
  /** By id, in the order of writing. */
  readonly #queue = new Map<string, StoredBody>()
  #queuedBytes = 0
  #dropped = 0
  #isPatient = false
  #cancelWrite: CancelTimer | undefined
  #cancelSweep: CancelTimer | undefined

  constructor(options: BodyStoreOptions) {
    this.#options = options
    // A writer that waited for a checkpoint showed as 19 ms: it comes again instead.
    options.database.run('PRAGMA busy_timeout = 0')
    this.#writeAhead = new WriteAheadFile(options.database, options.world)
    this.#insert = options.database.prepare(
      `INSERT OR REPLACE INTO bodies (id, call_id, kind, at_ms, is_redacted, is_truncated, team, user, key_id, media_type, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
  }

  /** Begins to erase what is past its retention: now and every hour. */
  startSweeping(): void {
    if (this.#options.retentionMs !== undefined) this.#sweepIn(GROUP_MS)
  }

  get dropped(): number {
    return this.#dropped
  }

  put(body: StoredBody): void {
    if (this.#queuedBytes + body.bytes.length > this.#options.queueBytes) {
      this.#dropped++
      return
    }
    this.#queue.set(body.id, body)
    this.#queuedBytes += body.bytes.length
    this.#cancelWrite ??= this.#options.world.after(GROUP_MS, this.#onTime)
  }

  async get(id: string): Promise<StoredBody | undefined> {
    const waiting = this.#queue.get(id)
    if (waiting !== undefined) return waiting
    const row = this.#options.database.query<BodyRow, [string]>(`SELECT ${ROW} FROM bodies WHERE id = ?`).get(id)
    return row === null ? undefined : toBody(row)
  }

  async erase(filter: BodyFilter): Promise<number> {
    checkFilter(filter)
    this.#writeAll()
    return inSlices(this.#eraseSteps(filter), this.#options.world)
  }

  /** Writes what waits. */
  close(): void {
    this.#cancelWrite?.()
    this.#cancelSweep?.()
    this.#writeAhead.close()
    this.#writeAll()
    this.#insert.finalize()
  }

  readonly #onTime = (): void => {
    this.#cancelWrite = undefined
    this.#writeGroup()
    // The next group comes after what the event loop has to do meanwhile.
    if (this.#queue.size > 0) this.#cancelWrite = this.#options.world.after(1, this.#onTime)
  }

  #writeAll(): void {
    this.#patiently(() => {
      while (this.#queue.size > 0) this.#writeGroup()
    })
  }

  /** Waits in SQLite while a checkpoint has the file, which nothing on the way of a call may. */
  #patiently<Result>(work: () => Result): Result {
    const { database } = this.#options
    this.#isPatient = true
    database.run(`PRAGMA busy_timeout = ${PATIENCE_MS}`)
    try {
      return work()
    } finally {
      database.run('PRAGMA busy_timeout = 0')
      this.#isPatient = false
    }
  }

  #writeGroup(): void {
    const { database, folder, report, onWrote } = this.#options
    const group = this.#nextGroup()
    const sizeBytes = group.reduce((sum, body) => sum + body.bytes.length, 0)
    try {
      inTransaction(database, () => {
        for (const body of group) this.#insert.run(...bindingsOf(body))
      })
      onWrote(sizeBytes)
    } catch (thrown) {
      if (isBusy(thrown) && !this.#isPatient) return
      this.#dropped += group.length
      report(folderFailure(folder, thrown))
    }
    for (const body of group) this.#queue.delete(body.id)
    this.#queuedBytes -= sizeBytes
  }

  #nextGroup(): readonly StoredBody[] {
    const group: StoredBody[] = []
    let sizeBytes = 0
    for (const body of this.#queue.values()) {
      if (group.length > 0 && sizeBytes + body.bytes.length > GROUP_BYTES) break
      group.push(body)
      sizeBytes += body.bytes.length
    }
    return group
  }

  *#eraseSteps(filter: BodyFilter): Steps<number> {
    const { database, folder } = this.#options
    const { sql, bindings } = whereOf(filter)
    const statement = database.query(`DELETE FROM bodies WHERE id IN (SELECT id FROM bodies WHERE ${sql} LIMIT ${ERASE_ROWS})`)
    let erased = 0
    try {
      for (;;) {
        const { changes } = this.#patiently(() => statement.run(...bindings))
        erased += changes
        if (changes < ERASE_ROWS) break
        yield
      }
      if (erased > 0) this.#patiently(() => this.#writeAhead.empty())
      return erased
    } catch (thrown) {
      const failure = folderFailure(folder, thrown)
      throw new GatewayError(failure.code, `${erased} bodies were erased, then it failed. ${failure.message}`, { cause: thrown })
    }
  }

  #sweepIn(ms: number): void {
    this.#cancelSweep = this.#options.world.after(ms, () => {
      const { world, retentionMs = 0, report, folder } = this.#options
      const done = inSlices(this.#eraseSteps({ beforeMs: world.now() - retentionMs }), world)
      done.catch((thrown) => report(folderFailure(folder, thrown)))
      this.#sweepIn(SWEEP_MS)
    })
  }
}

function bindingsOf(body: StoredBody): SQLQueryBindings[] {
  const { team = null, user = null, keyId = null } = body.owner
  const flags = [body.isRedacted ? 1 : 0, body.isTruncated ? 1 : 0]
  return [body.id, body.callId, body.kind, body.atMs, ...flags, team, user, keyId, body.mediaType, body.bytes]
}

/** The rows that a filter means. */
export function whereOf(filter: BodyFilter): { readonly sql: string; readonly bindings: SQLQueryBindings[] } {
  const { callId, team, user, keyId, beforeMs } = filter
  const all: readonly (readonly [string, string | number | undefined])[] = [
    ['call_id = ?', callId],
    ['team = ?', team],
    ['user = ?', user],
    ['key_id = ?', keyId],
    ['at_ms < ?', beforeMs],
  ]
  const given = all.filter(([, value]) => value !== undefined)
  return { sql: given.map(([condition]) => condition).join(' AND '), bindings: given.map(([, value]) => value ?? null) }
}

function toBody(row: BodyRow): StoredBody {
  return {
    id: row.id,
    callId: row.callId,
    kind: row.kind,
    atMs: row.atMs,
    isRedacted: row.isRedacted === 1,
    isTruncated: row.isTruncated === 1,
    owner: {
      ...(row.team === null ? {} : { team: row.team }),
      ...(row.user === null ? {} : { user: row.user }),
      ...(row.keyId === null ? {} : { keyId: row.keyId }),
    },
    mediaType: row.mediaType,
    bytes: row.bytes,
  }
}
