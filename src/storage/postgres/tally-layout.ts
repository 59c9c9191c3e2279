import type { TallyQuery, TallyRow, TallyTable } from '../../core/ports.ts'
import type { TallyPart } from '../tally-parts.ts'
import { columns, copyOf, namesOf, quoted, resetTexts, type TallyNames } from '../tally-sql.ts'
import { columnOf, DAY_HOURS } from '../tally-store.ts'
import { storable } from './storable.ts'

/** A statement with what is bound to it. */
export interface Statement {
  readonly text: string
  readonly values: readonly (string | number | readonly (string | number)[])[]
}

/** The SQL of one tally. Names come from the code that declares it, and are checked; texts are always bound. */
export interface TallyLayout {
  readonly table: TallyTable
  readonly hours: string
  readonly days: string
  readonly base: string
  /** Of a table with a bound: which texts have rows of their own. */
  readonly texts: string
  readonly createStatements: readonly string[]
  /** Puts the base into tables of the new shape, and drops the rest. */
  recreateStatements(oldColumns: readonly string[]): readonly string[]
  /** Empties what is kept and fills it from the base. */
  readonly resetStatements: readonly string[]
  /** Adds rows by the hour or by the day; undefined where there are none. */
  add(into: string, unit: 'hour' | 'day', rows: Iterable<TallyRow>): Statement | undefined
  select(query: TallyQuery, part: TallyPart): Statement
}

/**
 * The layout of a table. Rows are found by a hash of their time and texts: a caller may send a text that is too long for an index.
 */
export function layoutOf(table: TallyTable): TallyLayout {
  const names = namesOf(table)
  const { hours, days, base, texts } = names
  const create = [...[hours, days, base].flatMap((name) => createStatements(name, table)), ...createTexts(texts, table)]
  return {
    table,
    hours,
    days,
    base,
    texts,
    createStatements: create,
    recreateStatements: (oldColumns) => recreate(table, names, create, oldColumns),
    resetStatements: [...resetStatements(table, names), ...resetTexts(table, names)],
    add: (into, unit, rows) => add(table, into, merged(rows, unit)),
    select: (query, part) => select(table, part.unit === 'day' ? days : hours, query, part),
  }
}

function createStatements(name: string, table: TallyTable): readonly string[] {
  const texts = table.dimensions.map((dimension) => `${quoted(dimension)} text NOT NULL`)
  const sums = table.sums.map((sum) => `${quoted(sum)} bigint NOT NULL`)
  return [
    `CREATE TABLE ${name} (row_hash uuid PRIMARY KEY, "time" integer NOT NULL, ${[...texts, ...sums].join(', ')})`,
    `CREATE INDEX ${name}_by_time ON ${name} ("time")`,
  ]
}

function createTexts(name: string, table: TallyTable): readonly string[] {
  if (table.bound === undefined) return []
  return [`CREATE TABLE ${name} (day integer NOT NULL, name text NOT NULL, text text NOT NULL, PRIMARY KEY (day, name, text))`]
}

/** A row as it is stored: its hash before the rest. */
interface HashedRow extends TallyRow {
  readonly hash: string
}

/** Rows of one time and texts together, in the order of their hashes: whoever adds to the same rows locks them in the same order. */
function merged(rows: Iterable<TallyRow>, unit: 'hour' | 'day'): readonly HashedRow[] {
  const byHash = new Map<string, HashedRow>()
  for (const row of rows) {
    const hour = unit === 'day' ? Math.floor(row.hour / DAY_HOURS) : row.hour
    const dimensions = row.dimensions.map(storable)
    const hash = new Bun.CryptoHasher('md5').update(JSON.stringify([hour, dimensions])).digest('hex')
    const known = byHash.get(hash)
    const sums = known === undefined ? row.sums : known.sums.map((sum, index) => sum + (row.sums[index] ?? 0n))
    byHash.set(hash, { hash, hour, dimensions, sums })
  }
  return [...byHash.values()].sort((left, right) => (left.hash < right.hash ? -1 : 1))
}

function add(table: TallyTable, into: string, rows: readonly HashedRow[]): Statement | undefined {
  if (rows.length === 0) return undefined
  const types = ['uuid', 'integer', ...table.dimensions.map(() => 'text'), ...table.sums.map(() => 'bigint')]
  const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')
  const sums = table.sums.map((sum) => `${quoted(sum)} = ${into}.${quoted(sum)} + excluded.${quoted(sum)}`).join(', ')
  const text = `INSERT INTO ${into} (row_hash, ${columns(table).join(', ')}) SELECT * FROM unnest(${arrays})
    ON CONFLICT (row_hash) DO UPDATE SET ${sums}`
  const values = [
    rows.map(({ hash }) => hash),
    rows.map(({ hour }) => hour),
    ...table.dimensions.map((_, index) => rows.map(({ dimensions }) => dimensions[index] ?? '')),
    ...table.sums.map((_, index) => rows.map(({ sums }) => String(sums[index] ?? 0n))),
  ]
  return { text, values }
}

/** Rows of the base keep their hashes, so that later additions find them. Its days are added up by whoever resets. */
function resetStatements(table: TallyTable, { hours, days, base }: TallyNames): readonly string[] {
  const all = columns(table).join(', ')
  return [`DELETE FROM ${hours}`, `DELETE FROM ${days}`, `INSERT INTO ${hours} (row_hash, ${all}) SELECT row_hash, ${all} FROM ${base}`]
}

function recreate(
  table: TallyTable,
  { hours, days, base, texts }: TallyNames,
  create: readonly string[],
  oldColumns: readonly string[],
): readonly string[] {
  const old = `${base}_old`
  const { selected, groups } = copyOf(table, oldColumns)
  return [
    ...[hours, days, texts].map((name) => `DROP TABLE IF EXISTS ${name}`),
    `ALTER TABLE ${base} RENAME TO ${old}`,
    `ALTER INDEX ${base}_pkey RENAME TO ${old}_pkey`,
    `ALTER INDEX ${base}_by_time RENAME TO ${old}_by_time`,
    ...create,
    // A hash of another kind would make rows of their own, which add up the same.
    `INSERT INTO ${base} (row_hash, ${columns(table).join(', ')})
     SELECT gen_random_uuid(), ${selected} FROM ${old} GROUP BY ${groups}`,
    `DROP TABLE ${old}`,
  ]
}

function select(table: TallyTable, from: string, query: TallyQuery, part: TallyPart): Statement {
  const columnFor = (name: string) => quoted(table.dimensions[columnOf(table, name)] ?? name)
  const time = query.per === undefined ? '0' : query.per === part.unit ? '"time"' : `"time" / ${DAY_HOURS}`
  const by = query.by.map(columnFor)
  const values: (string | number)[] = []
  const bound = (value: string | number) => `$${values.push(value)}`
  const conditions = [
    ...(part.since === undefined ? [] : [`"time" >= ${bound(part.since)}`]),
    ...(part.until === undefined ? [] : [`"time" < ${bound(part.until)}`]),
    ...Object.entries(query.where ?? {}).map(([name, text]) => `${columnFor(name)} = ${bound(storable(text))}`),
  ]
  // By place: a time that is the constant 0 is no column.
  const groups = [...(query.per === undefined ? [] : ['1']), ...by.map((_, index) => String(index + 2))]
  const text = [
    `SELECT ${[time, ...by, ...table.sums.map((sum) => `sum(${quoted(sum)})`)].join(', ')} FROM ${from}`,
    conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
    groups.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${groups.join(', ')}`,
  ].join(' ')
  return { text, values }
}
