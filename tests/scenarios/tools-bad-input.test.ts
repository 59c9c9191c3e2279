import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import {
  begin,
  expectPairs,
  expectRpcError,
  FAULTS,
  introduction,
  post,
  request,
  say,
  textOf,
  toolCall,
  untilRunning,
  withServers,
} from './mcp.ts'

let scenario: Scenario

beforeAll(async () => {
  scenario = await startScenario({ config: withServers({ faults: { command: FAULTS } }) })
  await say(scenario, { body: request('tools/list') })
  await scenario.expectCall({ action: 'tools.list', outcome: 'ok' })
})
afterAll(() => scenario.close())

describe('what is no JSON-RPC is told so, and recorded once', () => {
  test.each<
    [string, string, { status: number; rpc: number; code: 'invalid_json' | 'invalid_request' | 'duplicate_key'; id?: number | null }]
  >([
    ['no JSON', '{"jsonrpc":', { status: 400, rpc: -32_700, code: 'invalid_json', id: null }],
    ['an empty body', '', { status: 400, rpc: -32_700, code: 'invalid_json', id: null }],
    [
      'too deep',
      `{"jsonrpc":"2.0","id":1,"method":"x","params":${'['.repeat(300)}${']'.repeat(300)}}`,
      { status: 400, rpc: -32_700, code: 'invalid_json', id: null },
    ],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', { status: 400, rpc: -32_600, code: 'invalid_request', id: null }],
    ['no object', '"ping"', { status: 400, rpc: -32_600, code: 'invalid_request', id: null }],
    ['no version', '{"id":1,"method":"ping"}', { status: 400, rpc: -32_600, code: 'invalid_request' }],
    ['an older version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', { status: 400, rpc: -32_600, code: 'invalid_request' }],
    [
      'an id that is null',
      '{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
      { status: 400, rpc: -32_600, code: 'invalid_request', id: null },
    ],
    [
      'an id that is an object',
      '{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
      { status: 400, rpc: -32_600, code: 'invalid_request', id: null },
    ],
    [
      'an id that is a fraction',
      '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}',
      { status: 400, rpc: -32_600, code: 'invalid_request', id: null },
    ],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}', { status: 400, rpc: -32_600, code: 'invalid_request' }],
    ['a method that is no name', '{"jsonrpc":"2.0","id":1,"method":"a b\\n"}', { status: 400, rpc: -32_600, code: 'invalid_request' }],
    [
      'params that are a list',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}',
      { status: 400, rpc: -32_600, code: 'invalid_request' },
    ],
    ['neither a method nor an answer', '{"jsonrpc":"2.0","id":1}', { status: 400, rpc: -32_600, code: 'invalid_request' }],
    [
      'an answer that is good and bad',
      '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
      { status: 400, rpc: -32_600, code: 'invalid_request' },
    ],
    [
      'two methods',
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
      { status: 400, rpc: -32_600, code: 'duplicate_key', id: null },
    ],
    [
      'two names',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}',
      { status: 400, rpc: -32_600, code: 'duplicate_key' },
    ],
    [
      'a second name that servers in Go read in the place of the first',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"faults__look","Name":"faults__drop"}}',
      { status: 400, rpc: -32_600, code: 'duplicate_key' },
    ],
    [
      'arguments that servers in Go read, and the schema is not held against',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"faults__echo","argumentſ":{}}}',
      { status: 400, rpc: -32_600, code: 'duplicate_key' },
    ],
    [
      'a second method in other letters',
      '{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}',
      { status: 400, rpc: -32_600, code: 'duplicate_key' },
    ],
    [
      'a second token of progress in other letters',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"faults__look","_meta":{"progressToken":1,"progresstoken":2}}}',
      { status: 400, rpc: -32_600, code: 'duplicate_key' },
    ],
  ])('%s', async (_what, body, expected) => {
    expectRpcError(await say(scenario, { body }), expected)
    await scenario.expectCall({
      action: 'tools.request',
      outcome: 'refused',
      errorCode: expected.code,
      status: 400,
      rpcErrorCode: expected.rpc,
      attempts: 0,
    })
  })

  test('bytes that are no UTF-8', async () => {
    const response = await fetch(`${scenario.dataUrl}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scenario.key}`, 'content-type': 'application/json', accept: '*/*' },
      body: new Uint8Array([123, 34, 255, 34, 58, 49, 125]),
    })
    expect(response.status).toBe(400)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'invalid_json' })
  })
})

