import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { begin, expectRpcError, FAULTS, request, say, textOf, toolCall, withServers } from './mcp.ts'

const TEAMS = {
  support: { tools: { default: 'deny', readOnly: 'allow', allow: ['faults__echo'] } },
  admins: { tools: { default: 'allow', destructive: 'deny', deny: ['faults__fail'], allow: ['faults__grow'] } },
  nobody: {},
}

let scenario: Scenario
const keys: Record<string, string> = {}

beforeAll(async () => {
  const timeouts = { call: '5s', total: '10s', connect: '20s', list: '10s' }
  scenario = await startScenario({ config: { tools: { servers: { faults: { command: FAULTS } }, timeouts }, access: { teams: TEAMS } } })
  for (const team of Object.keys(TEAMS)) keys[team] = (await scenario.newKey({ team })).key
  await say(scenario, { body: request('tools/list') })
  await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
})
afterAll(() => scenario.close())

const keyOf = (team: string): string => keys[team] ?? ''

async function listed(team: string, path: string): Promise<readonly string[]> {
  const { last } = await say(scenario, { key: keyOf(team), path, body: request('tools/list') })
  await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
  return (last.result as { tools: { name: string }[] }).tools.map(({ name }) => name)
}

describe('what a team sees is what it may call', () => {
  // The tools of the server without annotations count as destructive: so the protocol says.
  test.each([
    ['support', ['echo', 'look']],
    ['admins', ['grow', 'look']],
    ['nobody', []],
  ] as const)('%s, on the aggregate and at the endpoint of the server', async (team, names) => {
    expect([...(await listed(team, '/mcp'))].sort()).toEqual(names.map((name) => `faults__${name}`))
    expect([...(await listed(team, '/mcp/faults'))].sort()).toEqual([...names])
  })

  test.each([
    ['support', 'drop'],
    ['support', 'fail'],
    ['admins', 'drop'],
    ['admins', 'fail'],
    ['admins', 'echo'],
    ['nobody', 'look'],
  ] as const)('%s may not call %s, and is told what it may', async (team, tool) => {
    const may = { support: 'echo', admins: 'look', nobody: 'none of the tools' }[team]
    for (const [path, name] of [
      ['/mcp', `faults__${tool}`],
      ['/mcp/faults', tool],
    ] as const) {
      const said = expectRpcError(await say(scenario, { key: keyOf(team), path, body: toolCall(name) }), {
        ...{ rpc: -32_000, code: 'tool_not_allowed' },
      })
      expect(said).toContain(may)
      // Names that it may not use are not told either.
      expect(said.replace(`"${name}"`, '')).not.toContain('faults__drop')
      await scenario.expectCall({
        outcome: 'refused',
        errorCode: 'tool_not_allowed',
        errorSource: 'policy',
        attempts: 0,
        provider: 'faults',
      })
    }
  })

  test('a tool that one team may use does not come to another by way of a session or a cache', async () => {
    const [support, admins] = [
      await begin(scenario, { key: keyOf('support') }),
      await begin(scenario, { key: keyOf('admins'), path: '/mcp/faults' }),
    ]
    const echo = await say(scenario, { key: keyOf('support'), session: support, body: toolCall('faults__echo', { message: 'mine' }) })
    expect(JSON.parse(textOf(echo)).arguments).toEqual({ message: 'mine' })
    await scenario.expectCall({ outcome: 'ok', subject: 'faults__echo' })
    const body = toolCall('echo', { message: 'not mine' })
    const refused = await say(scenario, { key: keyOf('admins'), path: '/mcp/faults', session: admins, body })
    expectRpcError(refused, { rpc: -32_000, code: 'tool_not_allowed' })
    await scenario.expectCall({ outcome: 'refused', errorCode: 'tool_not_allowed' })
  })

  test('the other methods of a server are refused by the same rules', async () => {
    const session = await begin(scenario, { key: keyOf('admins'), path: '/mcp/faults' })
    // One that changes something counts as destructive, one that reads does not.
    for (const [method, code] of [
      ['tasks/cancel', 'tool_not_allowed'],
      ['prompts/list', undefined],
    ] as const) {
      const { last } = await say(scenario, { key: keyOf('admins'), path: '/mcp/faults', session, body: request(method) })
      expect(last.error).toMatchObject(code === undefined ? { code: -32_601, message: 'No prompts/list here' } : { data: { code } })
      await scenario.expectCall({ outcome: code === undefined ? 'broken' : 'refused', action: `tools.${method.replace('/', '.')}` })
    }
  })

  test('a team without any of them does not begin a session with the server', async () => {
    const answer = await say(scenario, { key: keyOf('nobody'), path: '/mcp/faults', body: request('initialize', {}) })
    expect(answer.headers.get('mcp-session-id')).toBeNull()
    expectRpcError(answer, { rpc: -32_000, code: 'tool_not_allowed' })
    await scenario.expectCall({ action: 'tools.initialize', outcome: 'refused', errorCode: 'tool_not_allowed', attempts: 0 })
  })
})

test('a server that quotes the credential which it was given does not tell it to callers, nor to the log', async () => {
  const servers = { faults: { command: FAULTS, env: { SERVICE_TOKEN: 'env:FAKE_PROVIDER_KEY' } } }
  await using own = await startScenario({ config: withServers(servers) })
  const answer = await say(own, { body: toolCall('faults__quote') })
  expect(answer.last).toMatchObject({ error: { message: 'Bad key ***', data: '***' } })
  // Closing the scenario looks for it in the events and in what was printed.
  await own.expectCall({ outcome: 'broken', errorCode: 'server_error', rpcErrorCode: -32_050 })
})
