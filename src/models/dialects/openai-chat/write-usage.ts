import type { Usage } from '../../../core/events.ts'
import type { JsonObject } from '../../../core/json.ts'

/** `usage` of this wire: what was cached counts inside the prompt. What the provider did not say is left out, but for the sums. */
export function writeUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedInputTokens === undefined && cacheWriteTokens === undefined
      ? {}
      : { prompt_tokens_details: { cached_tokens: cachedInputTokens ?? 0, cache_write_tokens: cacheWriteTokens } }),
    ...(reasoningTokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  }
}
