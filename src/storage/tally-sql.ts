import { TALLY_REST, type TallyTable } from '../core/ports.ts'
import { DAY_HOURS } from './tally-store.ts'

/** The SQL that the tallies of SQLite and PostgreSQL have in common. */

/** The tables of one tally. */
export interface TallyNames {
  readonly hours: string
  readonly days: string
  /** Rows whose events are gone: what is rebuilt begins with them. */
  readonly base: string
  /** Of a table with a bound: which texts have rows of their own. */
  readonly texts: string
}

const NAME = /^[a-z][a-z_]*$/

/** Names the tables. Names come from the code that declares the tally, and are checked here; texts are always bound. */
export function namesOf(table: TallyTable): TallyNames {
  const bad = [table.name, ...table.dimensions, ...table.sums].find((name) => !NAME.test(name))
  if (bad !== undefined) throw new Error(`The tally ${table.name} cannot have a column named ${bad}.`)
  const hours = `tally_${table.name}`
  return { hours, days: `${hours}_by_day`, base: `${hours}_base`, texts: `${hours}_texts` }
}

/** A column's name as SQL has it. */
export function quoted(name: string): string {
  return `"${name}"`
}

/** All columns: time, dimensions, sums. */
export function columns(table: TallyTable): readonly string[] {
  return ['time', ...table.dimensions, ...table.sums].map(quoted)
}

/** Fills the texts from the base. What stands in the base was bounded once: it keeps its rows, whatever the bound is now. */
export function resetTexts({ bound }: TallyTable, { base, texts }: TallyNames): readonly string[] {
  if (bound === undefined) return []
  const [name, value, day] = [quoted(bound.name), quoted(bound.value), `"time" / ${DAY_HOURS}`]
  const isOwn = (column: string) => `${column} <> '${TALLY_REST}'`
  return [
    `DELETE FROM ${texts}`,
    `INSERT INTO ${texts} (day, name, text) SELECT DISTINCT ${day}, '', ${name} FROM ${base} WHERE ${isOwn(name)}`,
    `INSERT INTO ${texts} (day, name, text)
     SELECT DISTINCT ${day}, ${name}, ${value} FROM ${base} WHERE ${isOwn(name)} AND ${isOwn(value)}`,
  ]
}

/** What a base with other columns is copied as: a dimension that it did not have is empty, a sum is 0. */
export function copyOf(table: TallyTable, oldColumns: readonly string[]): { readonly selected: string; readonly groups: string } {
  const has = (name: string) => oldColumns.includes(name)
  const texts = table.dimensions.map((name) => (has(name) ? quoted(name) : "''"))
  const sums = table.sums.map((name) => (has(name) ? `sum(${quoted(name)})` : '0'))
  return { selected: ['"time"', ...texts, ...sums].join(', '), groups: ['time', ...table.dimensions.filter(has)].map(quoted).join(', ') }
}