describe('a request that the transport does not allow', () => {
  const body = request('tools/list')

  test.each<[string, Parameters<typeof say>[1], { status: number; rpc: number; code: Parameters<typeof expectRpcError>[1]['code'] }]>([
    ['Accept without streams', { body, headers: { accept: 'application/json' } }, { status: 406, rpc: -32_600, code: 'not_acceptable' }],
    ['Accept without JSON', { body, headers: { accept: 'text/event-stream' } }, { status: 406, rpc: -32_600, code: 'not_acceptable' }],
    [
      'another media type',
      { body, headers: { 'content-type': 'text/plain' } },
      { status: 415, rpc: -32_600, code: 'unsupported_media_type' },
    ],
    [
      'a revision that is not spoken',
      { body, headers: { 'mcp-protocol-version': '1999-01-01' } },
      { status: 400, rpc: -32_600, code: 'invalid_request' },
    ],
    ['another HTTP method', { method: 'PUT', body }, { status: 405, rpc: -32_600, code: 'method_not_allowed' }],
    ['a Host that is not ours', { body, headers: { host: 'evil.example.com' } }, { status: 403, rpc: -32_000, code: 'origin_not_allowed' }],
    [
      'an Origin that is not ours',
      { body, headers: { origin: 'http://evil.example.com' } },
      { status: 403, rpc: -32_000, code: 'origin_not_allowed' },
    ],
    ['an Origin that is null', { body, headers: { origin: 'null' } }, { status: 403, rpc: -32_000, code: 'origin_not_allowed' }],
    [
      'an Origin that only begins like ours',
      { body, headers: { origin: 'http://localhost.evil.com' } },
      { status: 403, rpc: -32_000, code: 'origin_not_allowed' },
    ],
    ['no key', { body, key: null }, { status: 401, rpc: -32_000, code: 'unauthenticated' }],
    ['a key that is unknown', { body, key: 'sb_nobody' }, { status: 401, rpc: -32_000, code: 'unauthenticated' }],
    ['a label that is none', { body, headers: { 'x-signalbox-labels': '=' } }, { status: 400, rpc: -32_600, code: 'invalid_request' }],
    ['a session that is unknown', { body, session: 'f'.repeat(64) }, { status: 404, rpc: -32_001, code: 'session_not_found' }],
    ['a stream without a session', { method: 'GET' }, { status: 400, rpc: -32_600, code: 'invalid_request' }],
    ['the end of no session', { method: 'DELETE' }, { status: 400, rpc: -32_600, code: 'invalid_request' }],
  ])('%s', async (_what, message, { status, rpc, code }) => {
    const answer = await say(scenario, message)
    // Before the body was looked at, its id is not known.
    expect(answer.last).toMatchObject({ jsonrpc: '2.0', error: { code: rpc, data: { code } } })
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    await scenario.expectCall({ outcome: 'refused', errorCode: code, status, rpcErrorCode: rpc, attempts: 0 })
  })

  test('pages of this machine may call', async () => {
    expect(await say(scenario, { body, headers: { origin: 'http://localhost:5173' } })).toMatchObject({ status: 200 })
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('a body that is too large', async () => {
    await using small = await startScenario({ config: { ...withServers({}), limits: { jsonBody: '1kB' } } })
    const answer = await say(small, { body: toolCall('x', { text: 'y'.repeat(2000) }) })
    expectRpcError(answer, { status: 413, rpc: -32_600, code: 'request_too_large', id: null })
    await small.expectCall({ outcome: 'refused', errorCode: 'request_too_large' })
  })
})

describe('requests that mean nothing here', () => {
  test('an unknown server: with what the caller may use', async () => {
    const answer = await say(scenario, { path: '/mcp/fault', body: request('tools/list') })
    expect(expectRpcError(answer, { status: 404, rpc: -32_600, code: 'server_not_found' })).toContain('/mcp/faults')
    await scenario.expectCall({ action: 'tools.list', outcome: 'refused', errorCode: 'server_not_found', status: 404 })
    expectRpcError(await say(scenario, { path: '/mcp/fault', body: request('ping') }), {
      status: 404,
      rpc: -32_600,
      code: 'server_not_found',
    })
    await scenario.expectCall({ action: 'tools.ping', outcome: 'refused', errorCode: 'server_not_found' })
  })

  test('a session of the aggregate is none at a server that is not there', async () => {
    const session = await begin(scenario)
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await post(scenario, { path: '/mcp/fault', method, session })).status).toBe(404)
      await scenario.expectCall({ outcome: 'refused', errorCode: 'session_not_found' })
    }
    expect(await say(scenario, { session, body: request('ping') })).toMatchObject({ status: 200 })
  })

  test.each(['nothing', 'faults__nothing', 'faults', 'echo', '__echo', 'constructor', '__proto__'])(
    'the unknown tool %s: with what the caller may use',
    async (name) => {
      const answer = await say(scenario, { body: toolCall(name) })
      expect(expectRpcError(answer, { rpc: -32_602, code: 'tool_not_found' })).toContain('faults__echo')
      await scenario.expectCall({
        action: 'tools.call',
        outcome: 'refused',
        errorCode: 'tool_not_found',
        subject: name,
        rpcErrorCode: -32_602,
        status: 200,
      })
    },
  )

  test('an unknown tool on the endpoint of a server: with the names that hold there', async () => {
    const answer = await say(scenario, { path: '/mcp/faults', body: toolCall('faults__echo') })
    expect(expectRpcError(answer, { rpc: -32_602, code: 'tool_not_found' })).toContain('may use: echo,')
    await scenario.expectCall({ outcome: 'refused', errorCode: 'tool_not_found', provider: 'faults' })
  })

  test.each([{}, { name: 7 }, { name: '' }, { name: 'faults__echo', arguments: [] }, { name: 'faults__echo', arguments: 'x' }])(
    'tools/call with %j',
    async (params) => {
      const answer = await say(scenario, { body: request('tools/call', params), headers: { 'mcp-protocol-version': '2025-06-18' } })
      expectRpcError(answer, { rpc: -32_602, code: 'invalid_arguments' })
      await scenario.expectCall({ outcome: 'refused', errorCode: 'invalid_arguments', attempts: 0 })
    },
  )

  test('an unknown method in a session, and one without', async () => {
    const session = await begin(scenario)
    const inside = await say(scenario, { session, body: request('prompts/list') })
    expect(expectRpcError(inside, { rpc: -32_601, code: 'method_not_found' })).toContain('/mcp/<server>')
    await scenario.expectCall({ action: 'tools.prompts.list', outcome: 'refused', errorCode: 'method_not_found', rpcErrorCode: -32_601 })
    const outside = await say(scenario, { body: request('server/discover') })
    expectRpcError(outside, { status: 400, rpc: -32_600, code: 'invalid_request' })
    await scenario.expectCall({ action: 'tools.server.discover', outcome: 'refused', errorCode: 'invalid_request' })
  })
})

