import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { CallEnded, Event } from '../../src/core/events.ts'
import { chatAnswer, chatReply, chatStream, errorReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { streamReply } from '../../src/testing/upstream-replies.ts'
import { gate } from '../../src/testing/upstream-steps.ts'
import { ask, chat, expectError, send } from './ask.ts'

const BUDGET = { usd: 1, per: 'total' }

function withBudget(budget: object = BUDGET, more: ScenarioConfig = {}): { readonly config: ScenarioConfig } {
  return { config: { access: { teams: { support: { budgets: [budget] } } }, ...more } }
}

/** 2 $ and 10 $ a million: a token for each byte of the body, and so many of output. */
function estimateOf(body: object, outputTokens: number): number {
  return JSON.stringify(body).length * 2000 + outputTokens * 10_000
}

const BODY = chat({ max_tokens: 50 })
const ESTIMATE = estimateOf(BODY, 50)

describe('an attempt that', () => {
  test('the provider refuses costs nothing', async () => {
    await using scenario = await startScenario(withBudget())
    scenario.upstream.answer(errorReply({ status: 400, message: 'No.' }))
    await ask(scenario, { body: BODY })
    const ended = await scenario.expectCall({ outcome: 'broken', costNanoUsd: undefined })
    expect(ended.bookings).toMatchObject([{ state: 'released', nanoUsd: 0, balances: [{ settled: 0, held: 0 }] }])
  })

  test('ends well without usage, or with an absurd one, is charged its estimate', async () => {
    await using scenario = await startScenario(withBudget())
    for (const script of [{ content: 'Yes.' }, { content: 'Yes.', usage: { inputTokens: 10, outputTokens: 2_000_000_000 } }]) {
      scenario.upstream.answer(chatReply(script))
      expect((await ask(scenario, { body: BODY })).headers.get('x-signalbox-cost-usd')).not.toBeNull()
      const ended = await scenario.expectCall({ outcome: 'ok', costNanoUsd: ESTIMATE, isEstimate: true })
      expect(ended.bookings).toMatchObject([{ state: 'settled', nanoUsd: ESTIMATE, isEstimate: true }])
    }
  })

  test('gets no content in time is charged its estimate', async () => {
    const timeouts = { timeouts: { firstToken: '50ms' } }
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        ...withBudget().config,
        models: {
          providers: { fake: { wire: 'openai-chat', baseUrl, ...timeouts } },
          models: [{ name: 'mini', provider: 'fake', price: { inputPerMillion: 2, outputPerMillion: 10 }, retries: { max: 0 } }],
        },
      }),
    })
    scenario.upstream.answer(() => [{ type: 'stall' }])
    const body = chat({ max_tokens: 50, stream: true })
    await ask(scenario, { body })
    const events = await untilEnded(scenario)
    const [ended] = events.filter((event): event is CallEnded => event.type === 'call.ended')
    expect(ended?.bookings?.[0]).toMatchObject({ state: 'settled', nanoUsd: estimateOf(body, 50), isEstimate: true })
    expect(ended?.costNanoUsd).toBe((ended?.bookings?.length ?? 0) * estimateOf(body, 50))
  })

  test('its client leaves is charged for what was seen of it', async () => {
    await using scenario = await startScenario(withBudget())
    const door = gate()
    const pieces = ['one', 'two', 'three', 'four']
    scenario.upstream.answer(
      chatStream({ pieces, before: { 3: door.step }, usageWhen: 'always', usage: { inputTokens: 10, outputTokens: 4 } }),
    )
    const body = chat({ max_tokens: 20_000, stream: true })
    await leaveAfterFirst(scenario, body)
    const ended = await scenario.expectCall({ outcome: 'cancelled', isEstimate: true })
    const cost = ended.costNanoUsd ?? 0
    // All of the input, what was seen, and what the provider may write within a second: less than all that was held.
    expect(cost).toBeGreaterThan(estimateOf(body, 100))
    expect(cost).toBeLessThan(estimateOf(body, 20_000))
    door.open()
  })

  test('broke off after its provider had said the input alone is not charged as if that were all', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        ...withBudget().config,
        models: {
          providers: { fake: { wire: 'anthropic-messages', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
        },
      }),
    })
    const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
    const usage = { input_tokens: 40, output_tokens: 1 }
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [],
      model: 'mini',
      stop_reason: null,
      stop_sequence: null,
      usage,
    }
    const delta = (text: string) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
    const frames = [
      event('message_start', { message }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      ...['some', 'words', 'more'].map(delta),
    ]
    scenario.upstream.answer(streamReply({ frames, pauseMs: 15, cut: { afterFrames: 5, by: 'close' } }))
    await ask(scenario, { path: '/v1/messages', body: { ...BODY, max_tokens: 20_000, stream: true } })
    const { bookings, costNanoUsd = 0 } = await scenario.expectCall({ outcome: 'broken', isEstimate: true })
    expect(bookings).toMatchObject([{ state: 'settled', isEstimate: true, nanoUsd: costNanoUsd }])
    // The input as it was said, and more of output than the one token of the beginning.
    expect(costNanoUsd).toBeGreaterThan(40 * 2000 + 100 * 10_000)
    expect(costNanoUsd).toBeLessThan(40 * 2000 + 20_000 * 10_000)
  })

  test('its client leaves is read to its end where the configuration says so', async () => {
    await using scenario = await startScenario(withBudget(BUDGET, { money: { onClientLeave: 'drain', drainFor: '5s' } }))
    const door = gate()
    scenario.upstream.answer(
      chatStream({
        pieces: ['one', 'two', 'three'],
        before: { 3: door.step },
        usageWhen: 'always',
        usage: { inputTokens: 10, outputTokens: 4 },
      }),
    )
    await leaveAfterFirst(scenario, chat({ max_tokens: 50, stream: true }))
    await scenario.expectCall({ outcome: 'cancelled', costNanoUsd: undefined, bookings: undefined })
    door.open()
    const [booked] = await scenario.expectEvents([
      {
        type: 'attempt.booked',
        costNanoUsd: 60_000,
        usage: { inputTokens: 10, outputTokens: 4 },
        provider: 'fake',
        outcome: 'cancelled',
        priceVersion: 'configuration',
        booking: { state: 'settled', nanoUsd: 60_000, tokens: 14 },
      },
    ])
    expect(booked).not.toHaveProperty('isEstimate')
    const callId = booked?.type === 'attempt.booked' ? booked.callId : ''
    expect((await scenario.control('GET', `/api/v1/receipts/${callId}`)).body).toMatchObject({
      outcome: 'cancelled',
      usage: { inputTokens: 10, outputTokens: 4 },
      bookings: [{ attempt: `${callId}.1`, state: 'settled', chargedUsd: '0.00006' }],
      totalUsd: '0.00006',
    })
    expect((await scenario.control('GET', '/api/v1/spend?by=team')).body).toMatchObject([
      { calls: 1, outputTokens: 4, costNanoUsd: '60000' },
    ])
  })

  test('follows another has a hold of its own, on disk before it is sent', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        ...withBudget().config,
        models: {
          providers: { fake: { wire: 'openai-chat', baseUrl } },
          models: [
            { name: 'mini', provider: 'fake', price: { inputPerMillion: 2, outputPerMillion: 10 }, retries: { max: 2, base: '1ms' } },
          ],
        },
      }),
    })
    const good = chatReply({ content: 'Yes.', usage: { inputTokens: 10, outputTokens: 4 } })
    scenario.upstream.answer((request) => (scenario.upstream.requests.length === 1 ? errorReply({ status: 500 }) : good)(request))
    expect((await ask(scenario, { body: BODY })).status).toBe(200)
    const [, held, ended] = await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'attempt.held' },
      { type: 'call.ended', outcome: 'ok', costNanoUsd: 60_000 },
    ])
    if (held?.type !== 'attempt.held' || ended?.type !== 'call.ended') throw new Error('These were just asserted.')
    expect(held.hold.attempt).toBe(`${held.callId}.2`)
    expect(ended.bookings).toMatchObject([
      { attempt: `${held.callId}.1`, state: 'released' },
      { attempt: `${held.callId}.2`, state: 'settled', nanoUsd: 60_000 },
    ])
  })
})

