import { describe, expect, test } from 'bun:test'
import type { Event } from '../../src/core/events.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { chatAnswer, chatStream } from '../../src/testing/chat-replies.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, expectErrorFrame } from './ask.ts'

/** 2 $ and 10 $ a million tokens. */
function strict(usd: string, more: ScenarioConfig = {}): { readonly config: ScenarioConfig } {
  return { config: { access: { teams: { support: { budgets: [{ usd, per: 'total', mode: 'strict' }] } } }, ...more } }
}

/** What the provider was asked for last. */
function lastAsked(scenario: Scenario): JsonObject {
  const last = scenario.upstream.requests.at(-1)
  if (last === undefined) throw new Error('Nothing was asked.')
  return last.jsonObject()
}

/** All events, once so many calls have ended. */
async function endedEvents(scenario: Scenario, calls: number): Promise<readonly Event[]> {
  for (;;) {
    const events = await scenario.events()
    if (events.filter(({ type }) => type === 'call.ended').length >= calls) return events
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a strict budget', () => {
  test('bounds the output by what is left, and tells the provider', async () => {
    await using scenario = await startScenario(strict('0.01'))
    scenario.upstream.answer(chatAnswer({ content: 'Yes.', usage: { inputTokens: 10, outputTokens: 5 } }))
    expect((await ask(scenario)).status).toBe(200)
    const { callId, bookings } = await scenario.expectCall({ outcome: 'ok', costNanoUsd: 70_000 })
    expect(bookings?.[0]).toMatchObject({ state: 'settled', nanoUsd: 70_000 })
    const [started] = (await scenario.events()).filter((event) => event.type === 'call.started' && event.callId === callId)
    const body = chat()
    // The input: a token for each byte, and 1,024 for what the provider puts around it.
    const inputTokens = JSON.stringify(body).length + 1024
    const outputTokens = Math.floor((10_000_000 - inputTokens * 2000) / 10_000)
    expect(lastAsked(scenario).max_tokens).toBe(outputTokens)
    expect(started).toMatchObject({ hold: { nanoUsd: inputTokens * 2000 + outputTokens * 10_000, tokens: inputTokens + outputTokens } })
  })

  test("keeps the caller's own bound where there is enough, and lowers it where there is not", async () => {
    await using scenario = await startScenario(strict('0.01'))
    await ask(scenario, { body: chat({ max_completion_tokens: 7 }) })
    expect(lastAsked(scenario)).toMatchObject({ max_completion_tokens: 7 })
    await ask(scenario, { body: chat({ max_tokens: 100_000, n: 2 }) })
    const { max_tokens: bound } = lastAsked(scenario)
    expect(bound).toBeGreaterThan(100)
    expect(bound).toBeLessThan(400)
  })

  test('cuts a stream that goes past its bound, and says so', async () => {
    await using scenario = await startScenario(strict('0.01'))
    scenario.upstream.answer(chatStream({ pieces: Array.from({ length: 200 }, (_, index) => `word${index} `), usageWhen: 'never' }))
    const reply = await ask(scenario, { body: chat({ stream: true, max_tokens: 20 }) })
    const error = expectErrorFrame(reply, 'budget_exceeded')
    expect(error.message).toContain('usd total team:support')
    expect(reply.frames.length).toBeLessThan(45)
    const { bookings, costNanoUsd } = await scenario.expectCall({ outcome: 'refused', errorCode: 'budget_exceeded', isEstimate: true })
    // Nobody said what it cost: all that was held is charged.
    expect(bookings).toMatchObject([{ state: 'settled', isEstimate: true, nanoUsd: costNanoUsd }])
  })

  test('is not exceeded by many calls at a time', async () => {
    await using scenario = await startScenario(strict('0.02'))
    scenario.upstream.answer((request) => {
      const { max_tokens: bound } = request.jsonObject()
      return chatAnswer({ content: 'Yes.', usage: { inputTokens: 900, outputTokens: Number(bound) } })(request)
    })
    const replies = await Promise.all(
      Array.from({ length: 64 }, (_, index) => ask(scenario, { body: chat({ max_tokens: 50, stream: index % 2 === 0 }) })),
    )
    const good = replies.filter(({ status }) => status === 200).length
    expect(good).toBeGreaterThan(3)
    expect(replies.filter(({ status }) => status === 402)).toHaveLength(64 - good)
    const events = await endedEvents(scenario, 64)
    const cost = events.reduce((sum, event) => sum + (event.type === 'call.ended' ? (event.costNanoUsd ?? 0) : 0), 0)
    expect(cost).toBe(good * (900 * 2000 + 50 * 10_000))
    expect(cost).toBeLessThanOrEqual(20_000_000)
  })

  test('reads the larger of two bounds, and lowers both', async () => {
    await using scenario = await startScenario(strict('0.01'))
    await ask(scenario, { body: chat({ max_tokens: 1, max_completion_tokens: 100_000 }) })
    const { max_tokens: one, max_completion_tokens: other } = lastAsked(scenario)
    expect(one).toBe(other ?? null)
    expect(other).toBeLessThan(800)
  })

  test('takes a bound below 0 for none, and sends its own', async () => {
    await using scenario = await startScenario(strict('0.01'))
    await ask(scenario, { body: chat({ max_tokens: 5, max_completion_tokens: -1 }) })
    const { max_tokens: one, max_completion_tokens: other } = lastAsked(scenario)
    expect(one).toBe(other ?? null)
    expect(other).toBeGreaterThan(0)
  })

  test.each<[string, JsonObject]>([
    ['n', { n: '200', max_tokens: 10 }],
    ['n', { n: 1.5, max_tokens: 10 }],
    ['n', { n: -1, max_tokens: 10 }],
    ['n', { n: true, max_tokens: 10 }],
    ['max_tokens', { max_tokens: '90000' }],
    ['max_tokens', { max_tokens: 0.5 }],
    ['max_completion_tokens', { max_tokens: 5, max_completion_tokens: [9] }],
  ])('is not passed by a field that is no number: %s of %j', async (param, fields) => {
    await using scenario = await startScenario(strict('10'))
    const error = expectError(await ask(scenario, { body: chat(fields) }), 400, 'invalid_request')
    expect(error.param).toBe(param)
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('says that there is no room, and not that there is no price, for more than can be counted', async () => {
    await using scenario = await startScenario(strict('10'))
    const error = expectError(await ask(scenario, { body: chat({ n: 2_000_000_000, max_tokens: 1000 }) }), 402, 'budget_exceeded')
    expect(error.message).toContain('team:support')
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] }
  test.each<[string, JsonObject, string]>([
    ['a remote image', { messages: [image] }, 'image_url'],
    [
      'a file at the provider',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
      'a part of type "file"',
    ],
    [
      'a sound',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }] }] },
      'input_audio',
    ],
    ['a tool of the provider', { tools: [{ type: 'web_search' }] }, 'a tool that the provider runs itself'],
    ['a search of the provider', { web_search_options: {} }, 'web_search_options'],
    ['plugins of the provider', { plugins: [{ id: 'web' }] }, 'plugins'],
    ['a prediction', { prediction: { type: 'content', content: 'x' } }, 'a prediction'],
    ['audio as output', { audio: { voice: 'alloy', format: 'mp3' } }, 'audio as output'],
  ])('refuses %s by name', async (_what, fields, words) => {
    await using scenario = await startScenario(strict('10'))
    const error = expectError(await ask(scenario, { body: chat(fields) }), 400, 'budget_unbounded')
    expect(error.message).toContain(words)
    expect(error.message).toContain('team:support')
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('refuses a model without a price, whatever is left', async () => {
    const unpriced = (baseUrl: string): ScenarioConfig => ({
      access: { teams: { support: { budgets: [{ usd: 10, per: 'total', mode: 'strict' }] } } },
      models: { providers: { fake: { wire: 'openai-chat', baseUrl } }, models: [{ name: 'mini', provider: 'fake', id: 'no-such' }] },
    })
    await using scenario = await startScenario({ config: unpriced })
    const error = expectError(await ask(scenario), 403, 'model_unpriced')
    expect(error.message).toContain('"mini" is not known')
    expect(error.message).not.toContain('unpriced: allow')
  })

  test('counts what a tokenizer may make of a text: the longest form of each character', async () => {
    await using scenario = await startScenario(strict('10'))
    for (const content of ['\uFDFA'.repeat(100), 'x'.repeat(300)]) {
      await ask(scenario, { body: chat({ messages: [{ role: 'user', content }], max_tokens: 1 }) })
    }
    const holds = (await scenario.events()).flatMap((event) =>
      event.type === 'call.started' && event.hold !== undefined ? [event.hold.tokens] : [],
    )
    // 3 bytes each, which become 33 in the normal form of compatibility.
    expect((holds[0] ?? 0) - (holds[1] ?? 0)).toBe(3000)
  })
})
