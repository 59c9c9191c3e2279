import type { PricedLine } from '../../core/booking.ts'
import type { Usage } from '../../core/events.ts'
import { costOfItems, parseUsd } from '../../core/money.ts'
import type { Charge } from '../../stages/meter.ts'
import type { Price } from '../types.ts'
import { PRICE_TABLE_VERSION, PRICES } from './table.ts'

/** A snapshot's date after a model's id, as in `gpt-4o-2024-08-06`: the snapshot has its model's price. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/

/** The list price of a model, or undefined: then it is unpriced, never free. */
export function listPrice(provider: string, modelId: string): Price | undefined {
  const rows = PRICES[provider]
  const row = rows?.[modelId] ?? rows?.[modelId.replace(SNAPSHOT, '')]
  const [input, cachedInput, output] = row?.map(parseUsd) ?? []
  if (input === undefined || output === undefined) return undefined
  return { input, output, ...(cachedInput === undefined ? {} : { cachedInput }), version: `table:${PRICE_TABLE_VERSION}` }
}

/**
 * What a usage costs.
 * Tokens that the provider did not report make the call unpriced: half a bill is no bill.
 */
export function charge(price: Price | undefined, usage: Usage): Charge {
  const { inputTokens, outputTokens } = usage
  if (price === undefined || inputTokens === undefined || outputTokens === undefined) return { type: 'unpriced' }
  // A provider cannot have read more from its cache than there was input; one that says so is charged for its input, not for less.
  const cached = Math.min(usage.cachedInputTokens ?? 0, inputTokens)
  const written = Math.min(usage.cacheWriteTokens ?? 0, inputTokens - cached)
  const lines: PricedLine[] = []
  const fresh = inputTokens - cached - written
  if (fresh > 0) lines.push({ kind: 'input', tokens: fresh, nanoUsd: price.input })
  if (cached > 0) lines.push({ kind: 'cachedInput', tokens: cached, nanoUsd: price.cachedInput ?? price.input })
  if (written > 0) lines.push({ kind: 'cacheWrite', tokens: written, nanoUsd: price.cacheWrite ?? price.input })
  if (outputTokens > 0) lines.push({ kind: 'output', tokens: outputTokens, nanoUsd: price.output })
  return { type: 'priced', costNanoUsd: costOfItems(lines), version: price.version, lines }
}
