import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatReply } from '../../src/testing/chat-replies.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { gate } from '../../src/testing/upstream-steps.ts'
import { ask, chat, expectError } from './ask.ts'

/** 2 $ and 10 $ a million: a call of 100 and 50 tokens costs 700,000 nano-dollars. */
const REPLY = chatReply({ content: 'Yes.', usage: { inputTokens: 100, outputTokens: 50 } })

function withBudget(budget: object): { readonly access: object } {
  return { access: { teams: { support: { budgets: [budget] } } } }
}

test('a hard budget lets calls in while their estimate fits, and refuses the first that does not', async () => {
  await using scenario = await startScenario({ config: withBudget({ usd: '0.003', per: 'total' }) })
  scenario.upstream.answer(REPLY)
  for (const remaining of ['0.0023', '0.0016']) {
    const answer = await ask(scenario, { body: chat({ max_tokens: 50 }) })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-signalbox-budget-remaining-usd')).toBe(remaining)
    const ended = await scenario.expectCall({ outcome: 'ok', costNanoUsd: 700_000 })
    expect(ended.bookings).toMatchObject([{ attempt: `${ended.callId}.1`, state: 'settled', nanoUsd: 700_000, tokens: 150 }])
  }
  const refused = await ask(scenario, { body: chat({ max_tokens: 200 }) })
  const error = expectError(refused, 402, 'budget_exceeded')
  expect(error).toMatchObject({ type: 'insufficient_quota', source: 'policy' })
  expect(error.message).toContain('team:support')
  expect(error.message).toContain('$0.003 in total (hard)')
  expect(error.message).toContain('$0.0014 settled')
  await scenario.expectCall({ outcome: 'refused', errorCode: 'budget_exceeded', attempts: 0 })
  expect(scenario.upstream.requests).toHaveLength(2)
})

test('a refusal says what is settled, what running calls hold, what this one may take, and when there is room again', async () => {
  await using scenario = await startScenario({ config: withBudget({ usd: '0.003', per: 'day', zone: 'Europe/Zurich', models: ['mini'] }) })
  const door = gate()
  scenario.upstream.answer(REPLY)
  expect((await ask(scenario, { body: chat({ max_tokens: 50 }) })).status).toBe(200)
  scenario.upstream.answer((request) => [door.step, ...REPLY(request)])
  const running = ask(scenario, { body: chat({ max_tokens: 100 }) })
  await scenario.upstream.received(2)
  const refused = await ask(scenario, { body: chat({ max_tokens: 200 }) })
  const { message } = expectError(refused, 402, 'budget_exceeded')
  expect(message).toMatch(
    /^The budget of team:support for models=mini has no room for this call: its limit is \$0\.003 per day \(Europe\/Zurich\) \(hard\), \$0\.0007 settled and \$0\.001\d+ held by running calls, and this call may take \$0\.002\d+\. There is room again at \d{4}-\d{2}-\d{2}T2[23]:00:00\.000Z\.$/,
  )
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(25 * 3600)
  door.open()
  expect((await running).status).toBe(200)
})

test('what was spent is known after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-budget-'))
  const config = withBudget({ usd: '0.002', per: 'month' })
  try {
    for (const [spent, allowed] of [
      ['0', true],
      ['0.0007', true],
      ['0.0014', false],
    ] as const) {
      await using scenario = await startScenario({ folder, config })
      scenario.upstream.answer(REPLY)
      const answer = await ask(scenario, { body: chat({ max_tokens: 50 }) })
      expect(answer.status).toBe(allowed ? 200 : 402)
      if (!allowed) expect(expectError(answer, 402, 'budget_exceeded').message).toContain(`$${spent} settled`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

async function spentOf(scenario: Scenario): Promise<unknown> {
  return (await scenario.control('GET', '/api/v1/spend?by=team')).body
}

test('spend and budgets say the same', async () => {
  await using scenario = await startScenario({ config: withBudget({ usd: 1, per: 'day' }) })
  scenario.upstream.answer(REPLY)
  await ask(scenario, { body: chat({ max_tokens: 50 }) })
  const ended = await scenario.expectCall({ outcome: 'ok' })
  expect(ended.bookings?.[0]?.balances).toEqual([{ id: 'usd day team:support', limit: 1_000_000_000, settled: 700_000, held: 0 }])
  expect(await spentOf(scenario)).toMatchObject([{ team: 'support', costNanoUsd: '700000' }])
})
