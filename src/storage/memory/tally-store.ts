import type { TallyProjection, TallyQuery, TallyRow, TallySum, TallyTable } from '../../core/ports.ts'
import { boundRows, noFurther, TextsInMemory, textsOf } from '../tally-bound.ts'
import { SumBy, type TallyProgress, type TallyStore, type TallyUpdate } from '../tally-store.ts'

const NOTHING: TallyProgress = { kept: 0, hash: undefined, base: 0 }

interface Rows {
  readonly kept: Map<string, TallyRow>
  readonly base: Map<string, TallyRow>
  readonly texts: TextsInMemory
}

/** Sums in memory. */
export class MemoryTallyStore implements TallyStore {
  readonly #progress = new Map<string, TallyProgress>()
  readonly #rows = new Map<string, Rows>()

  open(projection: TallyProjection): TallyProgress {
    for (const table of projection.tables) this.#rowsOf(table.name)
    return this.#progress.get(projection.name) ?? NOTHING
  }

  add(updates: readonly TallyUpdate[]): void {
    for (const { projection, kept, hash } of updates) {
      for (const table of projection.tables) {
        const { kept, texts } = this.#rowsOf(table.name)
        addRows(kept, boundRows(table, projection.rows(table.name), texts))
      }
      this.#progress.set(projection.name, { ...this.open(projection), kept, hash })
    }
  }

  addToBase(projection: TallyProjection, base: number): void {
    for (const table of projection.tables) {
      const rows = this.#rowsOf(table.name)
      addRows(rows.base, boundRows(table, projection.rows(table.name), noFurther(rows.texts)))
    }
    this.#progress.set(projection.name, { ...this.open(projection), base })
  }

  reset(projection: TallyProjection): TallyProgress {
    for (const table of projection.tables) {
      const { kept, base, texts } = this.#rowsOf(table.name)
      kept.clear()
      texts.clear()
      // What stands in the base has been bounded once: it keeps its names, whatever the bound is now.
      for (const row of base.values()) for (const text of textsOf(table, row)) texts.add(text)
      addRows(kept, base.values())
    }
    const { base } = this.open(projection)
    const progress = { kept: base, hash: undefined, base }
    this.#progress.set(projection.name, progress)
    return progress
  }

  sum(table: TallyTable, query: TallyQuery): readonly TallySum[] {
    const sums = new SumBy(table, query)
    for (const row of this.#rowsOf(table.name).kept.values()) sums.addRow(row)
    return sums.result()
  }

  baseRows(table: TallyTable): readonly TallyRow[] {
    return [...this.#rowsOf(table.name).base.values()]
  }

  #rowsOf(table: string): Rows {
    let rows = this.#rows.get(table)
    if (rows === undefined) {
      rows = { kept: new Map(), base: new Map(), texts: new TextsInMemory() }
      this.#rows.set(table, rows)
    }
    return rows
  }
}

function addRows(to: Map<string, TallyRow>, rows: Iterable<TallyRow>): void {
  for (const row of rows) {
    const key = `${row.hour}\u0000${row.dimensions.join('\u0000')}`
    const known = to.get(key)
    const sums = known === undefined ? row.sums : known.sums.map((sum, index) => sum + (row.sums[index] ?? 0n))
    to.set(key, { ...row, sums })
  }
}
