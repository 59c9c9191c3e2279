/** A list price as it stands in the table, with the name of its provider. Amounts are US dollars. */
export interface ShownPrice {
  readonly provider: string
  readonly id: string
  readonly [kind: string]: unknown
}

/** The prices in force. */
export interface ShownPrices {
  /** As it stands in events. */
  readonly version: string
  readonly source: string
  readonly prices: readonly ShownPrice[]
}

/** What is to be costed again. */
export interface RecostRequest {
  readonly sinceMs: number
  readonly untilMs?: number | undefined
  /** A table of prices; left out: those in force. */
  readonly table?: unknown
  /** Only says what would change. */
  readonly isDryRun: boolean
}

/** What costing again came to. */
export interface RecostReport {
  readonly version: string
  /** Calls that were looked at: those of models that have a usage. */
  readonly calls: number
  readonly corrected: number
  /** Whose price is the configuration's, or whose cost is an estimate: they stay as they are. */
  readonly kept: number
  /** For which the table has no price. */
  readonly unpriced: number
  readonly deltaNanoUsd: bigint
  readonly models: readonly {
    readonly provider: string
    readonly target: string
    readonly corrected: number
    readonly deltaNanoUsd: bigint
  }[]
}

/** What can be done with prices. The layer that has them puts it there. */
export interface PriceDesk {
  current(): ShownPrices
  /** Puts a table in force, for good. @throws invalid_request with the first thing that is wrong with it */
  update(table: unknown): ShownPrices
  /** Writes what calls would have cost by other prices, as corrections. @throws invalid_request; conflict while another one runs */
  recost(request: RecostRequest): Promise<RecostReport>
}
