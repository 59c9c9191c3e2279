import { describe, expect, test } from 'bun:test'
import { chatAnswer, chatReply, chatStream } from '../../src/testing/chat-replies.ts'
import { type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { gate } from '../../src/testing/upstream-steps.ts'
import { answer, askAgent, rpcErrorOf, startWithAgent } from './a2a.ts'
import { ask, chat, expectError, send } from './ask.ts'
import { begin, FAULTS, request, say, toolCall, withServers } from './mcp.ts'

function withLimits(...limits: readonly object[]): ScenarioConfig {
  return { access: { teams: { support: { limits } } } }
}

describe('a limit on requests', () => {
  test('stops a runaway key at the configured number, to the call', async () => {
    await using scenario = await startScenario({
      config: { access: { teams: { support: {} }, accounts: [{ of: 'each key', limits: [{ requests: 150, per: 'minute' }] }] } },
    })
    scenario.upstream.answer(chatReply())
    const statuses = await Promise.all(Array.from({ length: 400 }, () => ask(scenario).then(({ status }) => status)))
    expect(statuses.filter((status) => status === 200)).toHaveLength(150)
    expect(statuses.filter((status) => status === 429)).toHaveLength(250)
    expect(scenario.upstream.requests).toHaveLength(150)
    const other = await scenario.newKey()
    expect((await ask(scenario, { key: other.key })).status).toBe(200)
  })

  test("is refused in the words of the caller's wire, with what is left and when there is more", async () => {
    await using scenario = await startScenario({ config: withLimits({ requests: 2, per: 'hour' }) })
    const first = await ask(scenario)
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2')
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    await ask(scenario)
    const refused = await ask(scenario)
    const error = expectError(refused, 429, 'rate_limited')
    expect(error.message).toContain('The limit of team:support is reached: 2 requests in any hour, and 2 are used.')
    expect(error).toMatchObject({ type: 'rate_limit_exceeded', source: 'policy' })
    const seconds = Number(refused.headers.get('retry-after'))
    // A call leaves the window with its sixtieth part of it.
    expect(seconds).toBeGreaterThan(3590)
    expect(seconds).toBeLessThanOrEqual(3660)
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const [, reset] = /^(\d+(?:\.\d+)?)s$/.exec(refused.headers.get('x-ratelimit-reset-requests') ?? '') ?? []
    expect(Number(reset)).toBeWithin(3590, 3661)
    expect(refused.headers.get('x-should-retry')).toBeNull()
  })

  test('may be about some models only', async () => {
    await using scenario = await startScenario({ config: withLimits({ requests: 1, per: 'day', models: ['max*'] }) })
    expect((await ask(scenario)).status).toBe(200)
    expect((await ask(scenario)).status).toBe(200)
  })

  test('lets calls wait for their turn where it says so', async () => {
    await using scenario = await startScenario({ config: withLimits({ requests: 2, per: 'second', wait: '5s' }) })
    const replies = await Promise.all(Array.from({ length: 4 }, () => ask(scenario)))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })
})

test('no more calls run at a time than a limit says, and the next one may as soon as one ends', async () => {
  await using scenario = await startScenario({ config: withLimits({ concurrent: 3 }) })
  const door = gate()
  scenario.upstream.answer((request) => [door.step, ...chatReply()(request)])
  const running = [1, 2, 3].map(() => ask(scenario))
  await scenario.upstream.received(3)
  expect(expectError(await ask(scenario), 429, 'rate_limited').message).toContain('3 calls at a time, and 3 are running')
  door.open()
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200])
  expect((await ask(scenario)).status).toBe(200)
})

test('a limit on tokens holds what running calls may use, and counts what they used', async () => {
  await using scenario = await startScenario({ config: withLimits({ tokens: 2000, per: 'hour' }) })
  scenario.upstream.answer(chatAnswer({ content: 'Yes.', usage: { inputTokens: 900, outputTokens: 100 } }))
  const first = await ask(scenario, { body: chat({ max_tokens: 100 }) })
  expect(first.status).toBe(200)
  const second = await ask(scenario, { body: chat({ max_tokens: 100, stream: true }) })
  expect(second.status).toBe(200)
  const refused = expectError(await ask(scenario, { body: chat({ max_tokens: 100 }) }), 429, 'rate_limited')
  expect(refused.message).toContain('2000 tokens in any hour, and 2000 are used')
})

