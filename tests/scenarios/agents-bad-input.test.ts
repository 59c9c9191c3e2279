import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Scenario } from '../../src/testing/scenario.ts'
import { answer, askAgent, message, rpc, rpcErrorOf, startWithAgent, task } from './a2a.ts'
import type { Question, Reply } from './ask.ts'

let scenario: Scenario

beforeAll(async () => {
  scenario = await startWithAgent()
})
afterAll(() => scenario.close())

const INVALID_REQUEST = -32_600
const INVALID_PARAMS = -32_602

interface Told {
  readonly rpc: number
  readonly code: ErrorCode
  readonly status?: number
  readonly id?: unknown
  readonly says: RegExp
}

/** Asserts that the request was refused in the protocol's own error and recorded once, and that the agent never heard of it. */
async function expectRefused(question: Question, { rpc: rpcCode, code, status = 200, id = 1, says }: Told): Promise<Reply> {
  const heard = scenario.upstream.requests.length
  const reply = await askAgent(scenario, question)
  expect(reply).toMatchObject({ status, json: { jsonrpc: '2.0', id, error: { code: rpcCode } } })
  expect(reply.headers.get('content-type')).toBe('application/json')
  const { message: said, data } = rpcErrorOf(reply)
  expect(said).toMatch(says)
  expect(data[0]).toMatchObject({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', metadata: { code, requestId: reply.callId } })
  await scenario.expectCall({ outcome: 'refused', errorCode: code, rpcErrorCode: rpcCode, status, attempts: 0, layer: 'agents' })
  expect(scenario.upstream.requests).toHaveLength(heard)
  return reply
}

const DEEP = `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":${'['.repeat(300)}${']'.repeat(300)}}`

describe('what is no request of A2A is told so, recorded once, and not passed on', () => {
  test.each<[string, string, Told]>([
    ['no JSON', '{"jsonrpc":', { rpc: -32_700, code: 'invalid_json', id: null, says: /not valid JSON/ }],
    ['nothing', '', { rpc: -32_700, code: 'invalid_json', id: null, says: /body is empty/ }],
    ['a body that is too deep', DEEP, { rpc: -32_700, code: 'invalid_json', id: null, says: /deeper than \d+ levels/ }],
    ['a batch', JSON.stringify([message()]), { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /no batches/ }],
    ['an empty batch', '[]', { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /no batches/ }],
    ['a text', '"SendMessage"', { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /must be a JSON-RPC 2.0 request/ }],
    ['no id', '{"jsonrpc":"2.0","method":"GetTask"}', { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /needs an "id"/ }],
    [
      'an id that is null',
      '{"jsonrpc":"2.0","id":null}',
      { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /needs an "id"/ },
    ],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{}}', { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /an "id"/ }],
    [
      'an id that is a fraction',
      '{"jsonrpc":"2.0","id":1.5}',
      { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /an "id"/ },
    ],
    [
      'an endless id',
      `{"jsonrpc":"2.0","id":"${'x'.repeat(600)}"}`,
      { rpc: INVALID_REQUEST, code: 'invalid_request', id: null, says: /an "id"/ },
    ],
    ['no version', '{"id":1,"method":"GetTask"}', { rpc: INVALID_REQUEST, code: 'invalid_request', says: /"jsonrpc": "2.0"/ }],
    ['no method', '{"jsonrpc":"2.0","id":1}', { rpc: INVALID_REQUEST, code: 'invalid_request', says: /no "method"/ }],
    [
      'two methods',
      '{"jsonrpc":"2.0","id":1,"method":"GetTask","method":"CancelTask","params":{"id":"t"}}',
      { rpc: INVALID_PARAMS, code: 'duplicate_key', id: null, says: /"method" stands more than once/ },
    ],
    [
      'two spellings of one key',
      '{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"taskId":"mine","task_id":"theirs"}}}',
      { rpc: INVALID_PARAMS, code: 'duplicate_key', says: /read the key "task_id" as "taskId"/ },
    ],
    [
      'params that are a list',
      '{"jsonrpc":"2.0","id":"a","method":"GetTask","params":[]}',
      { rpc: INVALID_PARAMS, code: 'invalid_request', id: 'a', says: /"params" of GetTask must be an object/ },
    ],
  ])('%s', async (_what, body, told) => {
    await expectRefused({ body }, told)
  })

  test.each<[string, object, RegExp]>([
    ['no message', {}, /SendMessage needs a message/],
    ['a message that is a text', { message: 'Hello?' }, /SendMessage needs a message/],
    ['a task that is a number', { message: { taskId: 7 } }, /"params\.message\.taskId" must be a text/],
    ['an endless context', { message: { contextId: 'x'.repeat(600) } }, /longer than 512/],
    ['references that are no list', { message: { referenceTaskIds: 'task-1' } }, /must be a list of 100 ids/],
    ['too many references', { message: { referenceTaskIds: Array(101).fill('t') } }, /must be a list of 100 ids/],
    ['a reference that is no text', { message: { referenceTaskIds: [null] } }, /must hold texts only/],
  ])('a message with %s', async (_what, params, says) => {
    await expectRefused({ body: rpc('SendMessage', params) }, { rpc: INVALID_PARAMS, code: 'invalid_request', says })
  })

  test('an id that is a number past 2^53 comes back digit for digit', async () => {
    const reply = await askAgent(scenario, { body: '{"jsonrpc":"2.0","id":12345678901234567890,"method":"Nothing","params":{}}' })
    expect(reply.text).toContain('"id":12345678901234567890,')
    await scenario.expectCall({ outcome: 'refused', errorCode: 'method_not_found' })
  })
})

describe('a method', () => {
  test.each<[string, Told]>([
    ['SendMesage', { rpc: -32_601, code: 'method_not_found', says: /did you mean "SendMessage"\? The gateway passes on SendMessage, / }],
    ['tools/list', { rpc: -32_601, code: 'method_not_found', says: /no method "tools\/list"/ }],
    ['message/send', { rpc: -32_601, code: 'method_not_found', says: /a name of A2A 0\.3: here it is SendMessage\./ }],
    ['tasks/resubscribe', { rpc: -32_601, code: 'method_not_found', says: /here it is SubscribeToTask\./ }],
    ['GetExtendedAgentCard', { rpc: -32_004, code: 'operation_not_supported', says: /one card for every caller; GET it at/ }],
    ['CreateTaskPushNotificationConfig', { rpc: -32_003, code: 'push_not_supported', says: /Stream instead, or ask with GetTask/ }],
    ['ListTaskPushNotificationConfigs', { rpc: -32_003, code: 'push_not_supported', says: /relays no push/ }],
  ])('%s is refused, with what to do', async (method, told) => {
    await expectRefused({ body: rpc(method, { id: 'task-1' }) }, told)
  })

  test.each([['taskPushNotificationConfig'], ['pushNotificationConfig']])(
    'that would have the agent call somebody back is refused, however it is asked for: %s',
    async (key) => {
      const configuration = { [key]: { url: 'http://169.254.169.254/' } }
      const body = rpc('SendMessage', { message: { messageId: 'm', role: 'ROLE_USER', parts: [] }, configuration })
      await expectRefused({ body }, { rpc: -32_003, code: 'push_not_supported', says: /relays no push/ })
    },
  )
})

describe('a version', () => {
  const OLD = { rpc: -32_009, code: 'version_not_supported', says: /send the header "A2A-Version: 1\.0"/ } as const

  test.each([
    ['is not named, which means 0.3', ''],
    ['is 0.3', '0.3'],
    ['is yet to come', '1.1'],
    ['is nonsense', 'one'],
  ])('that %s is refused, with the one that is spoken', async (_what, version) => {
    const reply = await expectRefused({ headers: { 'a2a-version': version } }, OLD)
    expect(rpcErrorOf(reply).data[0]).toMatchObject({ reason: 'VERSION_NOT_SUPPORTED', domain: 'a2a-protocol.org' })
  })

  test('of a client of 0.3 is what it is told of first, under its own id', async () => {
    const body = { ...rpc('message/send', { message: { kind: 'message', parts: [] } }), id: 'old-7' }
    await expectRefused(
      { headers: { 'a2a-version': '' }, body },
      { ...OLD, id: 'old-7', says: /names no version of A2A, which means 0\.3/ },
    )
  })

  test('may stand in the query', async () => {
    scenario.upstream.answer(answer({ task: task('of-the-query') }))
    const path = '/a2a/researcher?A2A-Version=1.0'
    const reply = await fetch(`${scenario.dataUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scenario.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(message()),
    })
    expect(await reply.json()).toMatchObject({ result: { task: { id: 'of-the-query' } } })
    await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed' }, { type: 'call.ended', outcome: 'ok' }])
  })
})

describe('who may call whom', () => {
  test('an agent that is not there: the caller is told which it may use', async () => {
    await expectRefused(
      { path: '/a2a/nobody' },
      { rpc: INVALID_REQUEST, code: 'agent_not_found', status: 404, id: null, says: /no agent "nobody"\. The key may use: researcher\./ },
    )
  })

  test('a team without a grant may call none', async () => {
    const { key } = await scenario.newKey({ team: 'nobody' })
    const says =
      /may not use the agent "researcher"\. The key may use none of the configured agents; access\.teams\.<team>\.agents grants them\./
    await expectRefused({ key }, { rpc: -32_000, code: 'agent_not_allowed', status: 403, says })
    const card = await askAgent(scenario, { key, method: 'GET' })
    expect(card.status).toBe(403)
    await scenario.expectCall({ action: 'agents.card', outcome: 'refused', errorCode: 'agent_not_allowed', status: 403 })
  })

  test('without a key nothing is answered, and the body is not read', async () => {
    const told = { rpc: INVALID_REQUEST, code: 'unauthenticated', status: 401, id: null, says: /key/i } as const
    const reply = await expectRefused({ key: null }, told)
    expect(reply.headers.get('www-authenticate')).toBe('Bearer')
  })

  test.each([
    ['a page of another origin', { origin: 'https://evil.example' }],
    ['a name that points here', { host: 'evil.example' }],
  ])('%s is kept out', async (_what, headers) => {
    await expectRefused({ headers }, { rpc: -32_000, code: 'origin_not_allowed', status: 403, id: null, says: /origin|Host/ })
  })

  test.each([
    ['PUT', '/a2a/researcher', 405],
    ['POST', '/a2a/researcher/.well-known/agent-card.json', 405],
    ['GET', '/a2a/%zz', 404],
    ['GET', '/a2a/', 404],
  ])('%s %s answers %i', async (method, path, status) => {
    const reply = await askAgent(scenario, { method, path })
    expect(reply).toMatchObject({ status, json: { error: { data: [{ metadata: { requestId: reply.callId } }] } } })
    await scenario.expectCall({ outcome: 'refused', status })
  })

  test('a path that names no agent is told which there are', async () => {
    const { json } = await askAgent(scenario, { method: 'GET', path: '/a2a/' })
    expect(json).toMatchObject({
      error: { message: expect.stringMatching(/^The path names no agent; call it at \/a2a\/<agent>\. The key may use: \w/) },
    })
    await scenario.expectCall({ outcome: 'refused', status: 404 })
  })

  test('a body that is no JSON by its own word is refused', async () => {
    await expectRefused(
      { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { rpc: INVALID_REQUEST, code: 'unsupported_media_type', status: 415, id: null, says: /must be JSON/ },
    )
  })
})
