import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'

/** 2 $ and 10 $ a million tokens; priority costs twice as much, flex half. */
const PRICE = { inputPerMillion: 2, outputPerMillion: 10, serviceTiers: { priority: 200, flex: 50 } }

function budget(usd: string, mode: 'hard' | 'strict', wire = 'openai-chat') {
  return (baseUrl: string) => ({
    access: { teams: { support: { budgets: [{ usd, per: 'total', mode }] } } },
    models: {
      providers: { fake: { wire, baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
      models: [{ name: 'mini', provider: 'fake', id: 'some-model', price: PRICE }],
    },
  })
}

/** A chat completion that used a thousand tokens of each kind, in this tier. */
function served(service_tier: string | undefined) {
  const usage = { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 }
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }]
  return wholeReply({ body: { id: 'c', object: 'chat.completion', created: 1, model: 'some-model', choices, usage, service_tier } })
}

/** Of a thousand tokens of each kind, in nano-USD. */
const ORDINARY = 12_000_000
const CALL = { max_tokens: 1000 }

/** What the last call held before it was sent. */
async function holdOf(scenario: Scenario) {
  return (await scenario.events()).findLast((event) => event.type === 'call.started')?.hold
}

/** What the last call held, and what it was charged. */
async function moneyOf(scenario: Scenario) {
  const hold = await holdOf(scenario)
  const { bookings, costNanoUsd } = await scenario.expectCall({ outcome: 'ok' })
  return { held: hold?.nanoUsd ?? 0, tokens: hold?.tokens ?? 0, charged: bookings?.[0]?.nanoUsd, costNanoUsd }
}

/** What so many tokens cost of which a thousand are output. */
const priceOf = (tokens: number) => (tokens - 1000) * 2000 + 1000 * 10_000