describe('a model without a price', () => {
  const unpriced = (budget: object) => ({
    config: (baseUrl: string): ScenarioConfig => ({
      ...withBudget(budget).config,
      models: { providers: { fake: { wire: 'openai-chat', baseUrl } }, models: [{ name: 'mini', provider: 'fake', id: 'no-such' }] },
    }),
  })

  test('is refused by a budget in dollars', async () => {
    await using scenario = await startScenario(unpriced(BUDGET))
    expect(expectError(await ask(scenario), 403, 'model_unpriced').message).toContain('unpriced: allow')
  })

  test('is counted apart where the budget allows it, and never as free', async () => {
    await using scenario = await startScenario(unpriced({ ...BUDGET, unpriced: 'allow' }))
    expect((await ask(scenario)).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', isUnpriced: true, costNanoUsd: undefined })
    expect((await scenario.control('GET', '/api/v1/budgets')).body).toMatchObject({ budgets: [{ settled: '0', unpricedCalls: 1 }] })
  })
})

test('a soft budget lets everything through, and tells of each threshold once, by event and signed webhook', async () => {
  const told: { readonly body: string; readonly signature: string }[] = []
  using webhook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      told.push({ body: await request.text(), signature: request.headers.get('x-signalbox-signature') ?? '' })
      return new Response(null, { status: 204 })
    },
  })
  const money = { webhook: { url: `http://127.0.0.1:${webhook.port}/hook`, secret: 'env:FAKE_PROVIDER_KEY' } }
  await using scenario = await startScenario(withBudget({ usd: '0.001', per: 'day', mode: 'soft', alertAt: [50, 100] }, { money }))
  scenario.upstream.answer(chatAnswer({ content: 'Yes.', usage: { inputTokens: 100, outputTokens: 20 } }))
  for (let count = 0; count < 5; count++) expect((await ask(scenario, { body: BODY })).status).toBe(200)
  const alerts = (await untilEnded(scenario, 5)).filter((event) => event.type === 'budget.alerted')
  expect(alerts).toMatchObject([
    { balance: 'usd day team:support', mode: 'soft', percent: 50, settled: 800_000, limit: 1_000_000 },
    { percent: 100, settled: 1_200_000 },
  ])
  for (let look = 0; told.length < 2 && look < 2000; look++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(told.map(({ body }) => JSON.parse(body))).toMatchObject([
    { type: 'budget.alerted', account: 'team:support', unit: 'usd', percent: 50, limit: '0.001', settled: '0.0008' },
    { percent: 100, settled: '0.0012' },
  ])
  for (const { body, signature } of told) {
    const [, seconds] = /^t=(\d+),v1=/.exec(signature) ?? []
    expect(signature).toBe(`t=${seconds},v1=${createHmac('sha256', FAKE_PROVIDER_KEY).update(`${seconds}.${body}`).digest('hex')}`)
  }
})

