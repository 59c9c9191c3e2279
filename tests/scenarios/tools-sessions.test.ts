import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { begin, expectRpcError, FAULTS, post, request, say, textOf, toolCall, untilRunning, withServers } from './mcp.ts'

const PATIENT = { timeouts: { call: '10s', total: '20s', connect: '20s', list: '10s' } }
const NEAR = '/mcp/faults'

let scenario: Scenario

beforeAll(async () => {
  scenario = await startScenario({ config: withServers({ faults: { command: FAULTS } }, { tools: PATIENT }) })
  await say(scenario, { body: request('tools/list') })
  await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
})
afterAll(() => scenario.close())

const notification = (method: string, params = {}) => ({ jsonrpc: '2.0', method, params })

/** The stream of a session, read as it comes. */
async function openStream(path: string, session: string, headers: Readonly<Record<string, string>> = {}) {
  const leave = new AbortController()
  const response = await post(scenario, { method: 'GET', path, session, signal: leave.signal, headers })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let seen = ''
  return {
    /** Reads on until this was said, or the stream has ended. Gives all that was said. */
    readTo: async (wanted: string): Promise<string> => {
      while (!seen.includes(wanted)) {
        const read = await reader?.read()
        if (read === undefined || read.done) break
        seen += read.value
      }
      return seen
    },
    leave: () => leave.abort(),
  }
}

describe('the end of a session', () => {
  test.each(['/mcp', NEAR])('is what DELETE says, at %s: what runs is ended, and nobody finds it again', async (path) => {
    const session = await begin(scenario, { path })
    const running = say(scenario, { path, session, body: toolCall(path === NEAR ? 'never' : 'faults__never') })
    await untilRunning(scenario, 'faults__never')
    expect((await post(scenario, { path, method: 'DELETE', session })).status).toBe(204)
    expect(await running).toMatchObject({ status: 200, text: '' })
    await scenario.expectCall({ action: 'tools.call', outcome: 'cancelled', errorCode: 'client_closed' })
    for (const message of [{ body: request('tools/list') }, { method: 'GET' }, { method: 'DELETE' }] as const) {
      const answer = await say(scenario, { path, session, ...message })
      expect([answer.status, answer.last]).toMatchObject([404, { error: { code: -32_001, data: { code: 'session_not_found' } } }])
      await scenario.expectCall({ outcome: 'refused', errorCode: 'session_not_found', status: 404 })
    }
  })

  test('nobody else has it: not another key, not another endpoint', async () => {
    const session = await begin(scenario)
    const other = await scenario.newKey()
    for (const message of [{ key: other.key }, { path: NEAR }]) {
      expectRpcError(await say(scenario, { ...message, session, body: request('tools/list') }), {
        ...{ status: 404, rpc: -32_001, code: 'session_not_found' },
      })
      await scenario.expectCall({ action: 'tools.list', outcome: 'refused', errorCode: 'session_not_found' })
      expect((await post(scenario, { ...message, session, method: 'DELETE' })).status).toBe(404)
      await scenario.expectCall({ outcome: 'refused', errorCode: 'session_not_found' })
    }
    expect(await say(scenario, { session, body: request('tools/list') })).toMatchObject({ status: 200 })
    await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
  })

  test('a revision that the session does not speak is refused, and its own is not', async () => {
    const session = await begin(scenario, { version: '2025-06-18' })
    const body = request('tools/list')
    const answer = await say(scenario, { session, body, headers: { 'mcp-protocol-version': '2025-11-25' } })
    expect(expectRpcError(answer, { status: 400, rpc: -32_600, code: 'invalid_request' })).toContain('2025-06-18')
    await scenario.expectCall({ outcome: 'refused', errorCode: 'invalid_request' })
    expect(await say(scenario, { session, body, headers: { 'mcp-protocol-version': '2025-06-18' } })).toMatchObject({ status: 200 })
    await scenario.expectCall({ outcome: 'ok' })
  })
})

