import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { count, rawUsage } from '../token-count.ts'

/** `usage` of this wire: what was read from the cache and written to it counts beside `input_tokens`, here inside. */
export function readUsage(usage: Json | undefined): Usage | undefined {
  if (!isObject(usage)) return undefined
  const fresh = count(usage.input_tokens)
  const output = count(usage.output_tokens)
  if (fresh === undefined && output === undefined) return undefined
  const cached = count(usage.cache_read_input_tokens)
  const written = count(usage.cache_creation_input_tokens)
  const read: { -readonly [Field in keyof Usage]: Usage[Field] } = {}
  if (fresh !== undefined) read.inputTokens = fresh + (cached ?? 0) + (written ?? 0)
  if (output !== undefined) read.outputTokens = output
  if (cached !== undefined) read.cachedInputTokens = cached
  if (written !== undefined) read.cacheWriteTokens = written
  const hour = isObject(usage.cache_creation) ? count(usage.cache_creation.ephemeral_1h_input_tokens) : undefined
  if (hour !== undefined && hour > 0) read.cacheWrite1hTokens = hour
  const thinking = isObject(usage.output_tokens_details) ? count(usage.output_tokens_details.thinking_tokens) : undefined
  if (thinking !== undefined) read.reasoningTokens = thinking
  const calls = isObject(usage.server_tool_use) ? callsOf(usage.server_tool_use) : 0
  if (calls > 0) read.toolCalls = calls
  // A speed has a price of its own, as tiers have (https://platform.claude.com/docs/en/build-with-claude/fast-mode, read 2026-11-21).
  const tier = usage.speed === 'fast' ? 'fast' : usage.service_tier
  if (typeof tier === 'string' && tier !== 'standard') read.serviceTier = tier.slice(0, 40)
  const raw = rawUsage(usage)
  if (raw !== undefined) read.raw = raw
  return read
}

/** Writes usage. What was read from or written to a cache is taken out of the input again. */
export function writeUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens, cacheWriteTokens, reasoningTokens, serviceTier } = usage
  return {
    input_tokens: Math.max(0, inputTokens - (cachedInputTokens ?? 0) - (cacheWriteTokens ?? 0)),
    cache_creation_input_tokens: cacheWriteTokens ?? null,
    cache_read_input_tokens: cachedInputTokens ?? null,
    output_tokens: outputTokens,
    ...(reasoningTokens === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoningTokens } }),
    // Of the words of other makers, this one alone is a tier here too.
    ...(serviceTier === 'priority' ? { service_tier: serviceTier } : {}),
  }
}

/**
 * Usage of the event that begins a stream. Most providers tell the input at the end: until then it is estimated, for some clients read it here
 * and nowhere else. Of the output nothing was used yet, whatever the provider counted so far: clients may add what the last event says.
 */
export function writeStartUsage({ outputTokens: _later, reasoningTokens: _too, ...input }: Usage, likelyInputTokens = 0): JsonObject {
  return writeUsage(input.inputTokens === undefined ? { ...input, inputTokens: likelyInputTokens } : input)
}

/** Usage of the event that ends a stream. An input that the provider did not tell stays as the first event has it. */
export function writeEndUsage(usage: Usage): JsonObject {
  const written = writeUsage(usage)
  return usage.inputTokens === undefined ? { ...written, input_tokens: null } : written
}

function callsOf(calls: JsonObject): number {
  // Fetching a page costs its tokens and nothing else (https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool).
  const { web_fetch_requests: _free, ...charged } = calls
  return Object.values(charged).reduce<number>((sum, value) => sum + (count(value) ?? 0), 0)
}
