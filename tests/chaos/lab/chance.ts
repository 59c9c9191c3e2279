/** Repeatable chance: the seed is printed, and `CHAOS_SEED` brings the same run again (as far as two schedulers agree). */
export interface Chance {
  /** In [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** One of these. */
  pick<Value>(values: readonly [Value, ...Value[]]): Value
}

/** Chance for one test; prints its seed. */
export function chanceFor(test: string): Chance {
  const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e9))
  console.error(`${test}: CHAOS_SEED=${seed}`)
  let state = seed >>> 0
  // Mulberry32: 32 bits of state are plenty for choosing moments.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return { next, between, pick: (values) => values[between(0, values.length - 1)] ?? values[0] }
}

/** How often a test that repeats itself does so: `CHAOS_ROUNDS`, or 10. */
export const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 10)