test('where all programs are taken, a key that begins many ends its own, and nobody else’s', async () => {
  await using small = await startScenario({ config: withServers({ faults: { command: FAULTS, programs: 3 } }, { tools: PATIENT }) })
  const greedy = (await small.newKey()).key
  const modest = await begin(small, { path: NEAR })
  const many: string[] = []
  for (let count = 0; count < 5; count++) many.push(await begin(small, { path: NEAR, key: greedy }))
  const statusOf = async (session: string, key: string) => (await say(small, { path: NEAR, session, key, body: request('ping') })).status
  expect(await statusOf(modest, small.key)).toBe(200)
  expect(await Promise.all(many.map((session) => statusOf(session, greedy)))).toEqual([404, 404, 404, 200, 200])
})

describe('a message without an id', () => {
  test.each(['tools/call', 'resources/read', 'initialize'])(
    'is no way to have %s done: it is refused, recorded, and not sent on',
    async (method) => {
      const session = await begin(scenario, { path: NEAR })
      const answer = await say(scenario, { path: NEAR, session, body: notification(method, { name: 'grow' }) })
      expectRpcError(answer, { status: 400, rpc: -32_600, code: 'invalid_request', id: null })
      await scenario.expectCall({ action: 'tools.request', outcome: 'refused', errorCode: 'invalid_request' })
      // A server that looks at no id would have the tool by now.
      const list = await say(scenario, { path: NEAR, session, body: request('tools/list') })
      expect(list.text).not.toContain('grown')
      await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
    },
  )

  test('that is a notification goes on', async () => {
    const session = await begin(scenario, { path: NEAR })
    const told = await say(scenario, { path: NEAR, session, body: notification('notifications/roots/list_changed') })
    expect(told).toMatchObject({ status: 202, text: '' })
  })
})

describe('a call that its client gives up', () => {
  const cancelledIds = async () => {
    const told = JSON.parse(textOf(await say(scenario, { body: toolCall('faults__cancelled') }))) as { requestId: number }[]
    await scenario.expectCall({ outcome: 'ok' })
    return told.map(({ requestId }) => requestId)
  }

  test('with notifications/cancelled: the server is told, and there is no answer', async () => {
    const before = await cancelledIds()
    const session = await begin(scenario)
    const running = say(scenario, { session, body: toolCall('faults__never', {}, {}, 'x') })
    await untilRunning(scenario, 'faults__never')
    const cancel = (requestId: unknown) =>
      post(scenario, { session, body: notification('notifications/cancelled', { requestId, reason: 'enough' }) })
    // Another id than that of the call: nothing happens.
    expect((await cancel('y')).status).toBe(202)
    expect((await cancel('x')).status).toBe(202)
    expect(await running).toMatchObject({ status: 200, text: '' })
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', subject: 'faults__never' })
    expect(await cancelledIds()).toHaveLength(before.length + 1)
  })

  test('by going away: the same', async () => {
    const before = await cancelledIds()
    const leave = new AbortController()
    const running = post(scenario, { body: toolCall('faults__never'), signal: leave.signal }).catch(() => 'left')
    await untilRunning(scenario, 'faults__never')
    leave.abort()
    expect(await running).toBe('left')
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', subject: 'faults__never' })
    expect(await cancelledIds()).toHaveLength(before.length + 1)
  })

  test('by going away while the answer streams: the same', async () => {
    const before = await cancelledIds()
    const leave = new AbortController()
    const body = toolCall('faults__endless', {}, { _meta: { progressToken: 7 } })
    const response = await post(scenario, { body, signal: leave.signal })
    const first = await response.body?.getReader().read()
    expect(new TextDecoder().decode(first?.value)).toContain('"progressToken":7')
    leave.abort()
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', subject: 'faults__endless', isStream: true })
    expect(await cancelledIds()).toHaveLength(before.length + 1)
  })
})

