import { expect, test } from 'bun:test'
import { startScenario } from '../../src/testing/scenario.ts'
import { begin, expectRpcError, FAULTS, introduction, post, request, say, textOf, toolCall, untilRunning } from './mcp.ts'

const TIMEOUTS = { call: '10s', total: '20s', connect: '20s', list: '10s' }

function configOf(servers: object, rules: object = { default: 'allow' }) {
  return { tools: { servers, timeouts: TIMEOUTS }, access: { teams: { support: { tools: rules } } } }
}

test('a new configuration leaves servers and sessions alone that it does not change, and ends those that it does', async () => {
  const command = FAULTS
  await using scenario = await startScenario({ config: configOf({ same: { command }, changed: { command }, gone: { command } }) })
  await say(scenario, { body: request('tools/list') })
  const sessions: Record<string, string> = {}
  for (const [name, path] of [['all', '/mcp'], ...['same', 'changed', 'gone'].map((name) => [name, `/mcp/${name}`] as const)] as const) {
    const answer = await say(scenario, { path, body: request('initialize', { protocolVersion: '2025-11-25', capabilities: {} }) })
    sessions[name] = answer.headers.get('mcp-session-id') ?? ''
  }
  const pidOf = async (name: string) => textOf(await say(scenario, { body: toolCall(`${name}__echo`, { message: 'x' }) }))
  await pidOf('same')
  const running = {
    all: say(scenario, { session: sessions.all, body: toolCall('changed__never') }),
    same: say(scenario, { path: '/mcp/same', session: sessions.same, body: toolCall('ask_roots', {}, {}, 'still') }),
    changed: say(scenario, { path: '/mcp/changed', session: sessions.changed, body: toolCall('never') }),
  }
  const stream = await post(scenario, { method: 'GET', path: '/mcp/same', session: sessions.same })
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  await untilRunning(scenario, 'changed__never', { calls: 2 })

  const next = configOf(
    { same: { command }, changed: { command, programs: 3 }, added: { command } },
    { default: 'deny', allow: ['same__*', 'added__*'] },
  )
  expect((await scenario.reconfigure(next)).status).toBe(200)

  // Calls of servers that are another now, or none, end with a reason; the others do not notice.
  expect(expectRpcError(await running.all, { rpc: -32_000, code: 'server_exited' })).toContain('changed')
  expectRpcError(await running.changed, { status: 404, rpc: -32_001, code: 'session_not_found' })
  expect((await running.same).last).toMatchObject({ id: 'still', result: { content: [{ text: expect.stringContaining('-32601') }] } })
  for (const name of ['changed', 'gone']) {
    const answer = await say(scenario, { path: `/mcp/${name}`, session: sessions[name], body: request('ping') })
    expect([answer.status, answer.last]).toMatchObject([404, { error: { data: { code: 'session_not_found' } } }])
  }
  expect(await say(scenario, { path: '/mcp/same', session: sessions.same, body: request('ping') })).toMatchObject({ status: 200 })
  // Those who listen hear that what they may use is another, and the next list is the new one.
  let heard = ''
  while (!heard.includes('list_changed')) heard += (await reader?.read())?.value ?? 'list_changed was never said'
  expect(heard).toContain('notifications/tools/list_changed')
  const names = async () => (await say(scenario, { session: sessions.all, body: request('tools/list') })).text
  expect(await names()).toContain('same__echo')
  for (let looks = 0; looks < 2000 && !(await names()).includes('added__echo'); looks++) await Bun.sleep(20)
  expect(await names()).toContain('added__echo')
  expect(await names()).not.toContain('changed__')
  await reader?.cancel()
}, 20_000)

test('a session with a server that its team may not use any more is none: nothing is heard in it, and nothing new goes on', async () => {
  const servers = { faults: { command: FAULTS }, other: { command: FAULTS } }
  await using scenario = await startScenario({ config: configOf(servers) })
  const path = '/mcp/faults'
  const session = await begin(scenario, { path })
  const stays = await begin(scenario, { path: '/mcp/other' })
  const stream = await post(scenario, { method: 'GET', path, session })
  const running = say(scenario, { path, session, body: toolCall('late') })
  await untilRunning(scenario, 'faults__late')
  expect((await scenario.reconfigure(configOf(servers, { default: 'deny', allow: ['other__echo'] }))).status).toBe(200)
  expect(await stream.text()).not.toContain('list_changed')
  const told = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }
  for (const message of [{ body: told }, { body: request('tools/list') }, { method: 'GET' }] as const) {
    const answer = await say(scenario, { path, session, ...message })
    expect([answer.status, answer.last]).toMatchObject([404, { error: { data: { code: 'session_not_found' } } }])
  }
  expect(textOf(await running)).toBe('too late')
  const again = await say(scenario, { path, body: request('initialize', introduction()) })
  expectRpcError(again, { rpc: -32_000, code: 'tool_not_allowed' })
  expect((await say(scenario, { path: '/mcp/other', session: stays, body: told })).status).toBe(202)
}, 20_000)
