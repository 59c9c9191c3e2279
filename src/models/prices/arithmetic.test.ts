import { expect, test } from 'bun:test'
import { testTarget } from '../../testing/dialect-goldens.ts'
import { dialectOf } from '../dialects/index.ts'
import type { WireName } from '../types.ts'
import { charge } from './charge.ts'
import type { Price } from './types.ts'

// A nano-USD for a token of fresh input; the others are such that each kind of token shows in the sum.
const PRICE: Price = {
  input: 1_000_000,
  cachedInput: 100_000,
  cacheWrite: 1_250_000,
  cacheWrite1h: 2_000_000,
  output: 5_000_000,
  version: 'test',
}

const CHAT = { choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }] }
const MESSAGE = { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'a' }], stop_reason: 'end_turn' }
const CANDIDATES = { candidates: [{ content: { role: 'model', parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }
const CONVERSED = {
  output: { message: { role: 'assistant', content: [{ text: 'a' }] } },
  stopReason: 'end_turn',
  metrics: { latencyMs: 1 },
}
const RESPONSE = { object: 'response', id: 'resp_1', status: 'completed', output: [] }

/** What each provider reports of the same call: 1,000 tokens read from the cache, 500 written to it, 100 fresh, 200 of output, 50 of them thought. */
test.each<[wire: WireName, reply: object, counted: object, costNanoUsd: number]>([
  [
    'openai-chat',
    {
      ...CHAT,
      usage: {
        prompt_tokens: 1600,
        completion_tokens: 200,
        prompt_tokens_details: { cached_tokens: 1000 },
        completion_tokens_details: { reasoning_tokens: 50 },
      },
    },
    { inputTokens: 1600, cachedInputTokens: 1000, outputTokens: 200, reasoningTokens: 50 },
    600 + 100 + 1000,
  ],
  [
    'openai-responses',
    {
      ...RESPONSE,
      usage: {
        input_tokens: 1600,
        input_tokens_details: { cached_tokens: 1000 },
        output_tokens: 200,
        output_tokens_details: { reasoning_tokens: 50 },
        total_tokens: 1800,
      },
    },
    { inputTokens: 1600, cachedInputTokens: 1000, outputTokens: 200, reasoningTokens: 50 },
    600 + 100 + 1000,
  ],
  [
    'anthropic-messages',
    {
      ...MESSAGE,
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 1000,
        cache_creation_input_tokens: 500,
        cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 200 },
        output_tokens: 200,
      },
    },
    { inputTokens: 1600, cachedInputTokens: 1000, cacheWriteTokens: 500, cacheWrite1hTokens: 200, outputTokens: 200 },
    100 + 100 + 375 + 400 + 1000,
  ],
  [
    'gemini',
    {
      ...CANDIDATES,
      usageMetadata: {
        promptTokenCount: 1600,
        cachedContentTokenCount: 1000,
        candidatesTokenCount: 150,
        thoughtsTokenCount: 50,
        totalTokenCount: 1800,
      },
    },
    { inputTokens: 1600, cachedInputTokens: 1000, outputTokens: 200, reasoningTokens: 50 },
    600 + 100 + 1000,
  ],
  [
    'converse',
    {
      ...CONVERSED,
      usage: { inputTokens: 100, cacheReadInputTokens: 1000, cacheWriteInputTokens: 500, outputTokens: 200, totalTokens: 1800 },
    },
    { inputTokens: 1600, cachedInputTokens: 1000, cacheWriteTokens: 500, outputTokens: 200 },
    100 + 100 + 625 + 1000,
  ],
])('%s: tokens are counted once, and each at its own price', (wire, reply, counted, costNanoUsd) => {
  const { usage } = dialectOf(wire).decodeReply(new TextEncoder().encode(JSON.stringify(reply)), testTarget({ wire, id: 'm' }))
  const { raw: _raw, ...said } = usage ?? {}
  expect(said).toEqual(counted)
  expect(charge(PRICE, usage ?? {}, 0)).toMatchObject({ type: 'priced', costNanoUsd })
})

test('usage that is absurd is usage that was not said: unpriced, never less than nothing', () => {
  for (const usage of [
    { prompt_tokens: -1, completion_tokens: 5 },
    { prompt_tokens: 1e300, completion_tokens: 5 },
    { prompt_tokens: '7' },
    null,
  ]) {
    const reply = new TextEncoder().encode(JSON.stringify({ ...CHAT, usage }))
    const part = dialectOf('openai-chat').decodeReply(reply, testTarget({ wire: 'openai-chat', id: 'm' }))
    expect(charge(PRICE, part.usage ?? {}, 0)).toEqual({ type: 'unpriced' })
  }
})