describe('what a server says by itself', () => {
  test('a ping is answered by the gateway, and a question that the client cannot answer is refused', async () => {
    for (const path of ['/mcp', NEAR]) {
      const session = await begin(scenario, { path })
      const ask = async (tool: string) => {
        const answer = await say(scenario, { path, session, body: toolCall(path === NEAR ? tool : `faults__${tool}`) })
        await scenario.expectCall({ action: 'tools.call', outcome: 'ok' })
        return JSON.parse(textOf(answer)) as unknown
      }
      expect(await ask('ask_ping')).toEqual({})
      expect(await ask('ask')).toMatchObject({ code: -32_601 })
      expect(await ask('ask_roots')).toMatchObject({ code: -32_601 })
    }
  })

  test('a question goes to the caller under an id of its own, and its answer back', async () => {
    const session = await begin(scenario, { path: NEAR, capabilities: { roots: {} } })
    const response = await post(scenario, { path: NEAR, session, body: toolCall('ask_roots', {}, {}, 'mine') })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const [, json = ''] = /^data: (.+)$/m.exec((await reader?.read())?.value ?? '') ?? []
    const question = JSON.parse(json) as { id: string; method: string }
    const { id, method } = question
    expect([id, method]).toEqual([expect.stringMatching(/^sb-\d+$/), 'roots/list'])
    const answer = { jsonrpc: '2.0', id, result: { roots: [{ uri: 'file:///here' }] } }
    expect((await post(scenario, { path: NEAR, session, body: answer })).status).toBe(202)
    // A second answer to the same question is nobody's.
    expect((await post(scenario, { path: NEAR, session, body: answer })).status).toBe(202)
    expect((await reader?.read())?.value).toContain('file:///here')
    await scenario.expectCall({ outcome: 'ok', subject: 'faults__ask_roots', isStream: true })
  })

  test.each(['/mcp', NEAR])('that its list has changed reaches the stream at %s, and the new tool can be called', async (path) => {
    await using fresh = await startScenario({ config: withServers({ faults: { command: FAULTS } }, { tools: PATIENT }) })
    const outer = scenario
    scenario = fresh
    try {
      const session = await begin(fresh, { path })
      const named = (tool: string) => (path === NEAR ? tool : `faults__${tool}`)
      // Before the stream is there: that the first list of all has come is a change as well.
      expect((await say(fresh, { path, session, body: request('tools/list') })).text).not.toContain(named('grown'))
      const stream = await openStream(path, session)
      const grown = await say(fresh, { path, session, body: toolCall(named('grow')) })
      expect(grown.status).toBe(200)
      expect(await stream.readTo('list_changed')).toContain('"method":"notifications/tools/list_changed"')
      expect((await say(fresh, { path, session, body: request('tools/list') })).text).toContain(named('grown'))
      expect(textOf(await say(fresh, { path, session, body: toolCall(named('grown')) }))).toBe('I am new')
      stream.leave()
    } finally {
      scenario = outer
    }
  })

  test('a second stream takes the place of the first; Last-Event-ID is not looked at, for no event has an id', async () => {
    const session = await begin(scenario)
    const first = await openStream('/mcp', session)
    const second = await openStream('/mcp', session, { 'last-event-id': '7' })
    expect(await first.readTo('never said')).not.toContain('id:')
    second.leave()
  })
})

test('a result of ten megabytes comes as it was sent, whole and as a stream', async () => {
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
  const expected = hashOf('é"\n'.repeat(2_500_000))
  const whole = await say(scenario, { body: toolCall('faults__big') })
  expect(hashOf(textOf(whole))).toBe(expected)
  const { sizeOutBytes } = await scenario.expectCall({ outcome: 'ok', subject: 'faults__big' })
  expect(sizeOutBytes).toBe(Buffer.byteLength(whole.text))
  const session = await begin(scenario, { path: NEAR })
  const streamed = await say(scenario, { path: NEAR, session, body: toolCall('big', {}, { _meta: { progressToken: 'p' } }) })
  expect(streamed.messages).toHaveLength(2)
  expect(hashOf(textOf(streamed))).toBe(expected)
  await scenario.expectCall({ outcome: 'ok', subject: 'faults__big', isStream: true })
})
