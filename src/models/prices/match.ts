import type { PriceRow } from './types.ts'

/** A snapshot's date behind a model's id, as in `gpt-4o-2024-08-06`, `claude-opus-4-5-20251101`, `claude-opus-4-5@20251101`. */
const SNAPSHOT = /[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6})$|-latest$/

interface Wildcard {
  readonly row: PriceRow
  readonly pattern: RegExp
  /** Characters that stand for themselves. */
  readonly weight: number
}

/** Finds the row of a model's id. */
export type FindRow = (id: string) => PriceRow | undefined

/**
 * How an id finds its price, without regard to case: (1) the row of this very id; (2) else the row of the id without the date or `-latest`
 * at its end; (3) else, of the rows whose patterns match, the one with the most characters that stand for themselves. Of two equals the first.
 */
export function compileRows(rows: readonly PriceRow[]): FindRow {
  const exact = new Map<string, PriceRow>()
  const wildcards: Wildcard[] = []
  for (const row of rows) {
    for (const text of [row.id, ...(row.match ?? [])]) {
      const pattern = text.toLowerCase()
      if (/[*#]/.test(pattern)) wildcards.push({ row, pattern: toRegExp(pattern), weight: pattern.replace(/[*#]/g, '').length })
      else if (!exact.has(pattern)) exact.set(pattern, row)
    }
  }
  wildcards.sort((left, right) => right.weight - left.weight)
  return (written) => {
    const id = written.toLowerCase()
    return (
      exact.get(id) ??
      exact.get(id.replace(SNAPSHOT, '')) ??
      wildcards.find(({ row, pattern }) => pattern.test(id) && !row.except?.some((each) => toRegExp(each.toLowerCase()).test(id)))?.row
    )
  }
}

/** At most a few stars a pattern, over ids of bounded length. */
function toRegExp(pattern: string): RegExp {
  const body = pattern
    .replace(/[.+?^${}()|[\]\\/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('#', '\\d')
  return new RegExp(`^${body}$`, 's')
}
