import type { Database } from 'bun:sqlite'
import type { TallyProjection, TallyQuery, TallyRow, TallySum, TallyTable } from '../../core/ports.ts'
import { boundRows, noFurther, type TallyTexts } from '../tally-bound.ts'
import { partsOf } from '../tally-parts.ts'
import { DAY_HOURS, SumBy, type TallyProgress, type TallyStore, type TallyUpdate } from '../tally-store.ts'
import { inTransaction } from './database.ts'
import { layoutOf, type TallyLayout } from './tally-layout.ts'

const ROW_BYTES = 2 * 4096

interface Progress extends TallyProgress {
  readonly version: number
}

/**
 * Sums in signalbox.db. Each table stands there three times: by hour, by day (a year by the hour is too many rows to add up in a moment),
 * and the base by hour. Sums are 64-bit integers and read as bigint.
 */
export class SqliteTallyStore implements TallyStore {
  readonly #database: Database
  readonly #canWrite: boolean
  readonly #onWrote: (bytes: number) => void

  constructor(database: Database, mode: 'keep' | 'read', onWrote: (bytes: number) => void) {
    this.#database = database
    this.#canWrite = mode === 'keep'
    this.#onWrote = onWrote
  }

  open(projection: TallyProjection): TallyProgress {
    const stored = this.#progress(projection.name)
    if (stored?.version === projection.version) return stored
    const begin = { kept: stored?.base ?? 0, hash: undefined, base: stored?.base ?? 0 }
    if (!this.#canWrite) return { kept: 0, hash: undefined, base: 0 }
    return inTransaction(this.#database, () => {
      for (const table of projection.tables) this.#makeTables(layoutOf(table))
      this.#setProgress(projection, begin)
      return this.reset(projection)
    })
  }

  add(updates: readonly TallyUpdate[]): void {
    inTransaction(this.#database, () => {
      let rows = 0
      for (const { projection, kept, hash } of updates) {
        for (const table of projection.tables) rows += this.#addRows(layoutOf(table), projection)
        const { base } = this.open(projection)
        this.#setProgress(projection, { kept, hash, base })
      }
      // A row touches one page of each table at the most.
      this.#onWrote(rows * ROW_BYTES)
    })
  }

  addToBase(projection: TallyProjection, base: number): void {
    inTransaction(this.#database, () => {
      for (const table of projection.tables) {
        const layout = layoutOf(table)
        const add = this.#database.query(layout.upsert(layout.base))
        for (const row of boundRows(table, projection.rows(table.name), noFurther(this.#texts(layout))))
          add.run(row.hour, ...row.dimensions, ...row.sums)
      }
      const { kept, hash } = this.open(projection)
      this.#setProgress(projection, { kept, hash, base })
    })
  }

  reset(projection: TallyProjection): TallyProgress {
    return inTransaction(this.#database, () => {
      for (const table of projection.tables) for (const statement of layoutOf(table).resetStatements) this.#database.run(statement)
      const { base = 0 } = this.#progress(projection.name) ?? {}
      const progress = { kept: base, hash: undefined, base }
      this.#setProgress(projection, progress)
      return progress
    })
  }

  sum(table: TallyTable, query: TallyQuery): readonly TallySum[] {
    const layout = layoutOf(table)
    const sums = new SumBy(table, query)
    if (!this.#hasTable(layout.hours)) return []
    for (const part of partsOf(query)) {
      const { sql, bindings } = layout.select(query, part)
      const statement = this.#database.query(sql)
      statement.safeIntegers(true)
      for (const row of statement.values(...bindings)) sums.add(toSum(row, query))
    }
    return sums.result()
  }

  baseRows(table: TallyTable): readonly TallyRow[] {
    const statement = this.#database.query(layoutOf(table).selectBase)
    statement.safeIntegers(true)
    const query = { table: table.name, by: table.dimensions, per: 'hour' } as const
    return statement.values().map((row) => {
      const { time, dimensions, sums } = toSum(row, query)
      return { hour: time, dimensions, sums }
    })
  }

  #addRows(layout: TallyLayout, projection: TallyProjection): number {
    let rows = 0
    const addHour = this.#database.query(layout.upsert(layout.hours))
    const addDay = this.#database.query(layout.upsert(layout.days))
    for (const row of boundRows(layout.table, projection.rows(layout.table.name), this.#texts(layout))) {
      addHour.run(row.hour, ...row.dimensions, ...row.sums)
      addDay.run(Math.floor(row.hour / DAY_HOURS), ...row.dimensions, ...row.sums)
      rows++
    }
    return rows
  }

  /** Counts are asked for once: nobody else adds texts while rows are added. */
  #texts({ texts }: TallyLayout): TallyTexts {
    const counts = new Map<string, number>()
    const count = (day: number, name: string) => {
      const key = `${day} ${name}`
      const known = counts.get(key) ?? Number(this.#database.query(texts.count).values(day, name)[0]?.[0])
      counts.set(key, known)
      return known
    }
    return {
      has: ({ day, name, text }) => this.#database.query(texts.has).get(day, name, text) !== null,
      count,
      add: ({ day, name, text }) => {
        const before = count(day, name)
        this.#database.query(texts.add).run(day, name, text)
        counts.set(`${day} ${name}`, before + 1)
      },
    }
  }

  /** New tables; of the base, what the new columns still know goes over. */
  #makeTables(layout: TallyLayout): void {
    const oldColumns = this.#columns(layout.base)
    const statements = oldColumns.length === 0 ? layout.createStatements : layout.recreateStatements(oldColumns)
    for (const statement of statements) this.#database.run(statement)
  }

  #hasTable(name: string): boolean {
    return this.#columns(name).length > 0
  }

  #columns(table: string): readonly string[] {
    return this.#database
      .query<{ name: string }, [string]>('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map((column) => column.name)
  }

  #progress(name: string): Progress | undefined {
    const sql = 'SELECT version, kept, hash, base FROM projections WHERE name = ?'
    const row = this.#database.query<Omit<Progress, 'hash'> & { hash: string | null }, [string]>(sql).get(name)
    return row === null ? undefined : { ...row, hash: row.hash ?? undefined }
  }

  #setProgress(projection: TallyProjection, progress: TallyProgress): void {
    this.#database
      .query('INSERT OR REPLACE INTO projections (name, version, kept, hash, base) VALUES (?, ?, ?, ?, ?)')
      .run(projection.name, projection.version, progress.kept, progress.hash ?? null, progress.base)
  }
}

/** A row of the answer: the time where it was asked for, the texts, the sums. */
function toSum(row: readonly unknown[], query: TallyQuery): TallySum {
  const first = 1 + query.by.length
  return {
    time: Number(row[0]),
    dimensions: row.slice(1, first).map(String),
    // Read with safeIntegers: every integer is a bigint.
    sums: row.slice(first) as bigint[],
  }
}