test('a limit on tokens keeps the estimate of a stream whose client left, so that leaving is no way around it', async () => {
  await using scenario = await startScenario({ config: withLimits({ tokens: 1500, per: 'hour' }) })
  scenario.upstream.answer((request) => [...chatStream()(request).slice(0, 3), { type: 'stall' }])
  const left = new AbortController()
  const reply = await send(scenario, { body: chat({ stream: true, max_tokens: 900 }), signal: left.signal })
  await reply.body?.getReader().read()
  left.abort()
  await scenario.expectCall({ outcome: 'cancelled' })
  const refused = expectError(await ask(scenario, { body: chat({ max_tokens: 900 }) }), 429, 'rate_limited')
  expect(refused.message).toMatch(/1500 tokens in any hour, and 9\d\d are used\./)
})

test('what else a server does counts too, and what only says what there is does not', async () => {
  const { tools, access } = withServers({ faults: { command: FAULTS } })
  const teams = { support: { tools: { default: 'allow' }, limits: [{ requests: 1, per: 'hour', models: ['faults__resources/read'] }] } }
  await using scenario = await startScenario({ config: { tools, access: { ...Object(access), teams } } })
  const session = await begin(scenario, { path: '/mcp/faults' })
  const ask = (method: string, params = {}) => say(scenario, { path: '/mcp/faults', session, body: request(method, params) })
  for (let count = 0; count < 2; count++) await ask('resources/list')
  const read = () => ask('resources/read', { uri: 'mem://1' })
  expect((await read()).last).toMatchObject({ result: { contents: [{ uri: 'mem://1' }] } })
  expect((await read()).last).toMatchObject({ error: { code: -32_000, data: { code: 'rate_limited', source: 'policy' } } })
  expect((await ask('prompts/get', { name: 'p' })).last).toMatchObject({ result: { messages: [{ role: 'user' }] } })
})

test('calls of tools count like calls of models; what does no work does not', async () => {
  const { tools, access } = withServers({ faults: { command: FAULTS } })
  const teams = { support: { tools: { default: 'allow' }, limits: [{ requests: 2, per: 'hour' }] } }
  await using scenario = await startScenario({ config: { tools, access: { ...Object(access), teams } } })
  for (let count = 0; count < 3; count++) await say(scenario, { body: request('tools/list') })
  const echo = () => say(scenario, { body: toolCall('faults__echo', { text: 'a' }) })
  expect((await ask(scenario)).status).toBe(200)
  const within = await echo()
  expect(within.last).not.toMatchObject({ error: { data: { code: 'rate_limited' } } })
  expect(within.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  const beyond = await echo()
  expect(beyond.last).toMatchObject({ error: { code: -32_000, data: { code: 'rate_limited', source: 'policy' } } })
  expect([beyond.headers.get('x-ratelimit-limit-requests'), Number(beyond.headers.get('retry-after')) > 0]).toEqual(['2', true])
  expect(expectError(await ask(scenario), 429, 'rate_limited').message).toContain('2 requests in any hour')
})

test('callers of agents are told how their limits stand as well', async () => {
  const access = { teams: { support: { agents: ['researcher'], limits: [{ requests: 1, per: 'hour' }] } } }
  await using scenario = await startWithAgent({}, { access })
  scenario.upstream.answer(answer({ message: { messageId: 'r', role: 'ROLE_AGENT', parts: [] } }))
  const left = ({ headers }: { readonly headers: Headers }) => headers.get('x-ratelimit-remaining-requests')
  expect(left(await askAgent(scenario))).toBe('0')
  const beyond = await askAgent(scenario)
  expect(rpcErrorOf(beyond)).toMatchObject({ code: -32_000, data: [{ reason: 'RATE_LIMITED' }] })
  expect([left(beyond), Number(beyond.headers.get('retry-after')) > 0]).toEqual(['0', true])
})
