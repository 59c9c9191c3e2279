import { expect, test } from 'bun:test'
import type { JsonObject } from '../../../core/json.ts'
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
    raw: usage,
  })
  const plain = { prompt_tokens: 1, completion_tokens: 1 }
  expect(readUsage(plain, 'default')).toEqual({ inputTokens: 1, outputTokens: 1, raw: plain })
})

test.each<[what: string, more: JsonObject]>([
  ['a long text', { note: 'x'.repeat(201) }],
  ['a long name', { ['x'.repeat(201)]: 1 }],
  ['very many entries', { list: Array.from({ length: 100 }, () => 1) }],
  ['very many levels', { deep: JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) }],
])('usage that is a load for the log is read and not kept: %s', (_what, more) => {
  expect(readUsage({ prompt_tokens: 1, completion_tokens: 2, ...more })).toEqual({ inputTokens: 1, outputTokens: 2 })
})
