import { describe, expect, test } from 'bun:test'
import { chatAnswer, chatReply, errorReply, silence } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'
import { startRouted } from './routed.ts'

/** 2 $ and 10 $ a million: a call of 100 and 50 tokens costs 700,000 nano-dollars. */
const REPLY = chatReply({ content: 'Yes.', usage: { inputTokens: 100, outputTokens: 50 } })
const BODY = chat({ max_tokens: 50 })

/** A trace: all calls of one are a run. */
const traceOf = (run: number) => ({ traceparent: `00-${String(run).padStart(32, 'a')}-00f067aa0ba902b7-01` })

describe('an account', () => {
  test('may be a run: all calls of one trace share its budget and its limits, by whichever key they come', async () => {
    const accounts = [{ of: 'each run', budgets: [{ calls: 2, per: 'total' }], limits: [{ requests: 100, per: 'day' }] }]
    await using scenario = await startScenario({ config: { access: { teams: { support: {} }, accounts } } })
    scenario.upstream.answer(REPLY)
    const other = await scenario.newKey()
    expect((await ask(scenario, { body: BODY, headers: traceOf(1) })).status).toBe(200)
    expect((await ask(scenario, { body: BODY, headers: traceOf(1), key: other.key })).status).toBe(200)
    const error = expectError(await ask(scenario, { body: BODY, headers: traceOf(1) }), 402, 'budget_exceeded')
    expect(error.message).toContain(`The budget of run:${String(1).padStart(32, 'a')} has no room`)
    expect((await ask(scenario, { body: BODY, headers: traceOf(2) })).status).toBe(200)
  })

  test('may be a conversation: a label of the caller’s choice', async () => {
    const accounts = [{ of: 'each label:conversation', budgets: [{ tokens: 400, per: 'total' }] }]
    await using scenario = await startScenario({ config: { access: { teams: { support: {} }, accounts } } })
    scenario.upstream.answer(REPLY)
    const say = (conversation: string) => ask(scenario, { body: BODY, headers: { 'x-signalbox-labels': `conversation=${conversation}` } })
    expect((await say('c-1')).status).toBe(200)
    expect((await say('c-1')).status).toBe(200)
    // 300 of 400 tokens are settled, and this one may take more than the rest.
    const error = expectError(await say('c-1'), 402, 'budget_exceeded')
    expect(error.message).toContain('label:conversation=c-1')
    expect(error.message).toMatch(/400 tokens .*300 tokens settled/)
    expect((await say('c-2')).status).toBe(200)
  })

  test('may be a user or a service account, whichever of its keys it uses', async () => {
    const accounts = [
      { of: 'user:nightly-job', budgets: [{ calls: 2, per: 'month' }] },
      { of: 'each user', budgets: [{ calls: 3, per: 'month' }] },
    ]
    await using scenario = await startScenario({ config: { access: { teams: { support: {} }, accounts } } })
    scenario.upstream.answer(REPLY)
    const keysOf = (user: string) => Promise.all([1, 2].map(() => scenario.newKey({ user })))
    const [job, again] = await keysOf('nightly-job')
    const [ada, too] = await keysOf('ada')
    const statuses = async (keys: readonly ({ readonly key: string } | undefined)[]) => {
      const said: number[] = []
      for (const one of keys) said.push((await ask(scenario, { body: BODY, key: one?.key ?? null })).status)
      return said
    }
    expect(await statuses([job, again, job])).toEqual([200, 200, 402])
    expect(await statuses([ada, too, ada, too])).toEqual([200, 200, 200, 402])
  })

  const tight = [{ calls: 1, per: 'total' }]
  const wide = [{ calls: 9, per: 'total' }]
  const NAMES = ['organisation', 'team', 'user', 'key', 'label', 'run'] as const
  test.each(NAMES)('of several that a call touches, the tightest is named: %s', async (tightest) => {
    const budgets = (name: (typeof NAMES)[number]) => (name === tightest ? tight : wide)
    const access = {
      ...{ organisation: 'acme', budgets: budgets('organisation'), teams: { support: { budgets: budgets('team') } } },
      accounts: [
        { of: 'each user', budgets: budgets('user') },
        { of: 'each key', budgets: budgets('key') },
        { of: 'each label:feature', budgets: budgets('label') },
        { of: 'each run', budgets: budgets('run') },
      ],
    }
    await using scenario = await startScenario({ config: { access } })
    scenario.upstream.answer(REPLY)
    const { key, id } = await scenario.newKey({ user: 'ada' })
    const question = { body: BODY, key, headers: { ...traceOf(7), 'x-signalbox-labels': 'feature=search' } }
    const first = await ask(scenario, question)
    expect(first.status).toBe(200)
    const { body } = await scenario.control<{ bookings: readonly { budgets: readonly { balance: string }[] }[] }>(
      'GET',
      `/api/v1/receipts/${first.callId}`,
    )
    const run = `run:${String(7).padStart(32, 'a')}`
    const accounts = {
      organisation: 'organisation:acme',
      team: 'team:support',
      user: 'user:ada',
      key: `key:${id}`,
      label: 'label:feature=search',
      run,
    }
    // Each of them is charged.
    expect(body.bookings[0]?.budgets.map(({ balance }) => balance).toSorted()).toEqual(
      Object.values(accounts)
        .map((account) => `calls total ${account}`)
        .toSorted(),
    )
    const error = expectError(await ask(scenario, question), 402, 'budget_exceeded')
    expect(error.message).toContain(`The budget of ${accounts[tightest]} has no room`)
    expect(error.message).toContain('1 calls settled and 0 calls held')
  })
})

