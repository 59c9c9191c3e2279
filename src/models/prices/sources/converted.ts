import type { PriceRow, ProviderPrices } from '../types.ts'

/** A price that was not taken over, and why: such a model is unpriced. */
export interface LeftOut {
  readonly provider: string
  readonly model: string
  readonly why: string
}

/** What a foreign table came to. */
export interface Converted {
  readonly providers: Readonly<Record<string, ProviderPrices>>
  readonly leftOut: readonly LeftOut[]
}

/** Rows of one id and one price become one row; of rows of one id with different prices all stay, and the first is found. */
export function mergeRows(rows: readonly PriceRow[]): readonly PriceRow[] {
  const merged = new Map<string, PriceRow>()
  for (const row of rows) {
    const { match: _match, ...rest } = row
    const key = JSON.stringify(rest)
    const known = merged.get(key)
    const match = [...new Set([...(known?.match ?? []), ...(row.match ?? [])])]
    merged.set(key, match.length === 0 ? row : { ...row, match })
  }
  return [...merged.values()]
}
