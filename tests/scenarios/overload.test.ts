import { describe, expect, test } from 'bun:test'
import { type Answer, chatAnswer, gate } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'

function start(overload: object): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake' }],
        overload,
      },
    }),
  })
}

/** Answers each request when the door is open. */
function behind(door: ReturnType<typeof gate>): Answer {
  return (request) => [door.step, ...chatAnswer()(request)]
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2))
}

async function liveCalls(scenario: Scenario): Promise<number> {
  return (await scenario.control<{ calls: unknown[] }>('GET', '/api/v1/calls/live')).body.calls.length
}

describe('more calls than are taken at once', () => {
  test('wait for the others, and are refused with 503 and Retry-After where too many wait', async () => {
    await using scenario = await start({ running: 2, queue: 1, wait: '5s' })
    const door = gate()
    scenario.upstream.answer(behind(door))
    const three: Promise<{ status: number }>[] = []
    for (let calls = 1; calls <= 3; calls++) {
      three.push(ask(scenario))
      await until(async () => (await liveCalls(scenario)) === calls)
    }
    const refused = await ask(scenario)
    expectError(refused, 503, 'overloaded')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(scenario.upstream.requests).toHaveLength(2)
    door.open()
    expect((await Promise.all(three)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(scenario.upstream.requests).toHaveLength(3)
    expect((await ask(scenario)).status).toBe(200)
  })

  test('give up after the longest wait', async () => {
    await using scenario = await start({ running: 1, wait: '30ms' })
    const door = gate()
    scenario.upstream.answer(behind(door))
    const first = ask(scenario)
    await scenario.upstream.received(1)
    expectError(await ask(scenario), 503, 'overloaded')
    door.open()
    expect((await first).status).toBe(200)
    expect((await ask(scenario)).status).toBe(200)
  })

  test('are served by class: the lowest is shed first, and nobody raises its own', async () => {
    await using scenario = await start({ running: 1, queue: 2, wait: '5s' })
    const keys = {
      high: await scenario.newKey({ labels: { priority: 'high' } }),
      normal: await scenario.newKey(),
      low: await scenario.newKey({ labels: { priority: 'low' } }),
    }
    const door = gate()
    scenario.upstream.answer(behind(door))
    const call = async (name: string, key: string, headers: Record<string, string> = {}) =>
      (await ask(scenario, { key, headers, body: chat({ user: name }) })).status
    const running = call('running', keys.normal.key)
    await scenario.upstream.received(1)
    const low = call('low', keys.low.key)
    await until(async () => (await liveCalls(scenario)) === 2)
    const normal = call('normal', keys.normal.key)
    await until(async () => (await liveCalls(scenario)) === 3)
    const high = call('high', keys.high.key)
    expect(await low).toBe(503)
    expect(await call('upstart', keys.normal.key, { 'x-signalbox-labels': 'priority=high' })).toBe(503)
    door.open()
    expect(await Promise.all([running, high, normal])).toEqual([200, 200, 200])
    expect(scenario.upstream.requests.map((request) => request.jsonObject().user)).toEqual(['running', 'high', 'normal'])
  })
})
