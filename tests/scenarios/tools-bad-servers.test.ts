import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { begin, expectRpcError, FAULTS, type McpAnswer, request, say, textOf, toolCall, withServers } from './mcp.ts'
import { type FaultHttpServer, startFaultHttp } from './mcp-fault-http.ts'

let scenario: Scenario
let http: FaultHttpServer

beforeAll(async () => {
  http = startFaultHttp()
  scenario = await startScenario({ config: withServers({ faults: { command: FAULTS }, far: { url: http.url } }) })
  await say(scenario, { body: request('tools/list') })
  await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
})
afterAll(async () => {
  await scenario.close()
  await http.stop()
})

/** Both servers still do as they should. */
async function expectBothWell(): Promise<void> {
  const near = await say(scenario, { body: toolCall('faults__echo', { message: 'x' }) })
  expect(JSON.parse(textOf(near)).arguments).toEqual({ message: 'x' })
  await scenario.expectCall({ outcome: 'ok', provider: 'faults' })
  expect(textOf(await say(scenario, { body: toolCall('far__good') }))).toBe('good')
  await scenario.expectCall({ outcome: 'ok', provider: 'far' })
}

describe('a server over stdio', () => {
  test.each<[string, string]>([
    ['twice', 'first'],
    ['rubbish', 'between the rubbish'],
  ])('%s: the answer is told, once', async (tool, text) => {
    expect(textOf(await say(scenario, { body: toolCall(`faults__${tool}`) }))).toBe(text)
    await scenario.expectCall({ action: 'tools.call', outcome: 'ok', subject: `faults__${tool}` })
    await expectBothWell()
  })

  test.each<[string, ErrorCode]>([
    ['late', 'server_timeout'],
    ['wrong_id', 'server_timeout'],
    ['never', 'server_timeout'],
    ['die', 'server_exited'],
    ['rich', 'server_malformed'],
    ['same_key_twice', 'server_malformed'],
  ])('%s: %s, and the server is there again', async (tool, code) => {
    expectRpcError(await say(scenario, { body: toolCall(`faults__${tool}`) }), { rpc: -32_000, code })
    await scenario.expectCall({ action: 'tools.call', outcome: 'broken', errorCode: code, errorSource: 'provider', attempts: 1 })
    await expectBothWell()
  })

  test('progress without end: to the end of the longest call, and no further', async () => {
    const answer = await say(scenario, { body: toolCall('faults__endless', {}, { _meta: { progressToken: 'p' } }) })
    expect(answer.status).toBe(200)
    expect(answer.messages.length).toBeGreaterThan(10)
    expect(answer.messages.slice(0, -1).every(({ method }) => method === 'notifications/progress')).toBe(true)
    expectRpcError(answer, { rpc: -32_000, code: 'server_timeout' })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'server_timeout', isStream: true, status: 200 })
  }, 20_000)

  test('what it was not waited for is told to it, by the id that it knows', async () => {
    await say(scenario, { body: toolCall('faults__never', {}, {}, 'not a number') })
    await scenario.expectCall({ outcome: 'broken' })
    const cancelled = JSON.parse(textOf(await say(scenario, { body: toolCall('faults__cancelled') })))
    await scenario.expectCall({ outcome: 'ok' })
    expect(cancelled).toContainEqual({ requestId: expect.any(Number), reason: expect.stringContaining('0.7 s') })
  })

  test('a result that says it failed is a good call with a failed tool', async () => {
    const answer = await say(scenario, { body: toolCall('faults__fail') })
    expect(answer.last).toMatchObject({ id: 1, result: { isError: true, content: [{ text: 'It did not work' }] } })
    await scenario.expectCall({ outcome: 'ok', isToolError: true })
  })

  test('an error of its own is told in its own words', async () => {
    const answer = await say(scenario, { body: toolCall('faults__refuse', {}, {}, 'seven') })
    expect(answer.last).toEqual({ jsonrpc: '2.0', id: 'seven', error: { code: -32_050, message: 'Not today', data: { reason: 'closed' } } })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'server_error', rpcErrorCode: -32_050 })
  })

  test('numbers that JavaScript cannot hold, and fields that nobody knows, stay as they are', async () => {
    const answer = await say(scenario, { body: toolCall('faults__numbers') })
    expect(answer.text).toContain('"big":12345678901234567890,"exact":1.0')
    await scenario.expectCall({ outcome: 'ok' })
    const echo = await say(scenario, { body: toolCall('faults__echo', { message: 'x' }, { vendor: { deep: [1] }, _meta: { mine: 1 } }) })
    expect(echo.last.result).toMatchObject({ vendorField: [1, { kept: true }] })
    expect(JSON.parse(textOf(echo))).toMatchObject({ name: 'echo', vendor: { deep: [1] }, _meta: { mine: 1 } })
    await scenario.expectCall({ outcome: 'ok' })
  })

  test("it sees nothing of the gateway's own environment", async () => {
    const seen = textOf(await say(scenario, { body: toolCall('faults__environment') })).split(',')
    await scenario.expectCall({ outcome: 'ok' })
    expect(seen).toContain('PATH')
    expect(seen.filter((name) => !['PATH', 'HOME', 'LANG', 'TMPDIR', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual([])
  })
})

describe('a server over streamable HTTP', () => {
  test.each<[string, string]>([
    ['twice', 'first'],
    ['wrong_then_right', 'right'],
  ])('%s: the answer is told, once', async (tool, text) => {
    expect(textOf(await say(scenario, { body: toolCall(`far__${tool}`) }))).toBe(text)
    await scenario.expectCall({ outcome: 'ok', subject: `far__${tool}` })
  })

  test.each<[string, ErrorCode, string]>([
    ['html', 'server_malformed', 'no answer'],
    ['half_json', 'server_malformed', 'no answer'],
    ['no_body', 'server_malformed', 'no answer'],
    ['batch', 'server_malformed', 'no answer'],
    ['wrong_id', 'server_malformed', 'no answer'],
    ['accepted', 'server_malformed', 'gave no answer'],
    ['cut_stream', 'server_malformed', 'ended the stream'],
    ['failure', 'server_error', '500'],
    ['forbidden', 'server_error', "gateway's own credential"],
    ['elsewhere', 'server_error', 'not followed'],
    ['never', 'server_timeout', 'said nothing within 0.7 s'],
    ['endless_comments', 'server_timeout', 'said nothing within 0.7 s'],
    ['endless_line', 'server_timeout', 'said nothing within 0.7 s'],
    ['endless_messages', 'server_timeout', 'was not done within 3 s'],
  ])(
    '%s: %s',
    async (tool, code, says) => {
      const answer: McpAnswer = await say(scenario, { body: toolCall(`far__${tool}`) })
      expect(expectRpcError(answer, { rpc: -32_000, code })).toContain(says)
      await scenario.expectCall({ action: 'tools.call', outcome: 'broken', errorCode: code, errorSource: 'provider', provider: 'far' })
      await expectBothWell()
      // What nobody waits for is not read on.
      for (let looks = 0; looks < 2000 && http.openStreams() > 0; looks++) await Bun.sleep(10)
      expect(http.openStreams()).toBe(0)
    },
    20_000,
  )

  test('what it was not waited for is told to it', () => {
    expect(http.cancelled.length).toBeGreaterThan(0)
    expect(http.cancelled.every((id) => typeof id === 'number')).toBe(true)
  })
})

test('at the endpoint of one server, a program that dies in a call is there again for the next, in the same session', async () => {
  const session = await begin(scenario, { path: '/mcp/faults' })
  const died = await say(scenario, { path: '/mcp/faults', session, body: toolCall('die') })
  expectRpcError(died, { rpc: -32_000, code: 'server_exited' })
  await scenario.expectCall({ outcome: 'broken', errorCode: 'server_exited', subject: 'faults__die' })
  const after = await say(scenario, { path: '/mcp/faults', session, body: toolCall('echo', { message: 'back' }) })
  expect(JSON.parse(textOf(after)).arguments).toEqual({ message: 'back' })
  await scenario.expectCall({ outcome: 'ok', subject: 'faults__echo' })
})
