import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import type { JsonObject } from '../../../src/core/json.ts'
import { wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { PROVIDERS, type Provider, streamBytes, streamOf } from './lies.ts'

// What stands beside the four wires (counting, older completions, vectors), at a provider of every wire.

function start({ wire, path, id }: Provider): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
      access: { teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } } },
    }),
  })
}

const openai = ({ dataUrl, key }: Scenario) => new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 })
const genai = ({ dataUrl, key }: Scenario) => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: dataUrl } }).models

/** How each provider that counts answers, and where. */
const COUNTING: Readonly<Record<string, readonly [path: string, answer: JsonObject]>> = {
  'anthropic-messages': ['/v1/messages/count_tokens', { input_tokens: 42 }],
  gemini: ['/v1beta/models/gemini-2.5-flash:countTokens', { totalTokens: 42 }],
  converse: ['/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens', { inputTokens: 42 }],
}

describe.each(PROVIDERS.map((provider) => ({ wire: provider.wire, provider })))('at a provider of $wire', ({ wire, provider }) => {
  const { begin, piece, finish, last, usage, whole } = provider
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await start(provider)
  })
  afterAll(() => scenario.close())

  const counters = {
    '@anthropic-ai/sdk': async () => {
      const { messages } = new Anthropic({ apiKey: scenario.key, baseURL: scenario.dataUrl, maxRetries: 0 })
      const asked = { model: 'mini', system: 'Be brief.', messages: [{ role: 'user' as const, content: 'How many are these?' }] }
      return (await messages.countTokens(asked)).input_tokens
    },
    '@google/genai': async () =>
      (await genai(scenario).countTokens({ model: 'mini', contents: 'How many are these, in a sentence that is not short?' })).totalTokens,
  }
  test.each(Object.entries(counters))('tokens are counted for %s, and it costs nothing', async (_client, count) => {
    const [path, answer] = COUNTING[wire] ?? []
    const before = scenario.upstream.requests.length
    if (answer !== undefined) scenario.upstream.answer(wholeReply({ body: answer }))
    const counted = await count()
    const asked = scenario.upstream.requests.slice(before).map((request) => request.path)
    if (path === undefined) {
      // It has no such endpoint: an estimate, and nothing is sent.
      expect(counted).toBeGreaterThan(5)
      expect(counted).toBeLessThan(60)
      expect(asked).toEqual([])
    } else {
      expect(counted).toBe(42)
      expect(asked).toEqual([path])
    }
    const { bookings } = await scenario.expectCall({ outcome: 'ok', attempts: path === undefined ? 0 : 1 })
    expect((bookings ?? []).reduce((sum, { nanoUsd = 0 }) => sum + nanoUsd, 0)).toBe(0)
  })

  test.each([false, true])('older completions are answered, streamed: %p', async (isStream) => {
    const bytes = streamBytes(provider, [...begin, piece, ...finish, ...last(usage)])
    scenario.upstream.answer(isStream ? streamOf(provider, bytes) : wholeReply({ body: whole(usage) }))
    const asked = { model: 'mini', prompt: 'Say hello', max_tokens: 50 }
    if (isStream) {
      const told = { text: '', finish: null as string | null, tokens: 0 }
      for await (const chunk of await openai(scenario).completions.create({
        ...asked,
        stream: true,
        stream_options: { include_usage: true },
      })) {
        told.text += chunk.choices[0]?.text ?? ''
        told.finish = chunk.choices[0]?.finish_reason ?? told.finish
        told.tokens = chunk.usage?.total_tokens ?? told.tokens
      }
      expect(told).toEqual({ text: 'Grüezi', finish: 'stop', tokens: 15 })
    } else {
      expect(await openai(scenario).completions.create(asked)).toMatchObject({
        ...{ object: 'text_completion', usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
        choices: [{ index: 0, text: 'Grüezi', finish_reason: 'stop' }],
      })
    }
    const { bookings } = await scenario.expectCall({ outcome: 'ok', wire: 'openai-completions', isStream, costNanoUsd: 70_000 })
    expect(bookings).toMatchObject([{ state: 'settled', nanoUsd: 70_000 }])
  })
})

