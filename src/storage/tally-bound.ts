import { TALLY_REST, type TallyRow, type TallyTable } from '../core/ports.ts'
import { columnOf, DAY_HOURS } from './tally-store.ts'

/** A name, or a value of a name, that has rows of its own on a day. */
export interface TallyText {
  /** Days since the epoch. */
  readonly day: number
  /** The name that it is a value of; empty of a name. */
  readonly name: string
  readonly text: string
}

/** The names and values that have rows of their own. */
export interface TallyTexts {
  has(text: TallyText): boolean
  /** How many there are of this day and name. */
  count(day: number, name: string): number
  add(text: TallyText): void
}

/** The name and the value of a row, as it is given; nothing of a table without a bound, nor of what is the rest. */
export function textsOf(table: TallyTable, row: TallyRow): readonly TallyText[] {
  if (table.bound === undefined) return []
  const day = Math.floor(row.hour / DAY_HOURS)
  const name = row.dimensions[columnOf(table, table.bound.name)] ?? ''
  const value = row.dimensions[columnOf(table, table.bound.value)] ?? ''
  const texts = [
    { day, name: '', text: name },
    { day, name, text: value },
  ]
  return texts.filter(({ name, text }) => name !== TALLY_REST && text !== TALLY_REST)
}

/**
 * Puts `TALLY_REST` for what is one text too many. Sums stay as they are, so that what all rows come to does too. Rows may come out twice
 * with the same texts: whoever stores them adds them up.
 */
export function* boundRows(table: TallyTable, rows: Iterable<TallyRow>, texts: TallyTexts): Iterable<TallyRow> {
  const { bound } = table
  if (bound === undefined) {
    yield* rows
    return
  }
  const known = new Map<string, boolean>()
  const isKept = (text: TallyText, most: number): boolean => {
    const key = `${text.day} ${text.name} ${text.text}`
    let kept = known.get(key)
    if (kept === undefined) {
      kept = keep(texts, text, most)
      known.set(key, kept)
    }
    return kept
  }
  const [nameColumn, valueColumn] = [columnOf(table, bound.name), columnOf(table, bound.value)]
  for (const row of rows) {
    const [name, value] = textsOf(table, row)
    const hasName = name !== undefined && isKept(name, bound.mostNames)
    if (hasName && value !== undefined && isKept(value, bound.mostValues)) yield row
    else {
      const isRest = (column: number) => column === valueColumn || (column === nameColumn && !hasName)
      yield { ...row, dimensions: row.dimensions.map((text, column) => (isRest(column) ? TALLY_REST : text)) }
    }
  }
}

function keep(texts: TallyTexts, text: TallyText, most: number): boolean {
  if (texts.has(text)) return true
  if (texts.count(text.day, text.name) >= most) return false
  texts.add(text)
  return true
}

/** The same texts, and no further ones: for rows that were stored once already. */
export function noFurther(texts: TallyTexts): TallyTexts {
  return { has: (text) => texts.has(text), count: () => Number.POSITIVE_INFINITY, add: () => {} }
}

/** Texts in memory. */
export class TextsInMemory implements TallyTexts {
  readonly #texts = new Map<string, Set<string>>()

  has({ day, name, text }: TallyText): boolean {
    return this.#texts.get(`${day} ${name}`)?.has(text) ?? false
  }

  count(day: number, name: string): number {
    return this.#texts.get(`${day} ${name}`)?.size ?? 0
  }

  add({ day, name, text }: TallyText): void {
    const key = `${day} ${name}`
    const texts = this.#texts.get(key)
    if (texts === undefined) this.#texts.set(key, new Set([text]))
    else texts.add(text)
  }

  clear(): void {
    this.#texts.clear()
  }
}
