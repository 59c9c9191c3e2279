import type { TallyProjection, TallyQuery, TallyRow, TallySum, TallyTable } from '../core/ports.ts'

/** How far a projection's stored state reaches into the log. */
export interface TallyProgress {
  /** Number of the last batch that is in the stored rows. */
  readonly kept: number
  /** The chain's hash at that batch: a log that was swapped or lost its end shows. */
  readonly hash: string | undefined
  /** Number of the last batch that is in the base: what was folded before its segment was trimmed. */
  readonly base: number
}

/** What one flush adds. */
export interface TallyUpdate {
  readonly projection: TallyProjection
  readonly kept: number
  readonly hash: string | undefined
}

/**
 * Where the sums of projections are kept: the kept rows, and apart from them the base, which holds what the trimmed part of the log
 * came to. A rebuild begins with the base, so that it loses nothing that the log no longer has.
 */
export interface TallyStore {
  /** Makes the tables where they are missing. Where the version was raised, the kept rows are dropped, and the base goes over column by column. */
  open(projection: TallyProjection): TallyProgress
  /** Adds the rows of all projections given and moves their progress, in one transaction. */
  add(updates: readonly TallyUpdate[]): void
  /** Adds rows of a trimmed segment to the base, up to this batch, in one transaction. */
  addToBase(projection: TallyProjection, base: number): void
  /** Drops what is kept and begins again with the base. Returns the new progress. */
  reset(projection: TallyProjection): TallyProgress
  /** Adds up stored rows. */
  sum(table: TallyTable, query: TallyQuery): readonly TallySum[]
  /** The base, for whoever checks. */
  baseRows(table: TallyTable): readonly TallyRow[]
}

/** Hours of one day. */
export const DAY_HOURS = 24

/** Adds up rows by some of their dimensions. */
export class SumBy {
  readonly #query: TallyQuery
  readonly #by: readonly number[]
  readonly #where: readonly (readonly [number, string])[]
  readonly #sums = new Map<string, TallySum & { readonly sums: bigint[] }>()

  constructor(table: TallyTable, query: TallyQuery) {
    this.#query = query
    this.#by = query.by.map((name) => columnOf(table, name))
    this.#where = Object.entries(query.where ?? {}).map(([name, text]) => [columnOf(table, name), text] as const)
  }

  /** Takes a row, where it is asked for. */
  addRow(row: TallyRow): void {
    const { sinceHour, untilHour, per } = this.#query
    if (sinceHour !== undefined && row.hour < sinceHour) return
    if (untilHour !== undefined && row.hour >= untilHour) return
    if (this.#where.some(([column, text]) => row.dimensions[column] !== text)) return
    const time = per === undefined ? 0 : per === 'hour' ? row.hour : Math.floor(row.hour / DAY_HOURS)
    this.add({ time, dimensions: this.#by.map((column) => row.dimensions[column] ?? ''), sums: row.sums })
  }

  /** Takes what is added up already. */
  add(sum: TallySum): void {
    const key = `${sum.time}\u0000${sum.dimensions.join('\u0000')}`
    const known = this.#sums.get(key)
    if (known === undefined) this.#sums.set(key, { ...sum, sums: [...sum.sums] })
    else for (const [index, value] of sum.sums.entries()) known.sums[index] = (known.sums[index] ?? 0n) + value
  }

  result(): readonly TallySum[] {
    return [...this.#sums.values()]
  }
}

/** @throws an Error where the table has no such dimension: a fault of the code that asks */
export function columnOf(table: TallyTable, dimension: string): number {
  const column = table.dimensions.indexOf(dimension)
  if (column === -1) throw new Error(`The tally ${table.name} has no dimension ${dimension}; it has ${table.dimensions.join(', ')}.`)
  return column
}
