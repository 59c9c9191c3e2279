import { expect, test } from 'bun:test'
import { readUsage } from './read-usage.ts'

test('what has a price of its own is read: sound, and the tier of service', () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 50,
    prompt_tokens_details: { cached_tokens: 10, audio_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 40 },
  }
  expect(readUsage(usage, 'flex')).toEqual({
    inputTokens: 100,
    outputTokens: 50,
    cachedInputTokens: 10,
    reasoningTokens: 5,
    audioInputTokens: 60,
    audioOutputTokens: 40,
    serviceTier: 'flex',
  })
  expect(readUsage({ prompt_tokens: 1, completion_tokens: 1 }, 'default')).toEqual({ inputTokens: 1, outputTokens: 1 })
})
