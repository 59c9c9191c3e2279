import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, endedCall } from '../ask.ts'
import { PROVIDERS, type Provider } from './lies.ts'

// What a wire cannot carry is told as the model says (lenient, warn, strict), to callers of every wire.

const MESSAGES = [{ role: 'user', content: 'Hello?' }]
const FIDELITY = ['lenient', 'warn', 'strict'] as const

interface Asked {
  readonly wire: string
  /** The wire of a provider that has no such field. */
  readonly provider: string
  readonly path: (model: string) => string
  readonly body: (model: string) => JsonObject
  /** The field that is lost, by its name in the neutral form. */
  readonly lost: string
}

const ASKED: readonly Asked[] = [
  {
    ...{ wire: 'openai-chat', provider: 'anthropic-messages', path: () => '/v1/chat/completions', lost: 'seed' },
    body: (model) => ({ model, messages: MESSAGES, seed: 7 }),
  },
  {
    ...{ wire: 'openai-responses', provider: 'gemini', path: () => '/v1/responses', lost: 'truncation' },
    body: (model) => ({ model, input: 'Hello?', truncation: 'auto' }),
  },
  {
    ...{ wire: 'anthropic-messages', provider: 'openai-chat', path: () => '/v1/messages', lost: 'top_k' },
    body: (model) => ({ model, max_tokens: 100, messages: MESSAGES, top_k: 5 }),
  },
  {
    ...{ wire: 'gemini', provider: 'openai-responses', path: (model) => `/v1beta/models/${model}:generateContent`, lost: 'top_k' },
    body: () => ({ contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }], generationConfig: { topK: 5 } }),
  },
  {
    ...{ wire: 'openai-completions', provider: 'converse', path: () => '/v1/completions', lost: 'seed' },
    body: (model) => ({ model, prompt: 'Hello?', seed: 7 }),
  },
]

function providerOf(wire: string): Provider {
  const found = PROVIDERS.find((provider) => provider.wire === wire)
  if (found === undefined) throw new Error(`There is no provider of ${wire}.`)
  return found
}

describe.each(ASKED.map((asked) => ({ asked, wire: asked.wire })))('a caller of $wire', ({ asked }) => {
  const { wire, path, id, whole, usage } = providerOf(asked.provider)
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: FIDELITY.map((fidelity) => ({
            name: fidelity,
            provider: 'fake',
            id,
            fidelity,
            price: { inputPerMillion: 2, outputPerMillion: 10 },
          })),
        },
      }),
    })
    scenario.upstream.answer(wholeReply({ body: whole(usage) }))
  })
  afterAll(() => scenario.close())

  test.each(['lenient', 'warn'] as const)('is answered by a model that is %s, and the loss stands in the receipt', async (fidelity) => {
    const reply = await ask(scenario, { path: asked.path(fidelity), body: asked.body(fidelity) })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-signalbox-losses')).toBe(fidelity === 'warn' ? '1' : null)
    await endedCall(scenario, reply.callId)
    const { body } = await scenario.control<{ losses: readonly JsonObject[] }>('GET', `/api/v1/receipts/${reply.callId}`)
    expect(body.losses).toMatchObject([
      { path: expect.stringContaining(asked.lost), action: 'dropped', reason: expect.stringMatching(/.{5}/) },
    ])
  })

  test('is refused by a model that is strict, with the list, and nothing is sent', async () => {
    const before = scenario.upstream.requests.length
    const reply = await ask(scenario, { path: asked.path('strict'), body: asked.body('strict') })
    expect(reply.status).toBe(400)
    expect(JSON.stringify(reply.json.error)).toMatch(new RegExp(`${asked.lost} would be dropped`))
    expect(scenario.upstream.requests).toHaveLength(before)
    expect(await endedCall(scenario, reply.callId)).toMatchObject({ outcome: 'refused', errorCode: 'request_not_carried', attempts: 0 })
  })
})
