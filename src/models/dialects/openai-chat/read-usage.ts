import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { count, rawUsage } from '../token-count.ts'

/**
 * Reads `usage`. What the provider did not say stays absent. Cached tokens are part of the prompt's. Reasoning is part of the completion's, but
 * where the total says that it stands beside it: xAI counts so.
 * @param serviceTier what stands beside it
 */
export function readUsage(usage: Json | undefined, serviceTier?: Json): Usage | undefined {
  if (!isObject(usage)) return undefined
  const input = count(usage.prompt_tokens)
  const said = count(usage.completion_tokens)
  if (input === undefined && said === undefined) return undefined
  const { prompt_tokens_details: asked, completion_tokens_details: answered } = usage
  const reasoning = isObject(answered) ? count(answered.reasoning_tokens) : undefined
  const isBeside = reasoning !== undefined && reasoning > 0 && usage.total_tokens === (input ?? 0) + (said ?? 0) + reasoning
  // Field by field: four spreads here were a tenth of a microsecond each.
  const read: { -readonly [Field in keyof Usage]: Usage[Field] } = {}
  if (input !== undefined) read.inputTokens = input
  if (said !== undefined) read.outputTokens = isBeside ? said + reasoning : said
  const cached = readCached(usage, asked)
  if (cached !== undefined) read.cachedInputTokens = cached
  if (reasoning !== undefined) read.reasoningTokens = reasoning
  if (isObject(asked)) {
    const written = count(asked.cache_write_tokens)
    const audio = count(asked.audio_tokens)
    if (written !== undefined) read.cacheWriteTokens = written
    if (audio !== undefined && audio > 0) read.audioInputTokens = audio
  }
  const audioOut = isObject(answered) ? count(answered.audio_tokens) : undefined
  if (audioOut !== undefined && audioOut > 0) read.audioOutputTokens = audioOut
  if (typeof serviceTier === 'string' && serviceTier !== 'default') read.serviceTier = serviceTier.slice(0, 40)
  const raw = rawUsage(usage)
  if (raw !== undefined) read.raw = raw
  return read
}

/** Where OpenAI says it; else where DeepSeek does, and where Moonshot and Together do. */
function readCached(usage: JsonObject, asked: Json | undefined): number | undefined {
  return (isObject(asked) ? count(asked.cached_tokens) : undefined) ?? count(usage.prompt_cache_hit_tokens) ?? count(usage.cached_tokens)
}