describe('a tier of service', () => {
  test.each<['hard' | 'strict', JsonObject, string | undefined, number, number]>([
    ['hard', { service_tier: 'priority' }, 'priority', 2, 2],
    ['strict', { service_tier: 'priority' }, 'priority', 2, 2],
    ['strict', { service_tier: 'priority' }, 'default', 2, 1],
    ['strict', { service_tier: 'flex' }, 'flex', 1, 0.5],
    ['hard', { service_tier: 'auto' }, 'default', 1, 1],
    ['hard', {}, undefined, 1, 1],
    // A project may be set to priority: the request does not tell, and a bound must hold all the same.
    ['strict', { service_tier: 'auto' }, 'priority', 2, 2],
    ['strict', {}, 'priority', 2, 2],
    ['strict', { service_tier: 'default' }, 'default', 1, 1],
  ])(
    'of a %s budget, asked with %o and served as %p: is held at %d times the price, and charged at %d',
    async (mode, asked, told, held, charged) => {
      await using scenario = await startScenario({ config: budget('10', mode) })
      scenario.upstream.answer(served(told))
      expect((await ask(scenario, { body: chat({ ...CALL, ...asked }) })).status).toBe(200)
      const money = await moneyOf(scenario)
      expect(money.held).toBe(held * priceOf(money.tokens))
      expect([money.charged, money.costNanoUsd]).toEqual([charged * ORDINARY, charged * ORDINARY])
      expect(mode === 'hard' || (money.charged ?? 0) <= money.held).toBe(true)
    },
  )

  test('without a known price is refused by a strict budget, by name', async () => {
    await using scenario = await startScenario({ config: budget('10', 'strict') })
    const error = expectError(await ask(scenario, { body: chat({ service_tier: 'scale' }) }), 400, 'budget_unbounded')
    expect(error.message).toContain('the service tier "scale", whose price is not known')
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('halves the output that a strict budget has room for, where it is twice as dear', async () => {
    const boundFor = async (service_tier: string) => {
      await using scenario = await startScenario({ config: budget('0.02', 'strict') })
      scenario.upstream.answer(served(service_tier))
      await ask(scenario, { body: chat({ service_tier, max_tokens: 100_000 }) })
      return [Number(scenario.upstream.requests[0]?.jsonObject().max_tokens), (await holdOf(scenario))?.nanoUsd]
    }
    const [[ordinary = 0, held = 0], [dear = 0, dearlyHeld = 0]] = [await boundFor('default'), await boundFor('priority')]
    expect([ordinary > 1500, dear < ordinary / 2, dear > 500]).toEqual([true, true, true])
    expect(Math.max(held, dearlyHeld)).toBeLessThanOrEqual(20_000_000)
    expect(Math.min(held, dearlyHeld)).toBeGreaterThan(19_900_000)
  })

  const gemini = {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Yes.' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 1000, totalTokenCount: 2000 },
  }
  const headers = { 'x-gemini-service-tier': 'priority' }
  test.each([
    ['whole', 'generateContent', headers, 2],
    ['streamed', 'streamGenerateContent?alt=sse', headers, 2],
    ['whole', 'generateContent', { 'x-gemini-service-tier': 'standard' }, 1],
    ['whole', 'generateContent', { 'x-gemini-service-tier': 'something' }, 1],
    ['whole', 'generateContent', {}, 1],
  ])('of Gemini is read from the header of the reply, %s: %s, %o', async (_how, method, said, times) => {
    await using scenario = await startScenario({ config: budget('10', 'hard', 'gemini') })
    scenario.upstream.answer(
      method === 'generateContent'
        ? wholeReply({ headers: said, body: gemini })
        : streamReply({ headers: said, frames: [`data: ${JSON.stringify(gemini)}\n\n`] }),
    )
    const body = {
      contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }],
      generationConfig: { maxOutputTokens: 1000 },
      serviceTier: 'SERVICE_TIER_PRIORITY',
    }
    expect((await ask(scenario, { path: `/v1beta/models/mini:${method}`, body })).status).toBe(200)
    const money = await moneyOf(scenario)
    expect(money.held).toBe(2 * priceOf(money.tokens))
    expect(money.costNanoUsd).toBe(times * ORDINARY)
  })

  test('of Gemini that nobody asked for is not held by a strict budget: no project chooses one there', async () => {
    await using scenario = await startScenario({ config: budget('10', 'strict', 'gemini') })
    scenario.upstream.answer(wholeReply({ body: gemini }))
    const body = { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }], generationConfig: { maxOutputTokens: 1000 } }
    expect((await ask(scenario, { path: '/v1beta/models/mini:generateContent', body })).status).toBe(200)
    const money = await moneyOf(scenario)
    expect([money.held, money.costNanoUsd]).toEqual([priceOf(money.tokens), ORDINARY])
  })

  test('of Anthropic: the fast speed is held at its price', async () => {
    const config = (baseUrl: string) => {
      const { models, ...rest } = budget('10', 'strict', 'anthropic-messages')(baseUrl)
      const price = { ...PRICE, serviceTiers: { fast: 600 } }
      return { ...rest, models: { ...models, models: [{ name: 'mini', provider: 'fake', id: 'some-model', price }] } }
    }
    await using scenario = await startScenario({ config })
    const usage = { input_tokens: 1000, output_tokens: 1000, speed: 'fast' }
    const message = { id: 'm', type: 'message', role: 'assistant', model: 'some-model', stop_reason: 'end_turn', stop_sequence: null }
    scenario.upstream.answer(wholeReply({ body: { ...message, content: [{ type: 'text', text: 'Yes.' }], usage } }))
    const body = { model: 'mini', max_tokens: 1000, speed: 'fast', messages: [{ role: 'user', content: 'Hello?' }] }
    expect((await ask(scenario, { path: '/v1/messages', body })).status).toBe(200)
    const money = await moneyOf(scenario)
    expect(money.held).toBe(6 * priceOf(money.tokens))
    expect(money.charged).toBe(6 * ORDINARY)
  })
})