/** Numbers that a float of 32 bits has exactly. */
const VECTORS = [
  [0.5, -0.25, 3],
  [1, 0, -2],
] as const
const base64 = (vector: readonly number[]) => Buffer.from(new Float32Array(vector).buffer).toString('base64')

/** How a provider answers with these vectors; of OpenAI's wire, in another order than they were asked for. */
const VECTORS_OF: Readonly<Record<string, (isBase64: boolean) => JsonObject>> = {
  'openai-chat': (isBase64) => ({
    ...{ object: 'list', model: 'm', usage: { prompt_tokens: 10, total_tokens: 10 } },
    data: [1, 0].map((index) => {
      const vector = VECTORS[index] ?? []
      return { object: 'embedding', index, embedding: isBase64 ? base64(vector) : [...vector] }
    }),
  }),
  gemini: () => ({ embeddings: VECTORS.map((values) => ({ values: [...values] })), usageMetadata: { promptTokenCount: 10 } }),
}

describe.each(PROVIDERS.filter(({ wire }) => wire in VECTORS_OF).map((provider) => ({ wire: provider.wire, provider })))(
  'vectors of a provider of $wire',
  ({ wire, provider }) => {
    const answer = VECTORS_OF[wire] ?? (() => ({}))
    const dimensionsIn = (request: JsonObject | undefined) =>
      JSON.stringify(request).match(/"(?:dimensions|outputDimensionality)":3/g)?.length ?? 0
    let scenario: Scenario
    beforeAll(async () => {
      scenario = await start(provider)
    })
    afterAll(() => scenario.close())

    test.each(['float', 'base64'] as const)('reach the openai package as %s, each in its place', async (encoding) => {
      const isBase64 = encoding === 'base64'
      scenario.upstream.answer(wholeReply({ body: answer(isBase64 && wire === 'openai-chat') }))
      const asked = { model: 'mini', input: ['a', 'b'], dimensions: 3, encoding_format: encoding }
      const { data } = await openai(scenario).embeddings.create(asked)
      // The package decodes base64 by itself only where nobody asked for it.
      const read = data
        .map(({ index, embedding }) => [index, embedding as unknown])
        .toSorted(([one], [other]) => Number(one) - Number(other))
      expect(read).toEqual(VECTORS.map((vector, index) => [index, isBase64 ? base64(vector) : [...vector]]))
      expect(dimensionsIn(scenario.upstream.requests.at(-1)?.jsonObject())).toBe(wire === 'gemini' ? 2 : 1)
      await scenario.expectCall({ outcome: 'ok', provider: 'fake' })
    })

    test.each([false, true])('reach @google/genai, each in its place; sent as base64: %p', async (isBase64) => {
      scenario.upstream.answer(wholeReply({ body: answer(isBase64) }))
      const { embeddings } = await genai(scenario).embedContent({
        ...{ model: 'mini', contents: ['a', 'b'] },
        config: { outputDimensionality: 3 },
      })
      expect(embeddings?.map(({ values }) => values)).toEqual(VECTORS.map((vector) => [...vector]))
      expect(dimensionsIn(scenario.upstream.requests.at(-1)?.jsonObject())).toBe(wire === 'gemini' ? 2 : 1)
      await scenario.expectCall({ outcome: 'ok', provider: 'fake' })
    })
  },
)

test.each([
  { data: [{ index: 0, embedding: ['a', 0.5] }] },
  { data: [{ index: 0, embedding: null }] },
  { data: [{ index: 0, embedding: 'AAA' }] },
  { data: [] },
  {
    data: [
      { index: 0, embedding: [1] },
      { index: 1, embedding: [1] },
    ],
  },
])('vectors that are none are the provider answering wrongly: %j', async (body) => {
  const provider = PROVIDERS.find(({ wire }) => wire === 'openai-chat')
  if (provider === undefined) throw new Error('There is no provider of chat completions.')
  await using scenario = await start(provider)
  scenario.upstream.answer(wholeReply({ body }))
  const failed = await genai(scenario)
    .embedContent({ model: 'mini', contents: 'a' })
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  expect(failed).toMatchObject({ status: 502 })
  await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_malformed' })
})
