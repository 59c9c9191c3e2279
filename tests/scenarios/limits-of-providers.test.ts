import { describe, expect, test } from 'bun:test'
import { chatAnswer } from '../../src/testing/chat-replies.ts'
import { errorReply } from '../../src/testing/upstream-replies.ts'
import { ask, chat, expectError } from './ask.ts'
import { startRouted } from './routed.ts'

// The route `smart` goes to the models `first` and `second`, each at a provider of its name.

function withLimits(...limits: readonly object[]): object {
  return { access: { teams: { support: { limits } } } }
}

const SMART = { body: chat({ model: 'smart' }) }

describe('a limit on a provider', () => {
  test('counts what goes to it by whichever name, and lets a route go on to the next target', async () => {
    await using routed = await startRouted({ more: withLimits({ requests: 2, per: 'hour', providers: ['first'] }) })
    const { scenario } = routed
    expect((await ask(scenario, { body: chat({ model: 'first' }) })).headers.get('x-ratelimit-remaining-requests')).toBe('1')
    expect((await ask(scenario, SMART)).headers.get('x-signalbox-provider')).toBe('first')
    const third = await ask(scenario, SMART)
    expect([third.status, third.headers.get('x-signalbox-provider')]).toEqual([200, 'second'])
    const receipt = await scenario.control<{ attemptLog: object[] }>(
      'GET',
      `/api/v1/receipts/${third.headers.get('x-signalbox-request-id')}`,
    )
    expect(receipt.body.attemptLog).toMatchObject([
      { provider: 'first', outcome: 'refused', error: { code: 'rate_limited' } },
      { provider: 'second' },
    ])
    const named = await ask(scenario, { body: chat({ model: 'first' }) })
    const { message } = expectError(named, 429, 'rate_limited')
    expect(message).toContain('The limit of team:support for providers=first is reached: 2 requests in any hour, and 2 are used.')
    expect(Number(named.headers.get('retry-after'))).toBeGreaterThan(3500)
    expect(named.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect(routed.at('first').requests).toHaveLength(2)
    expect((await ask(scenario, { body: chat({ model: 'second' }) })).status).toBe(200)
  })

  test('counts every attempt, also one that fails', async () => {
    await using routed = await startRouted({ more: withLimits({ requests: 1, per: 'hour', providers: ['first'] }) })
    routed.at('first').answer(errorReply({ status: 500 }))
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-provider')).toBe('second')
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-provider')).toBe('second')
    expect(routed.at('first').requests).toHaveLength(1)
  })

  test('on tokens counts what its own attempts used', async () => {
    await using routed = await startRouted({ more: withLimits({ tokens: 1940, per: 'hour', providers: ['first'] }) })
    for (const name of ['first', 'second']) {
      routed.at(name).answer(chatAnswer({ content: 'Yes.', usage: { inputTokens: 900, outputTokens: 1000 } }))
    }
    const small = (model: string, stream: boolean) => ask(routed.scenario, { body: chat({ model, stream, max_tokens: 50 }) })
    expect((await small('second', true)).status).toBe(200)
    expect((await small('smart', true)).headers.get('x-signalbox-provider')).toBe('first')
    expectError(await small('first', false), 429, 'rate_limited')
  })

  test('lets an attempt wait for its turn where it says so', async () => {
    await using routed = await startRouted({ more: withLimits({ requests: 1, per: 'second', providers: ['first'], wait: '5s' }) })
    const replies = await Promise.all([1, 2].map(() => ask(routed.scenario, SMART)))
    expect(replies.map(({ headers }) => headers.get('x-signalbox-provider'))).toEqual(['first', 'first'])
  })
})

describe('a limit on a model', () => {
  test('counts it also where a route chose it', async () => {
    await using routed = await startRouted({ more: withLimits({ requests: 1, per: 'hour', models: ['first'] }) })
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-provider')).toBe('first')
    expectError(await ask(routed.scenario, { body: chat({ model: 'first' }) }), 429, 'rate_limited')
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-provider')).toBe('second')
  })

  test('that names a route counts the calls of it, once each', async () => {
    await using routed = await startRouted({ more: withLimits({ requests: 1, per: 'hour', models: ['smart'] }) })
    routed.at('first').answer(errorReply({ status: 500 }))
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-attempts')).toBe('2')
    expectError(await ask(routed.scenario, SMART), 429, 'rate_limited')
    expect((await ask(routed.scenario, { body: chat({ model: 'second' }) })).status).toBe(200)
  })
})

describe('a budget of some providers or models', () => {
  test('lets a route go on to the next target when it is spent', async () => {
    const budget = { calls: 1, per: 'day', providers: ['first'] }
    await using routed = await startRouted({ more: { access: { teams: { support: { budgets: [budget] } } } } })
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-provider')).toBe('first')
    expect((await ask(routed.scenario, SMART)).headers.get('x-signalbox-provider')).toBe('second')
    const refused = await ask(routed.scenario, { body: chat({ model: 'first' }) })
    expect(expectError(refused, 402, 'budget_exceeded').message).toContain('The budget of team:support for providers=first has no room')
  })

  test.each(['hard', 'strict'])('of mode %s lets a route go on from a model without a price, which it names', async (mode) => {
    const budgets = [{ usd: 5, per: 'total', mode }]
    await using routed = await startRouted({ models: { first: { price: undefined } }, teams: { support: { budgets } } })
    const reply = await ask(routed.scenario, SMART)
    expect([reply.status, reply.headers.get('x-signalbox-provider')]).toEqual([200, 'second'])
    const ended = await routed.scenario.expectCall({ outcome: 'ok', attempts: 1 })
    expect(ended.attemptLog).toMatchObject([
      { model: 'first', errorCode: 'model_unpriced', errorMessage: expect.stringContaining('The price of the model "first"') },
      { model: 'second', outcome: 'ok', why: 'after model_unpriced' },
    ])
    expectError(await ask(routed.scenario, { body: chat({ model: 'first' }) }), 403, 'model_unpriced')
    await routed.scenario.expectCall({ outcome: 'refused', attempts: 0 })
    expect(routed.at('first').requests).toHaveLength(0)
  })

  test('that names a route counts what the route sends', async () => {
    const budget = { calls: 1, per: 'day', models: ['smart'] }
    await using routed = await startRouted({ more: { access: { teams: { support: { budgets: [budget] } } } } })
    expect((await ask(routed.scenario, SMART)).status).toBe(200)
    expectError(await ask(routed.scenario, SMART), 402, 'budget_exceeded')
    expect((await ask(routed.scenario, { body: chat({ model: 'first' }) })).status).toBe(200)
  })
})