test('a changed limit holds at once, for what was spent too; a changed period is another budget', async () => {
  await using scenario = await startScenario(withBudget({ usd: 1, per: 'month' }))
  scenario.upstream.answer(chatReply({ content: 'Yes.', usage: { inputTokens: 100, outputTokens: 50 } }))
  expect((await ask(scenario, { body: BODY })).status).toBe(200)
  expect((await scenario.reconfigure(withBudget({ usd: '0.0005', per: 'month' }).config)).status).toBe(200)
  const refused = expectError(await ask(scenario, { body: BODY }), 402, 'budget_exceeded')
  expect(refused.message).toContain('its limit is $0.0005 per month (hard), $0.0007 settled')
  expect((await scenario.control('GET', '/api/v1/budgets')).body).toMatchObject({ budgets: [{ left: '0', over: '0.0002', percent: 140 }] })
  await scenario.reconfigure(withBudget({ usd: '0.002', per: 'week' }).config)
  expect((await ask(scenario, { body: BODY })).status).toBe(200)
  // And the first one is still known, should it come back.
  await scenario.reconfigure(withBudget({ usd: '0.0005', per: 'month' }).config)
  expectError(await ask(scenario, { body: BODY }), 402, 'budget_exceeded')
})

test('each value of a label may have a budget, and the tightest of several is named', async () => {
  const access = {
    teams: { support: { budgets: [{ usd: 1, per: 'day' }] } },
    accounts: [{ of: 'each label:end_user', budgets: [{ calls: 1, per: 'total' }] }],
  }
  await using scenario = await startScenario({ config: { access } })
  const as = (user: string) => ask(scenario, { body: BODY, headers: { 'x-signalbox-labels': `end_user=${user}` } })
  expect((await as('ada')).status).toBe(200)
  expect((await as('bob')).status).toBe(200)
  const refused = expectError(await as('ada'), 402, 'budget_exceeded')
  expect(refused.message).toContain('The budget of label:end_user=ada has no room')
  expect(refused.message).toContain('It does not reset')
})

test('a key cannot leave its own label for another to dodge a budget', async () => {
  const access = { teams: { support: {} }, accounts: [{ of: 'label:feature=search', budgets: [{ calls: 1, per: 'day' }] }] }
  await using scenario = await startScenario({ config: { access } })
  const { key } = await scenario.newKey({ labels: { feature: 'search' } })
  const headers = { 'x-signalbox-labels': 'feature=other' }
  expect((await ask(scenario, { key, headers })).status).toBe(200)
  expect((await ask(scenario, { key, headers })).status).toBe(402)
})

/** Reads the first piece of a stream, and leaves. */
async function leaveAfterFirst(scenario: Scenario, body: object): Promise<void> {
  const leaving = new AbortController()
  const response = await send(scenario, { body, signal: leaving.signal })
  const reader = response.body?.getReader()
  await reader?.read()
  leaving.abort()
}

/** All events, once so many calls have ended. */
async function untilEnded(scenario: Scenario, calls = 1): Promise<readonly Event[]> {
  for (;;) {
    const events = await scenario.events()
    if (events.filter(({ type }) => type === 'call.ended').length >= calls) return events
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
