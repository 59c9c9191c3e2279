import { expect, test } from 'bun:test'
import type { ShownBudget } from '../../src/control/client.ts'
import { chatReply } from '../../src/testing/chat-replies.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'

const REPLY = chatReply({ content: 'Yes.', usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 50 } })
const CONFIG = {
  access: {
    organisation: 'acme',
    budgets: [{ usd: 100, per: 'month', mode: 'soft' }],
    teams: {
      support: {
        budgets: [
          { usd: '0.002', per: 'day', zone: 'Europe/Zurich' },
          { tokens: '10k', per: 'total' },
        ],
      },
    },
    accounts: [{ of: 'each key', budgets: [{ calls: 4, per: 'week', window: 'rolling' }] }],
  },
}

test('budgets are listed with what is settled, held and left, the tightest first', async () => {
  await using scenario = await startScenario({ config: CONFIG })
  scenario.upstream.answer(REPLY)
  await ask(scenario, { body: chat({ max_tokens: 50 }) })
  await scenario.expectCall({ outcome: 'ok', costNanoUsd: 700_000 })
  const { body } = await scenario.control<{ budgets: readonly ShownBudget[] }>('GET', '/api/v1/budgets')
  expect(
    body.budgets.map(({ account, unit, mode, limit, settled, left, percent }) => [account, unit, mode, limit, settled, left, percent]),
  ).toEqual([
    ['team:support', 'usd', 'hard', '0.002', '0.0007', '0.0013', 35],
    [`key:${scenario.keyId}`, 'calls', 'hard', '4', '1', '3', 25],
    ['team:support', 'tokens', 'hard', '10000', '150', '9850', 1.5],
    ['organisation:acme', 'usd', 'soft', '100', '0.0007', '99.9993', 0],
  ])
  const [day, week] = body.budgets
  expect(day?.per).toBe('per day (Europe/Zurich)')
  expect(day?.resetsAt).toMatch(/T2[23]:00:00\.000Z$/)
  expect(week?.per).toBe('in any week')
  expect(week?.resetsAt).toBeUndefined()
  const only = await scenario.control<{ budgets: readonly ShownBudget[] }>('GET', '/api/v1/budgets?account=team:*&mode=hard')
  expect(only.body.budgets).toHaveLength(2)
})

test('a receipt shows the arithmetic, and the budgets before and after', async () => {
  await using scenario = await startScenario({ config: CONFIG })
  scenario.upstream.answer(REPLY)
  await ask(scenario, { body: chat({ max_tokens: 50 }) })
  await scenario.expectCall({ outcome: 'ok' })
  const { callId } = await ask(scenario, { body: chat({ max_tokens: 50 }) })
  await scenario.expectCall({ outcome: 'ok' })
  const { body } = await scenario.control('GET', `/api/v1/receipts/${callId}`)
  expect(body).toMatchObject({
    costUsd: '0.0007',
    priceVersion: 'configuration',
    arithmetic: [
      { kind: 'input', tokens: 60, nanoUsdPerMillion: 2_000_000_000 },
      { kind: 'cachedInput', tokens: 40, nanoUsdPerMillion: 2_000_000_000 },
      { kind: 'output', tokens: 50, nanoUsdPerMillion: 10_000_000_000 },
    ],
    bookings: [
      {
        attempt: `${callId}.1`,
        state: 'settled',
        chargedUsd: '0.0007',
        budgets: [
          { balance: 'usd month organisation:acme', limit: '100', before: '0.0007', after: '0.0014', heldByOthers: '0' },
          { balance: 'usd day@Europe/Zurich team:support', limit: '0.002', before: '0.0007', after: '0.0014' },
          { balance: 'tokens total team:support', limit: '10000', before: '150', after: '300' },
          { balance: `calls rolling-week key:${scenario.keyId}`, limit: '4', before: '1', after: '2' },
        ],
      },
    ],
  })
})

test('a key sees its own requests, an administrator those of all, and nobody else any', async () => {
  await using scenario = await startScenario()
  const { callId } = await ask(scenario)
  await scenario.expectCall({ outcome: 'ok' })
  const path = `/v1/requests/${callId}`
  const own = await ask(scenario, { method: 'GET', path })
  expect(own.status).toBe(200)
  expect(own.json).toMatchObject({ call: callId, outcome: 'ok', model: 'mini' })
  expect((await ask(scenario, { method: 'GET', path, key: scenario.adminKey })).json).toMatchObject({ call: callId })
  const other = await scenario.newKey()
  expect((await ask(scenario, { method: 'GET', path, key: other.key })).status).toBe(404)
  expect((await ask(scenario, { method: 'GET', path, key: null })).status).toBe(401)
  expect((await ask(scenario, { method: 'GET', path: '/v1/requests/call_none' })).json).toMatchObject({ error: { code: 'not_found' } })
  expect((await ask(scenario, { method: 'POST', path })).status).toBe(405)
  await scenario.expectEvents([])
})
