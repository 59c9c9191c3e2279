import { describe, expect, test } from 'bun:test'
import type { CallEnded, Event } from '../../src/core/events.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { chatReply, gate, streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, send } from './ask.ts'

function budget(...budgets: readonly object[]) {
  return { config: { access: { teams: { support: { budgets } } } } }
}

/** The first call that ended. */
async function untilEnded(scenario: Scenario): Promise<CallEnded> {
  for (;;) {
    const ended = (await scenario.events()).find((event: Event): event is CallEnded => event.type === 'call.ended')
    if (ended !== undefined) return ended
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const BODY = chat({ max_tokens: 50 })
/** 2 $ and 10 $ a million: a token for each byte of the body, and 50 of output. */
const estimateOf = (body: object) => JSON.stringify(body).length * 2000 + 50 * 10_000

const NO_COUNTS: readonly (readonly [string, Json | undefined, Json | undefined])[] = [
  ['missing', undefined, undefined],
  ['half missing', 10, undefined],
  ['negative', -10, 5],
  ['negative where it is output', 10, -5],
  ['a fraction', 10.5, 5],
  ['text', '10', '5'],
  ['nothing', null, null],
  ['more than any call can use', 10, 1e12],
  ['past what a number holds', 1e300, 5],
]

describe('usage that makes no sense is charged as the estimate, in every wire', () => {
  const chatUsage = (input: Json | undefined, output: Json | undefined) => ({ usage: { prompt_tokens: input, completion_tokens: output } })
  const whole: Readonly<Record<string, (usage: object) => object>> = {
    'openai-chat': (usage) => ({
      ...{ id: 'c', object: 'chat.completion', created: 1, model: 'mini' },
      ...{ choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }] },
      ...usage,
    }),
    'anthropic-messages': (usage) => ({
      ...{ id: 'm', type: 'message', role: 'assistant', model: 'mini', stop_reason: 'end_turn', stop_sequence: null },
      ...{ content: [{ type: 'text', text: 'Yes.' }], ...usage },
    }),
    gemini: (usage) => ({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Yes.' }] }, finishReason: 'STOP', index: 0 }],
      ...usage,
    }),
  }
  const asked: Readonly<Record<string, readonly [string, JsonObject]>> = {
    'openai-chat': ['/v1/chat/completions', BODY],
    'anthropic-messages': ['/v1/messages', BODY],
    gemini: [
      '/v1beta/models/mini:generateContent',
      { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }], generationConfig: { maxOutputTokens: 50 } },
    ],
  }
  const said: Readonly<Record<string, (input: Json | undefined, output: Json | undefined) => object>> = {
    'openai-chat': chatUsage,
    'anthropic-messages': (input, output) => ({ usage: { input_tokens: input, output_tokens: output } }),
    gemini: (input, output) => ({ usageMetadata: { promptTokenCount: input, candidatesTokenCount: output } }),
  }
  const rows = Object.keys(whole).flatMap((wire) => NO_COUNTS.map(([what, input, output]) => [wire, what, input, output] as const))

  test.each(rows)('%s: %s', async (wire, _what, input, output) => {
    const [path = '', body = {}] = asked[wire] ?? []
    const price = { inputPerMillion: 2, outputPerMillion: 10 }
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        ...budget({ usd: 1, per: 'total' }).config,
        models: { providers: { fake: { wire, baseUrl } }, models: [{ name: 'mini', provider: 'fake', id: 'mini', price }] },
      }),
    })
    scenario.upstream.answer(wholeReply({ body: whole[wire]?.(said[wire]?.(input, output) ?? {}) ?? {} }))
    expect((await ask(scenario, { path, body })).status).toBe(200)
    const cost = estimateOf(body)
    const { bookings } = await scenario.expectCall({ outcome: 'ok', costNanoUsd: cost, isEstimate: true })
    expect(bookings).toMatchObject([{ state: 'settled', nanoUsd: cost, isEstimate: true, balances: [{ settled: cost, held: 0 }] }])
  })

  test.each(NO_COUNTS)('a stream: %s', async (_what, input, output) => {
    await using scenario = await startScenario(budget({ usd: 1, per: 'total' }))
    const chunk = (fields: object) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'mini', ...fields })}\n\n`
    const choice = { index: 0, delta: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }
    const frames = [chunk({ choices: [choice] }), chunk({ choices: [], ...chatUsage(input, output) }), 'data: [DONE]\n\n']
    scenario.upstream.answer(streamReply({ frames }))
    const body = { ...BODY, stream: true }
    await ask(scenario, { body })
    const ended = await untilEnded(scenario)
    expect(ended).toMatchObject({ outcome: 'ok', isEstimate: true, bookings: [{ state: 'settled', isEstimate: true }] })
    expect(ended.costNanoUsd).toBe(estimateOf(body))
  })
})

test.each([
  ['with a budget', [{ usd: 1, per: 'total' }]],
  ['without one', []],
])('usage that is told in two parts is whole once it is: %s', async (_what, budgets) => {
  const price = { inputPerMillion: 2, outputPerMillion: 10 }
  await using scenario = await startScenario({
    config: (baseUrl) => ({
      ...budget(...budgets).config,
      models: { providers: { fake: { wire: 'gemini', baseUrl } }, models: [{ name: 'mini', provider: 'fake', id: 'mini', price }] },
    }),
  })
  const frame = (text: string, usageMetadata: object, more = {}) =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }], usageMetadata })}\n\n`
  const first = frame('Yes', { promptTokenCount: 100, totalTokenCount: 100 })
  const last = frame('.', { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120 }, { finishReason: 'STOP' })
  scenario.upstream.answer(streamReply({ frames: [first, last] }))
  const body = { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }], generationConfig: { maxOutputTokens: 50 } }
  await ask(scenario, { path: '/v1beta/models/mini:streamGenerateContent?alt=sse', body })
  const ended = await untilEnded(scenario)
  expect(ended.costNanoUsd).toBe(100 * 2000 + 20 * 10_000)
  expect([ended.isUnpriced, ended.isEstimate]).toEqual([undefined, undefined])
})

