import { GatewayError } from '../../core/errors.ts'
import type { TallyProjection, TallyQuery, TallyReader, TallySum, TallyTable } from '../../core/ports.ts'
import type { MakeProjection } from '../projection-feed.ts'
import { boundRows, noFurther } from '../tally-bound.ts'
import { partsOf } from '../tally-parts.ts'
import { SumBy } from '../tally-store.ts'
import type { Pool, Sql } from './pool.ts'
import { layoutOf, type Statement, type TallyLayout } from './tally-layout.ts'
import { loadTexts } from './tally-texts.ts'

/** Projections with what they have folded of one part of the log. */
export type Folded = readonly TallyProjection[]

/** What tallies need. */
export interface TalliesOptions {
  readonly pool: Pool
  readonly projections: readonly MakeProjection[]
  /** Called before each sum: ships what this process has written. */
  readonly beforeRead: () => Promise<void>
}

/**
 * Sums in PostgreSQL, over the events of all replicas. They change only in the transaction that adds a batch to the log, or takes it away:
 * hence each event is in them exactly once.
 */
export class PostgresTallies implements TallyReader {
  readonly #options: TalliesOptions
  readonly #tables: ReadonlyMap<string, TallyTable>

  constructor(options: TalliesOptions) {
    this.#options = options
    this.#tables = new Map(options.projections.flatMap((make) => make().tables.map((table) => [table.name, table] as const)))
  }

  /** Projections that have folded nothing yet. */
  fold(): Folded {
    return this.#options.projections.map((make) => make())
  }

  /** Makes the tables where they are missing. Returns the projections whose fold was changed: they are to be rebuilt. */
  async prepare(sql: Sql): Promise<Folded> {
    const changed: TallyProjection[] = []
    for (const projection of this.fold()) {
      const stored = await storedVersion(sql, projection)
      checkVersionOf(projection, stored)
      if (stored === projection.version) continue
      for (const table of projection.tables) await makeTables(sql, layoutOf(table))
      await sql.unsafe(
        'INSERT INTO projections (name, version) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET version = excluded.version',
        [projection.name, projection.version],
      )
      if (stored !== undefined) changed.push(projection)
    }
    return changed
  }

  /** Refuses to add to tables of another shape. @throws conflict where another version keeps them now */
  async check(sql: Sql): Promise<void> {
    for (const projection of this.fold()) {
      const stored = await storedVersion(sql, projection)
      checkVersionOf(projection, stored)
      if (stored !== projection.version)
        throw new GatewayError('conflict', `The sums of ${projection.name} are not there; start the server again.`)
    }
  }

  /** Adds what was folded. All statements go out at once. */
  async add(sql: Sql, folded: Folded): Promise<void> {
    const adding = layoutsOf(folded).map(async ([layout, projection]) => {
      const given = [...projection.rows(layout.table.name)]
      const texts = await loadTexts(sql, layout.table, layout.texts, given)
      const rows = [...boundRows(layout.table, given, texts)]
      await Promise.all([texts.store(sql), runAll(sql, [layout.add(layout.hours, 'hour', rows), layout.add(layout.days, 'day', rows)])])
    })
    await Promise.all(adding)
  }

  /** Adds what was folded of batches that are removed to the base, which a rebuild begins with. */
  async addToBase(sql: Sql, folded: Folded): Promise<void> {
    for (const [layout, projection] of layoutsOf(folded)) {
      const given = [...projection.rows(layout.table.name)]
      const texts = await loadTexts(sql, layout.table, layout.texts, given)
      await runAll(sql, [layout.add(layout.base, 'hour', boundRows(layout.table, given, noFurther(texts)))])
    }
  }

  /** Drops what is kept, but for the base. */
  async reset(sql: Sql): Promise<void> {
    for (const [layout] of layoutsOf(this.fold())) {
      for (const statement of layout.resetStatements) await sql.unsafe(statement)
      await addBaseDays(sql, layout)
    }
  }

  async sum(query: TallyQuery): Promise<readonly TallySum[]> {
    const table = this.#tables.get(query.table)
    if (table === undefined) throw new Error(`No projection keeps a tally named ${query.table}.`)
    await this.#options.beforeRead()
    const layout = layoutOf(table)
    const sums = new SumBy(table, query)
    await this.#options.pool.use(async (sql) => {
      for (const part of partsOf(query)) {
        const { text, values } = layout.select(query, part)
        const rows = await sql.unsafe(text, toParameters(values), { prepare: true }).values()
        for (const row of rows) sums.add(toSum(row, query))
      }
    })
    return sums.result()
  }
}

function layoutsOf(folded: Folded): readonly (readonly [TallyLayout, TallyProjection])[] {
  return folded.flatMap((projection) => projection.tables.map((table) => [layoutOf(table), projection] as const))
}

async function storedVersion(sql: Sql, { name }: TallyProjection): Promise<number | undefined> {
  const [row] = await sql.unsafe<{ version: number }[]>('SELECT version FROM projections WHERE name = $1', [name], { prepare: true })
  return row?.version
}

function checkVersionOf({ name, version }: TallyProjection, stored: number | undefined): void {
  if (stored === undefined || stored <= version) return
  throw new GatewayError(
    'conflict',
    `A newer Signalbox keeps the sums of ${name} (version ${stored}, this one knows ${version}). Install that version or a later one.`,
  )
}

/** New tables; of the base, what the new columns still know goes over. */
async function makeTables(sql: Sql, layout: TallyLayout): Promise<void> {
  const old = await sql.unsafe<{ attname: string }[]>(
    `SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [layout.base],
  )
  const names = old.map(({ attname }) => attname)
  for (const statement of names.length === 0 ? layout.createStatements : layout.recreateStatements(names)) await sql.unsafe(statement)
}

/** The base is kept by the hour; its days are added up here, so that they have the hashes that later additions find. */
async function addBaseDays(sql: Sql, layout: TallyLayout): Promise<void> {
  const { table } = layout
  const query = { table: table.name, by: table.dimensions, per: 'hour' } as const
  const { text } = layout.select(query, { unit: 'hour' })
  const rows = await sql.unsafe(text.replace(` FROM ${layout.hours}`, ` FROM ${layout.base}`)).values()
  const sums = rows.map((row) => toSum(row, query))
  await runAll(sql, [
    layout.add(
      layout.days,
      'day',
      sums.map(({ time, dimensions, sums }) => ({ hour: time, dimensions, sums })),
    ),
  ])
}

async function runAll(sql: Sql, statements: readonly (Statement | undefined)[]): Promise<void> {
  const wanted = statements.filter((statement) => statement !== undefined)
  await Promise.all(wanted.map(({ text, values }) => sql.unsafe(text, toParameters(values), { prepare: true })))
}

function toParameters(values: Statement['values']): (string | number | (string | number)[])[] {
  // The driver's type wants lists that may be changed; it changes none.
  return values as (string | number | (string | number)[])[]
}

/** A row of the answer: the time where it was asked for, the texts, the sums as text. */
function toSum(row: readonly unknown[], query: TallyQuery): TallySum {
  const first = 1 + query.by.length
  return {
    time: Number(row[0]),
    dimensions: row.slice(1, first).map(String),
    sums: row.slice(first).map((sum) => BigInt(String(sum))),
  }
}
