import type { SQLQueryBindings } from 'bun:sqlite'
import type { TallyQuery, TallyTable } from '../../core/ports.ts'
import type { TallyPart } from '../tally-parts.ts'
import { columns, copyOf, namesOf, quoted, resetTexts, type TallyNames } from '../tally-sql.ts'
import { columnOf, DAY_HOURS } from '../tally-store.ts'

/** The SQL of one tally. Names come from the code that declares it, and are checked; texts are always bound. */
export interface TallyLayout {
  readonly table: TallyTable
  readonly hours: string
  readonly days: string
  readonly base: string
  readonly createStatements: readonly string[]
  /** Puts the base into tables of the new shape, and drops the rest. */
  recreateStatements(oldColumns: readonly string[]): readonly string[]
  /** Empties what is kept and fills it from the base. */
  readonly resetStatements: readonly string[]
  /** Adds a row: time, dimensions, sums. */
  upsert(into: string): string
  select(query: TallyQuery, part: TallyPart): { readonly sql: string; readonly bindings: SQLQueryBindings[] }
  readonly selectBase: string
  /** Of a table with a bound: which texts have rows of their own, by day, name and text. */
  readonly texts: { readonly has: string; readonly count: string; readonly add: string }
}

/** The layout of a table. */
export function layoutOf(table: TallyTable): TallyLayout {
  const names = namesOf(table)
  const { hours, days, base, texts } = names
  const create = [...[hours, days, base].map((name) => createStatement(name, table)), ...createTexts(texts, table)]
  return {
    table,
    hours,
    days,
    base,
    createStatements: create,
    recreateStatements: (oldColumns) => recreate(table, names, create, oldColumns),
    resetStatements: [...resetStatements(table, names), ...resetTexts(table, names)],
    upsert: (into) => upsert(into, table),
    select: (query, part) => select(table, part.unit === 'day' ? days : hours, query, part),
    selectBase: `SELECT ${columns(table).join(', ')} FROM ${base}`,
    texts: {
      has: `SELECT 1 FROM ${texts} WHERE day = ? AND name = ? AND text = ?`,
      count: `SELECT count(*) FROM ${texts} WHERE day = ? AND name = ?`,
      add: `INSERT INTO ${texts} (day, name, text) VALUES (?, ?, ?)`,
    },
  }
}

function createStatement(name: string, table: TallyTable): string {
  const texts = table.dimensions.map((dimension) => `${quoted(dimension)} TEXT NOT NULL`)
  const sums = table.sums.map((sum) => `${quoted(sum)} INTEGER NOT NULL`)
  const key = ['time', ...table.dimensions].map(quoted).join(', ')
  return `CREATE TABLE ${name} ("time" INTEGER NOT NULL, ${[...texts, ...sums].join(', ')}, PRIMARY KEY (${key})) WITHOUT ROWID`
}

function createTexts(name: string, table: TallyTable): readonly string[] {
  if (table.bound === undefined) return []
  return [
    `CREATE TABLE ${name} (day INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (day, name, text)) WITHOUT ROWID`,
  ]
}

function upsert(into: string, table: TallyTable): string {
  const places = columns(table).map(() => '?')
  const add = table.sums.map((sum) => `${quoted(sum)} = ${quoted(sum)} + excluded.${quoted(sum)}`)
  return `INSERT INTO ${into} (${columns(table).join(', ')}) VALUES (${places.join(', ')}) ON CONFLICT DO UPDATE SET ${add.join(', ')}`
}

function resetStatements(table: TallyTable, names: TallyNames): readonly string[] {
  const all = columns(table).join(', ')
  const texts = table.dimensions.map(quoted).join(', ')
  const sums = table.sums.map((sum) => `sum(${quoted(sum)})`).join(', ')
  return [
    `DELETE FROM ${names.hours}`,
    `DELETE FROM ${names.days}`,
    `INSERT INTO ${names.hours} (${all}) SELECT ${all} FROM ${names.base}`,
    `INSERT INTO ${names.days} (${all}) SELECT "time" / ${DAY_HOURS}, ${texts}, ${sums} FROM ${names.base} GROUP BY "time" / ${DAY_HOURS}, ${texts}`,
  ]
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
    ...create,
    `INSERT INTO ${base} (${columns(table).join(', ')})
     SELECT ${selected} FROM ${old} GROUP BY ${groups}`,
    `DROP TABLE ${old}`,
  ]
}

function select(table: TallyTable, from: string, query: TallyQuery, part: TallyPart) {
  const by = query.by.map((name) => quoted(table.dimensions[columnOf(table, name)] ?? name))
  const time = query.per === undefined ? '0' : query.per === part.unit ? '"time"' : `"time" / ${DAY_HOURS}`
  const sums = table.sums.map((sum) => `sum(${quoted(sum)})`)
  const where = Object.entries(query.where ?? {})
  const conditions = [
    ...(part.since === undefined ? [] : ['"time" >= ?']),
    ...(part.until === undefined ? [] : ['"time" < ?']),
    ...where.map(([name]) => `${quoted(table.dimensions[columnOf(table, name)] ?? name)} = ?`),
  ]
  const groups = [...(query.per === undefined ? [] : [time]), ...by]
  const sql = [
    `SELECT ${[time, ...by, ...sums].join(', ')} FROM ${from}`,
    conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
    groups.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${groups.join(', ')}`,
  ].join(' ')
  const bindings = [part.since, part.until, ...where.map(([, text]) => text)].filter((value) => value !== undefined)
  return { sql, bindings }
}
