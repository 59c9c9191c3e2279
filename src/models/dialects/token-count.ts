import type { Json, JsonObject } from '../../core/json.ts'

/** A number of tokens: a whole number from 0. A provider that says anything else has said nothing. */
export function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** The most that is kept of what a provider said: entries, and characters of a text. The largest known has some thirty. */
const MAX_ENTRIES = 100
const MAX_TEXT = 200
const MAX_DEPTH = 8

/** What a provider said of its usage, to be kept as it came; undefined where it is no such thing any more, but a load for the log. */
export function rawUsage(usage: JsonObject): JsonObject | undefined {
  return entriesOf(usage, 0) <= MAX_ENTRIES ? usage : undefined
}

/** How many entries there are, of all levels; past the bound where a text is too long, or the levels are too many. */
function entriesOf(value: Json | undefined, depth: number): number {
  if (typeof value === 'string') return value.length > MAX_TEXT ? Number.POSITIVE_INFINITY : 1
  if (typeof value !== 'object' || value === null) return 1
  if (depth === MAX_DEPTH) return Number.POSITIVE_INFINITY
  let entries = 1
  for (const [key, inner] of Object.entries(value)) {
    entries += key.length > MAX_TEXT ? Number.POSITIVE_INFINITY : entriesOf(inner, depth + 1)
    if (entries > MAX_ENTRIES) return entries
  }
  return entries
}
