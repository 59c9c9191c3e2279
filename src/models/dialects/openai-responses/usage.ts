import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { count, rawUsage } from '../token-count.ts'

/**
 * Reads `usage`. Cached tokens are part of the input's, reasoning part of the output's. What the provider did not say stays absent. Answers with pictures
 * and transcripts tell theirs in the same words, the latter with `input_token_details` (https://platform.openai.com/docs/api-reference/audio, read 2026-11-21).
 */
export function readUsage(usage: Json | undefined, serviceTier?: Json): Usage | undefined {
  if (!isObject(usage)) return undefined
  const input = count(usage.input_tokens)
  const output = count(usage.output_tokens)
  if (input === undefined && output === undefined) return undefined
  const read: { -readonly [Field in keyof Usage]: Usage[Field] } = {}
  if (input !== undefined) read.inputTokens = input
  if (output !== undefined) read.outputTokens = output
  const { input_tokens_details: asked = usage.input_token_details, output_tokens_details: answered } = usage
  const cached = isObject(asked) ? count(asked.cached_tokens) : undefined
  const written = isObject(asked) ? count(asked.cache_write_tokens) : undefined
  const reasoning = isObject(answered) ? count(answered.reasoning_tokens) : undefined
  if (cached !== undefined) read.cachedInputTokens = cached
  if (written !== undefined) read.cacheWriteTokens = written
  if (reasoning !== undefined) read.reasoningTokens = reasoning
  const audio = isObject(asked) ? count(asked.audio_tokens) : undefined
  const image = isObject(asked) ? count(asked.image_tokens) : undefined
  if (audio !== undefined && audio > 0) read.audioInputTokens = audio
  if (image !== undefined && image > 0) read.imageInputTokens = image
  if (typeof serviceTier === 'string' && serviceTier !== 'default') read.serviceTier = serviceTier.slice(0, 40)
  const raw = rawUsage(usage)
  if (raw !== undefined) read.raw = raw
  return read
}

/** Writes `usage`. Clients of this wire want each of its numbers; what nobody said is 0 here. */
export function writeUsage({ inputTokens = 0, outputTokens = 0, cachedInputTokens = 0, reasoningTokens = 0 }: Usage): JsonObject {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  }
}
