import type { Json } from '../../core/json.ts'

/** A number of tokens: a whole number from 0. A provider that says anything else has said nothing. */
export function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
