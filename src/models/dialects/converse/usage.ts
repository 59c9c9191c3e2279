import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { count, rawUsage } from '../token-count.ts'

/**
 * Reads `usage`: what was read from the cache and written to it counts beside `inputTokens`, here inside.
 * `served`, beside it, names the tier of service (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html).
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html (read 2026-11-21).
 */
export function readUsage(usage: Json | undefined, served?: Json): Usage | undefined {
  if (!isObject(usage)) return undefined
  const fresh = count(usage.inputTokens)
  const output = count(usage.outputTokens)
  if (fresh === undefined && output === undefined) return undefined
  const cached = count(usage.cacheReadInputTokens)
  const written = count(usage.cacheWriteInputTokens)
  const read: { -readonly [Field in keyof Usage]: Usage[Field] } = {}
  if (fresh !== undefined) read.inputTokens = fresh + (cached ?? 0) + (written ?? 0)
  if (output !== undefined) read.outputTokens = output
  if (cached !== undefined) read.cachedInputTokens = cached
  if (written !== undefined) read.cacheWriteTokens = written
  const hour = writtenForAnHour(usage)
  if (hour > 0) read.cacheWrite1hTokens = hour
  const tier = isObject(served) ? served.type : undefined
  if (typeof tier === 'string' && tier !== 'default') read.serviceTier = tier.slice(0, 40)
  const raw = rawUsage(usage)
  if (raw !== undefined) read.raw = raw
  return read
}

function writtenForAnHour({ cacheDetails }: JsonObject): number {
  const details: readonly Json[] = Array.isArray(cacheDetails) ? cacheDetails : []
  return details
    .filter(isObject)
    .filter(({ ttl }) => ttl === '1h')
    .reduce<number>((sum, { inputTokens }) => sum + (count(inputTokens) ?? 0), 0)
}
