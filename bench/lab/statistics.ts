import type { Pair } from './lab.ts'

/** Median; 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? 0
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? upper)) / 2 : upper
}

/** The lowest and highest of several rounds. */
export interface Spread {
  readonly low: number
  readonly high: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { low: Math.min(...values), high: Math.max(...values) }
}

/** One figure of every round: medians, and what the gateway is to, and adds to, the floor of the same pair. */
export interface Comparison {
  readonly gateway: number
  readonly floor: number
  readonly ratio: number
  readonly ratioSpread: Spread
  readonly added: number
  readonly addedSpread: Spread
}

// Ratios are taken within a pair and only then the median: the machine drifts between pairs, hardly within one.
export function compare<T>(pairs: readonly Pair<T>[], pick: (measured: T) => number): Comparison {
  const ratios = pairs.map((pair) => pick(pair.gateway) / pick(pair.floor))
  const added = pairs.map((pair) => pick(pair.gateway) - pick(pair.floor))
  return {
    gateway: median(pairs.map((pair) => pick(pair.gateway))),
    floor: median(pairs.map((pair) => pick(pair.floor))),
    ratio: median(ratios),
    ratioSpread: spreadOf(ratios),
    added: median(added),
    addedSpread: spreadOf(added),
  }
}
