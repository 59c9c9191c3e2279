import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../core/json.ts'
import { readNeeds, readShape } from './shape.ts'
import type { RequestShape } from './types.ts'

const OPENING = { role: 'user', content: 'Hello.' }

/** The same question on each wire. */
const TOOLS: Readonly<Record<string, JsonObject>> = {
  'openai-chat': { messages: [OPENING], tools: [{ type: 'function', function: { name: 'f' } }], max_completion_tokens: 50 },
  'openai-responses': { input: [OPENING], tools: [{ type: 'function', name: 'f' }], max_output_tokens: 50 },
  'anthropic-messages': { messages: [OPENING], tools: [{ name: 'f', input_schema: {} }], max_tokens: 50 },
  gemini: {
    contents: [{ role: 'user', parts: [{ text: 'Hello.' }] }],
    tools: [{ functionDeclarations: [] }],
    generationConfig: { maxOutputTokens: 50 },
  },
}

describe('the shape of a request', () => {
  test.each(Object.entries(TOOLS))('is the same on the wire %s', (_wire, body) => {
    expect(readShape(body)).toMatchObject({ hasTools: true, hasImages: false, maxOutputTokens: 50, kinds: ['tools'], isHard: false })
  })

  test.each<[what: string, body: JsonObject, shape: Partial<RequestShape>]>([
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:x' } }] }] },
      { hasImages: true, kinds: ['images'] },
    ],
    ['an image of Gemini', { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'x' } }] }] }, { hasImages: true }],
    ['audio', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }, { hasAudio: true, hasImages: false }],
    ['a schema', { messages: [OPENING], response_format: { type: 'json_schema' } }, { wantsSchema: true, kinds: ['schema'] }],
    ['a schema of Responses', { input: 'x', text: { format: { type: 'json_schema' } } }, { wantsSchema: true }],
    ['thinking', { messages: [OPENING], thinking: { type: 'enabled', budget_tokens: 1000 } }, { wantsReasoning: true }],
    ['effort', { messages: [OPENING], reasoning_effort: 'low' }, { wantsReasoning: true }],
    ['no effort', { messages: [OPENING], reasoning_effort: 'none' }, { wantsReasoning: false }],
    ['a prefill', { messages: [OPENING, { role: 'assistant', content: 'Sure, ' }] }, { hasPrefill: true }],
    ['code', { messages: [{ role: 'user', content: 'Fix this:\n```ts\nlet x\n```' }] }, { kinds: ['code'], isHard: false }],
    ['hard words', { messages: [{ role: 'user', content: 'Prove that it halts.' }] }, { isHard: true }],
    ['length', { messages: [{ role: 'user', content: 'a b '.repeat(40_000) }] }, { kinds: ['long'], isHard: true, inputTokens: 40_000 }],
    ['a user', { messages: [OPENING], metadata: { user_id: 'u1' } }, { user: 'u1' }],
    ['nothing', {}, { inputTokens: 0, kinds: ['chat'], hasPrefill: false }],
  ])('knows %s', (_what, body, shape) => {
    expect(readShape(body)).toMatchObject(shape)
    expect(readShape(body)).toMatchObject(readNeeds(body))
  })

  test('says what rules a model out without looking through its texts', () => {
    const needs = readNeeds({ messages: [{ role: 'user', content: 'Prove that ```x``` halts.' }], max_tokens: 7, tools: [{}] })
    expect(needs).toEqual({
      ...{ inputTokens: 8, leastInputTokens: 4, maxOutputTokens: 7, hasTools: true, hasImages: false, hasAudio: false },
      ...{ wantsSchema: false, wantsReasoning: false, hasPrefill: false },
    })
  })

  test('has one opening for all turns of a conversation, and another for another', () => {
    const system = { role: 'system', content: 'Be brief.' }
    const first = readShape({ messages: [system, OPENING] }).opening
    expect(
      readShape({ messages: [system, OPENING, { role: 'assistant', content: 'Hi.' }, { role: 'user', content: 'Go on.' }] }).opening,
    ).toBe(first)
    expect(readShape({ messages: [system, { role: 'user', content: 'Other.' }] }).opening).not.toBe(first)
  })

  test('is found in linear time: no text is too long for it', () => {
    const text = '<'.repeat(400_000)
    expect(readShape({ messages: [{ role: 'user', content: text }] }).inputTokens).toBe(100_000)
  })
})