test('a budget whose zone, window or scope is changed is another one, and what was spent of the first is known when it comes back', async () => {
  const config = (budget: object) => ({ access: { teams: { support: { budgets: [{ calls: 1, per: 'day', ...budget }] } } } })
  await using scenario = await startScenario({ config: config({ zone: 'Europe/Zurich' }) })
  scenario.upstream.answer(REPLY)
  const statuses = async () => [(await ask(scenario, { body: BODY })).status, (await ask(scenario, { body: BODY })).status]
  expect(await statuses()).toEqual([200, 402])
  for (const other of [{ zone: 'Pacific/Kiritimati' }, { window: 'rolling' }, { zone: 'Europe/Zurich', models: ['mini'] }]) {
    expect((await scenario.reconfigure(config(other))).status).toBe(200)
    expect(await statuses()).toEqual([200, 402])
  }
  // A bad zone changes nothing.
  expect((await scenario.reconfigure(config({ zone: 'Mars/Phobos' }))).status).toBe(409)
  expect(await statuses()).toEqual([402, 402])
  expect((await scenario.reconfigure(config({ zone: 'Europe/Zurich' }))).status).toBe(200)
  expect(await statuses()).toEqual([402, 402])
})

describe('attempts that are hedged, under a budget', () => {
  const more = { access: { teams: { support: { budgets: [{ usd: 1, per: 'total' }] } } } }
  const hedge = { after: '40ms', share: '100%', spend: '100%' }

  test.each([false, true])('each have a hold, and the one that is left is charged what it may have cost; streamed: %p', async (stream) => {
    await using routed = await startRouted({ route: { hedge }, more })
    const { scenario } = routed
    routed.at('first').answer(silence())
    routed.at('second').answer(chatAnswer({ content: 'Quick.', usage: { inputTokens: 10, outputTokens: 3 } }))
    expect((await ask(scenario, { body: chat({ model: 'smart', stream, max_tokens: 50 }) })).text).toContain('Quick.')
    const ended = await untilEnded(scenario)
    expect(ended).toMatchObject({ outcome: 'ok', attempts: 2, provider: 'second' })
    const started = (await scenario.events()).find(({ type }) => type === 'call.started')
    const held = started?.type === 'call.started' ? started.hold?.nanoUsd : undefined
    const [left, won] = (ended.bookings ?? []).toSorted((one, other) => one.attempt.localeCompare(other.attempt))
    expect(left).toMatchObject({ attempt: `${ended.callId}.1`, state: 'settled', isEstimate: true, nanoUsd: held })
    expect(won).toMatchObject({ attempt: `${ended.callId}.2`, state: 'settled', nanoUsd: 50_000 })
    expect(ended.bookings).toHaveLength(2)
    expect(ended.costNanoUsd).toBe((held ?? 0) + 50_000)
    const { body } = await scenario.control<{ budgets: readonly { settled: string; held: string }[] }>('GET', '/api/v1/budgets')
    expect(body.budgets).toMatchObject([{ held: '0' }])
    expect(Number(body.budgets[0]?.settled) * 1e9).toBeCloseTo(ended.costNanoUsd ?? Number.NaN, 3)
  })

  test('that fail are free, and what serves is charged alone', async () => {
    await using routed = await startRouted({ more })
    const { scenario } = routed
    routed.at('first').answer(errorReply({ status: 503 }))
    routed.at('second').answer(chatReply({ content: 'Yes.', usage: { inputTokens: 10, outputTokens: 3 } }))
    expect((await ask(scenario, { body: chat({ model: 'smart' }) })).status).toBe(200)
    const ended = await untilEnded(scenario)
    expect(ended.bookings?.map(({ state, nanoUsd }) => [state, nanoUsd])).toEqual([
      ['released', 0],
      ['settled', 50_000],
    ])
  })
})

/** The end of the one call that was made. */
async function untilEnded(scenario: Scenario) {
  for (;;) {
    const ended = (await scenario.events()).find(({ type }) => type === 'call.ended')
    if (ended?.type === 'call.ended') return ended
    await Bun.sleep(5)
  }
}
