import { expect, test } from 'bun:test'
import { startScenario } from '../../src/testing/scenario.ts'
import { begin, expectRpcError, FAULTS, request, say, textOf, toolCall, untilRunning, withServers } from './mcp.ts'

/** An MCP server over HTTP that never says anything. */
function startSilent() {
  const bun = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 0, fetch: () => new Promise<Response>(() => {}) })
  return { url: `http://127.0.0.1:${bun.port}/mcp`, stop: () => bun.stop(true) }
}

const ENDS_AT_ONCE = [process.execPath, '-e', 'process.exit(1)']
const SAYS_RUBBISH = [process.execPath, '-e', 'setInterval(() => console.log("rubbish"), 5)']

test('servers that are dead, silent, or talk rubbish neither fail nor hold up the list of the others', async () => {
  const silent = startSilent()
  const servers = {
    missing: { command: ['/nonexistent/program'] },
    ends: { command: ENDS_AT_ONCE },
    rubbish: { command: SAYS_RUBBISH },
    silent: { url: silent.url },
    refused: { url: 'http://127.0.0.1:1/mcp' },
    good: { command: FAULTS },
  }
  const timeouts = { list: '4s', call: '1s', total: '5s', connect: '20s' }
  await using scenario = await startScenario({ config: withServers(servers, { tools: { timeouts } }) })
  const namesIn = (result: unknown) => ((result as { tools: { name: string }[] }).tools ?? []).map(({ name }) => name)
  // The first list may wait for servers that were only just begun.
  const first = await say(scenario, { body: request('tools/list') })
  expect(namesIn(first.last.result)).toContain('good__echo')
  expect(namesIn(first.last.result).every((name) => name.startsWith('good__'))).toBe(true)
  await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })

  // From then on nobody waits: a list that is asked for after a call of a silent server is there before the call has failed.
  const order: string[] = []
  const call = say(scenario, { body: toolCall('silent__anything') }).then((answer) => {
    order.push('call')
    return answer
  })
  await untilRunning(scenario, 'silent__anything', { attempts: 0 })
  const second = await say(scenario, { body: request('tools/list') })
  order.push('list')
  expect(second.text).toBe(first.text)
  expectRpcError(await call, { rpc: -32_000, code: 'server_timeout' })
  expect(order).toEqual(['list', 'call'])
  await scenario.expectEvents([
    { type: 'call.started', action: 'tools.list' },
    { type: 'call.ended', action: 'tools.list', outcome: 'ok' },
    { type: 'call.started', action: 'tools.call', subject: 'silent__anything' },
    { type: 'call.ended', action: 'tools.call', outcome: 'broken', errorCode: 'server_timeout' },
  ])

  // Each says what is the matter with it.
  for (const [server, code] of [
    ['missing', 'server_exited'],
    ['ends', 'server_exited'],
    ['refused', 'server_unreachable'],
  ] as const) {
    expectRpcError(await say(scenario, { body: toolCall(`${server}__anything`) }), { rpc: -32_000, code })
    await scenario.expectCall({ outcome: 'broken', errorCode: code, subject: `${server}__anything` })
  }
  const session = await begin(scenario)
  expect(JSON.parse(textOf(await say(scenario, { session, body: toolCall('good__echo', { message: 'x' }) }))).name).toBe('echo')
  await scenario.expectCall({ outcome: 'ok', subject: 'good__echo' })
  await silent.stop()
}, 20_000)