describe('arguments that do not fit the schema', () => {
  test('are told to the model since 2025-11-25, and the server is not asked', async () => {
    const session = await begin(scenario)
    const answer = await say(scenario, { session, body: toolCall('faults__echo', { message: 7 }) })
    expect(answer).toMatchObject({ status: 200, last: { id: 1, result: { isError: true } } })
    expect(textOf(answer)).toBe('The arguments do not fit the tool "echo": arguments.message must be string, and is number.')
    await scenario.expectCall({
      outcome: 'refused',
      errorCode: 'invalid_arguments',
      subject: 'faults__echo',
      attempts: 0,
      rpcErrorCode: undefined,
    })
  })

  test('are an error of the protocol before that', async () => {
    const session = await begin(scenario, { version: '2025-06-18' })
    const answer = await say(scenario, { session, body: toolCall('faults__echo', {}) })
    expect(expectRpcError(answer, { rpc: -32_602, code: 'invalid_arguments' })).toContain('must have "message"')
    await scenario.expectCall({ outcome: 'refused', errorCode: 'invalid_arguments', rpcErrorCode: -32_602, attempts: 0 })
  })
})

describe('ids', () => {
  test('one that is in use in its session is refused, and the first goes on', async () => {
    const session = await begin(scenario)
    const first = say(scenario, { session, body: toolCall('faults__never', {}, {}, 'a') })
    await untilRunning(scenario, 'faults__never')
    const second = await say(scenario, { session, body: toolCall('faults__echo', { message: 'x' }, {}, 'a') })
    expectRpcError(second, { status: 400, rpc: -32_600, code: 'invalid_request', id: 'a' })
    expectRpcError(await first, { rpc: -32_000, code: 'server_timeout', id: 'a' })
    await scenario.expectEvents([
      { type: 'call.started', subject: 'faults__never' },
      { type: 'call.started', subject: 'faults__echo' },
      { type: 'call.ended', outcome: 'refused', errorCode: 'invalid_request', callId: second.callId },
      { type: 'call.ended', outcome: 'broken', errorCode: 'server_timeout', callId: (await first).callId },
    ])
  })

  test('the same one in two sessions, and as text and number, are four', async () => {
    const [left, right] = [await begin(scenario), await begin(scenario)]
    const answers = await Promise.all(
      [left, right].flatMap((session) =>
        [1, '1'].map((id) => say(scenario, { session, body: toolCall('faults__echo', { message: `${session} ${typeof id}` }, {}, id) })),
      ),
    )
    expect(answers.map(({ last }) => last.id)).toEqual([1, '1', 1, '1'])
    expect(answers.map((answer) => JSON.parse(textOf(answer)).arguments.message)).toEqual([
      `${left} number`,
      `${left} string`,
      `${right} number`,
      `${right} string`,
    ])
    await expectPairs(scenario, 4, 'ok')
  })
})

test('what is no call is answered and not recorded', async () => {
  const session = await begin(scenario)
  expect(await say(scenario, { session, body: request('ping', undefined, 'p') })).toMatchObject({
    status: 200,
    last: { id: 'p', result: {} },
  })
  expect(
    await say(scenario, { session, body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 99 } } }),
  ).toMatchObject({ status: 202 })
  expect(await say(scenario, { session, body: { jsonrpc: '2.0', id: 'nobody asked', result: {} } })).toMatchObject({ status: 202 })
  expect((await post(scenario, { method: 'DELETE', session })).status).toBe(204)
  await scenario.expectEvents([])
  expectRpcError(await say(scenario, { session, body: request('tools/list') }), { status: 404, rpc: -32_001, code: 'session_not_found' })
  await scenario.expectCall({ action: 'tools.list', errorCode: 'session_not_found', outcome: 'refused' })
})

test('a client of another revision gets the newest that is spoken', async () => {
  const answer = await say(scenario, { body: request('initialize', introduction({}, '2025-03-26')) })
  expect(answer.last.result).toMatchObject({ protocolVersion: '2025-11-25', capabilities: { tools: { listChanged: true } } })
  await scenario.expectCall({ action: 'tools.initialize', outcome: 'ok' })
})