describe('a budget of nothing', () => {
  test.each([
    [{ usd: 0, per: 'day' }, 402, 'its limit is $0 per day (hard), $0 settled'],
    [{ usd: 0, per: 'total', mode: 'strict' }, 402, 'its limit is $0 in total (strict)'],
    [{ tokens: 0, per: 'hour' }, 402, 'its limit is 0 tokens per hour (hard), 0 tokens settled'],
    [{ calls: 0, per: 'week', window: 'rolling' }, 402, 'its limit is 0 calls in any week (hard), 0 calls settled'],
  ])('%o refuses every call, and says why', async (each, status, words) => {
    await using scenario = await startScenario(budget(each))
    const error = expectError(await ask(scenario, { body: BODY }), status, 'budget_exceeded')
    expect(error.message).toContain('The budget of team:support has no room')
    expect(error.message).toContain(words)
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('that is soft lets all through', async () => {
    await using scenario = await startScenario(budget({ usd: 0, per: 'day', mode: 'soft' }))
    scenario.upstream.answer(chatReply({ content: 'Yes.', usage: { inputTokens: 10, outputTokens: 5 } }))
    expect((await ask(scenario, { body: BODY })).status).toBe(200)
  })
})

test('a period that is changed while a call runs: what it held goes back to the budget that it was held of, and to no other', async () => {
  await using scenario = await startScenario(budget({ usd: 1, per: 'month' }))
  const open = gate()
  const answer = chatReply({ content: 'Yes.', usage: { inputTokens: 100, outputTokens: 50 } })
  scenario.upstream.answer((request) => [open.step, ...answer(request)])
  const running = send(scenario, { body: BODY })
  while (scenario.upstream.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect((await scenario.reconfigure(budget({ usd: 1, per: 'week' }).config)).status).toBe(200)
  open.open()
  expect((await running).status).toBe(200)
  const { bookings } = await untilEnded(scenario)
  expect(bookings).toMatchObject([{ nanoUsd: 700_000, balances: [{ id: 'usd month team:support', settled: 700_000, held: 0 }] }])
  const shown = () => scenario.control('GET', '/api/v1/budgets')
  expect((await shown()).body).toMatchObject({ budgets: [{ per: 'per week', settled: '0', held: '0' }] })
  await scenario.reconfigure(budget({ usd: 1, per: 'month' }).config)
  expect((await shown()).body).toMatchObject({ budgets: [{ per: 'per month', settled: '0.0007', held: '0' }] })
})

describe('amounts and times that make no sense keep the file that was good', () => {
  const model = (price: object) => ({ providers: { fake: {} }, models: [{ name: 'mini', provider: 'fake', price }] })
  test.each<[string, object, string]>([
    ['a negative price', { models: model({ inputPerMillion: -1, outputPerMillion: 1 }) }, 'inputPerMillion: -1 is not an amount'],
    ['a price that overflows', { models: model({ inputPerMillion: 1e300, outputPerMillion: 1 }) }, 'is too much'],
    ['a price finer than a nano-dollar', { models: model({ inputPerMillion: '0.0000000001', outputPerMillion: 1 }) }, 'is not an amount'],
    [
      'a budget of more than can be counted',
      { access: { budgets: [{ usd: 10_000_000, per: 'total' }] } },
      'usd: 10000000 is too much; amounts are counted in billionths of a dollar, up to 9007199.254740991',
    ],
    ['a zone that nobody knows', { money: { zone: 'Mars/Phobos' } }, 'money.zone: "Mars/Phobos" is not a time zone'],
    ['a time to drain that is none', { money: { drainFor: '-1s' } }, 'money.drainFor: "-1s" is not a duration'],
    ['no values of labels', { money: { labelValues: 0 } }, 'money.labelValues: 0 is too little; the least is 1'],
    ['an unknown mode', { access: { budgets: [{ usd: 1, per: 'day', mode: 'mild' }] } }, 'access.budgets[0].mode: "mild" is not one of'],
  ])('%s', async (_what, sections, words) => {
    await using scenario = await startScenario(budget({ usd: 1, per: 'month' }))
    const { body, status } = await scenario.reconfigure({ ...budget({ usd: 2, per: 'month' }).config, ...sections })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(JSON.stringify(body).replaceAll('\\"', '"')).toContain(words)
    expect((await scenario.control('GET', '/api/v1/budgets')).body).toMatchObject({ budgets: [{ limit: '1' }] })
  })
})
