import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, type Question } from './ask.ts'

// One gateway for all rows: each row leaves its pair of events behind, and nothing else.
const shared: { scenario?: Scenario } = {}

beforeAll(async () => {
  shared.scenario = await startScenario()
})

afterAll(async () => {
  await shared.scenario?.close()
})

function scenarioOf(): Scenario {
  if (shared.scenario === undefined) throw new Error('The scenario was not started.')
  return shared.scenario
}

interface Refusal {
  readonly status: number
  readonly code: ErrorCode
  readonly param?: string | null
  readonly allow?: string | null
  readonly says?: RegExp
}

/** Sends it, and asserts that it is refused, recorded as such, and not sent on. */
async function expectRefused(question: Question, { status, code, param, says, allow = null }: Refusal): Promise<void> {
  const scenario = scenarioOf()
  const reply = await ask(scenario, question)
  const error = expectError(reply, status, code)
  expect(error.source).toBe('caller')
  if (param !== undefined) expect(error.param).toBe(param)
  if (says !== undefined) expect(error.message).toMatch(says)
  expect(reply.headers.get('x-should-retry')).toBe('false')
  expect(reply.headers.get('allow')).toBe(allow)
  await scenario.expectCall({
    ...{ callId: reply.callId, outcome: 'refused', errorCode: code, errorSource: 'caller', status, attempts: 0 },
    errorMessage: error.message,
  })
  expect(scenario.upstream.requests).toHaveLength(0)
}

const bytes = (...parts: readonly (string | number)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part])))))

/** Not every text is fit for the name of a test. */
const shortened = (text: string) => [JSON.stringify(text.slice(0, 40)), text] as const

describe('a body that is no JSON', () => {
  test.each<[what: string, body: string | Uint8Array<ArrayBuffer>, says?: RegExp]>([
    ['an opening brace', '{'],
    ['an object without its end', '{"model":"mini","messages":[]'],
    ['an object with a comma too many', '{"model":"mini",}'],
    ['an object in single quotes', `{'model':'mini'}`],
    ['a form', 'model=mini&stream=true'],
    ['a list without its end', '[1,2'],
    ['an object and more', '{"model":"mini"} {"model":"maxi"}'],
    ['a key without quotes', '{model:"mini"}'],
    ['a number that JSON does not have', '{"model":"mini","n":NaN}'],
    ['a line break in a string', '{"model":"mi\nni"}'],
    ['a string without its end', '{"model":"mini'],
    ['a key without a value', '{"model"}'],
    ['a colon too many', '{"model"::"mini"}'],
    ['a value without a key', '{"mini"}'],
    ['closing brackets only', ']]]}}}'],
    ['nothing', '', /^The body is empty/],
    ['blanks', ' \n\t', /^The body is empty/],
    ['a byte that UTF-8 does not have', bytes('{"model":"mi', 0xff, 'ni"}'), /not valid UTF-8/],
    ['a character without its beginning', bytes('{"model":"mini","x":"', 0x80, '"}'), /not valid UTF-8/],
    ['a character without its end', bytes('{"model":"mini","x":"', 0xe2, 0x82, '"}'), /not valid UTF-8/],
    ['an overlong character', bytes('{"model":"mini","x":"', 0xc0, 0xaf, '"}'), /not valid UTF-8/],
    ['half of a pair', bytes('{"model":"mini","x":"', 0xed, 0xa0, 0x80, '"}'), /not valid UTF-8/],
    ['UTF-16', new Uint8Array(Buffer.from('\uFEFF{"model":"mini"}', 'utf16le')), /not valid UTF-8/],
    ['gzip', Bun.gzipSync('{"model":"mini"}'), /^The body is compressed; send it as it is/],
    ['Zstandard', new Uint8Array(Bun.zstdCompressSync('{"model":"mini"}')), /^The body is compressed; send it as it is/],
  ])('is refused: %s', async (...[, body, says = /^The body is not valid JSON: /]) => {
    await expectRefused({ body }, { status: 400, code: 'invalid_json', says })
  })

  const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

  test.each<[what: string, body: string]>([
    ['lists in a field', `{"model":"mini","messages":${lists(300)}}`],
    ['objects in a field', `{"model":"mini","x":${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`],
    ['lists at the top', lists(300)],
    ['a million lists without end', '['.repeat(1_000_000)],
    ['a million objects without end', '{"a":'.repeat(1_000_000)],
  ])('or nested too deeply is refused quickly: %s', async (_what, body) => {
    const began = performance.now()
    await expectRefused({ body }, { status: 400, code: 'invalid_json', says: /^The body is nested deeper than 256 levels\.$/ })
    expect(performance.now() - began).toBeLessThan(2000)
  })
})

describe('JSON that is no chat request', () => {
  test.each(['[]', '"mini"', '1', 'null', 'true', ' [{"model":"mini"}] '])('is refused: %s is no object', async (body) => {
    await expectRefused({ body }, { status: 400, code: 'invalid_request', param: null, says: /^The body must be a JSON object\.$/ })
  })

  test.each<[param: string, value: string, body: object]>([
    ['model', 'missing', { messages: [] }],
    ...[null, 1, '', true, ['mini'], { name: 'mini' }].map(
      (model) => ['model', JSON.stringify(model), { model }] as [string, string, object],
    ),
    ...['true', 1, 0, '', [], {}].map(
      (stream) => ['stream', JSON.stringify(stream), { model: 'mini', stream }] as [string, string, object],
    ),
  ])('is refused: the field %s is %s', async (param, _value, body) => {
    await expectRefused({ body }, { status: 400, code: 'invalid_request', param, says: new RegExp(`^The field "${param}" must be `) })
  })

  test.each(
    ['maxi', 'MINI', 'mini ', 'fake-model', '__proto__', 'constructor', 'fake/mini', '*', 'm'.repeat(100_000), 'mi\u0000ni', '\ud83d'].map(
      shortened,
    ),
  )('is refused where there is no such model, with those there are: %s', async (_shown, model) => {
    await expectRefused(
      { body: chat({ model }) },
      { status: 404, code: 'model_not_found', param: 'model', says: /The key may use: mini\.$/ },
    )
  })

  const twice = (key: string, first: unknown, second: unknown, spelled = key) =>
    `{"model":"mini","${key}":${JSON.stringify(first)},"messages":[],"${spelled}":${JSON.stringify(second)}}`

  test.each<[key: string, body: string]>([
    ['model', '{"model":"mini","messages":[],"model":"maxi"}'],
    ['model', '{"model":"mini","messages":[],"\\u006dodel":"maxi"}'],
    ['model', '{"\\u006d\\u006f\\u0064\\u0065\\u006c":"mini","messages":[],"model":"maxi"}'],
    ['model', '{"model":"mini","messages":[],"model"   :  "mini"}'],
    ['stream', twice('stream', false, true)],
    ['stream', twice('stream', false, true, 'str\\u0065am')],
    ['max_tokens', twice('max_tokens', 10, 1_000_000)],
    ['max_tokens', twice('max_tokens', 10, 1_000_000, 'max\\u005ftokens')],
    ['max_completion_tokens', twice('max_completion_tokens', 10, 20)],
    ['tools', twice('tools', [], [{ type: 'function' }])],
    ['tool_choice', twice('tool_choice', 'none', 'auto')],
    ['messages', '{"model":"mini","messages":[],"messages":[{"role":"system","content":"x"}]}'],
    ['stream_options', twice('stream_options', {}, { include_usage: false })],
    ['n', twice('n', 1, 100)],
  ])('is refused: the key %s stands twice in %s', async (key, body) => {
    await expectRefused(
      { body },
      { status: 400, code: 'duplicate_key', param: key, says: new RegExp(`^The key "${key}" stands more than once`) },
    )
  })

  test.each<[key: string, spelled: string]>([
    ['model', 'Model'],
    ['model', 'MODEL'],
    ['stream', 'Stream'],
    ['stream', '\u017ftream'],
    ['tools', 'tool\\u017f'],
    ['max_tokens', 'Max_Tokens'],
    ['max_tokens', 'max_to\u212aens'],
  ])('is refused: besides %s there is %s, which some providers read as the same', async (key, spelled) => {
    const param = JSON.parse(`"${spelled}"`)
    await expectRefused(
      { body: `{"model":"mini","messages":[],"${spelled}":"maxi"}` },
      { status: 400, code: 'duplicate_key', param, says: new RegExp(`"${key}"`) },
    )
  })
})

describe('a bad header', () => {
  test.each(
    [
      'feature',
      'feature=',
      '=search',
      'a=b=c',
      'a=1,a=2',
      'a=1,,b=2',
      'fea ture=x',
      'é=x',
      `${'n'.repeat(65)}=x`,
      `a=${'v'.repeat(257)}`,

      `${Array.from({ length: 33 }, (_, index) => `l${index}=x`).join()}`,
    ].map(shortened),
  )('of labels is refused: %s', async (_shown, labels) => {
    const refusal = {
      status: 400,
      code: 'invalid_request',
      param: 'x-signalbox-labels',
      says: /^The header x-signalbox-labels is not valid: /,
    } as const
    await expectRefused({ headers: { 'x-signalbox-labels': labels } }, refusal)
  })

  test.each(['@v1', 'name@', 'a b', '-x', 'name@v1@v2', 'näme', `${'n'.repeat(129)}`, 'name@/v1'].map(shortened))(
    'of a prompt is refused: %s',
    async (_shown, prompt) => {
      const refusal = {
        status: 400,
        code: 'invalid_request',
        param: 'x-signalbox-prompt',
        says: /^The header x-signalbox-prompt is not valid: /,
      } as const
      await expectRefused({ headers: { 'x-signalbox-prompt': prompt } }, refusal)
    },
  )

  test.each([
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'text/html',
    'application/xml',
    'image/png',
    'audio/mpeg',
    'json',
    'application/json-seq',
    'text/plainer',
  ])('of a type that is not JSON is refused: %s', async (type) => {
    await expectRefused(
      { headers: { 'content-type': type } },
      { status: 415, code: 'unsupported_media_type', says: /must be JSON \(application\/json\), not / },
    )
  })

  test('of a trace is no reason to refuse a call', async () => {
    await using scenario = await startScenario()
    for (const traceparent of [
      'garbage',
      '00-00000000000000000000000000000000-b7ad6b7169203331-01',
      'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ]) {
      expect((await ask(scenario, { headers: { traceparent } })).status).toBe(200)
      await scenario.expectCall({ outcome: 'ok', traceId: /^[0-9a-f]{32}$/, parentSpanId: undefined })
    }
  })
})

describe('a request that is sent to the wrong place', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('is refused: %s of the chat', async (method) => {
    await expectRefused({ method }, { status: 405, code: 'method_not_allowed', allow: 'POST', says: /takes POST, not [A-Z]+\.$/ })
  })

  test.each(['POST', 'DELETE'])('is refused: %s of the models', async (method) => {
    await expectRefused(
      { method, path: '/v1/models' },
      { status: 405, code: 'method_not_allowed', allow: 'GET', says: /takes GET, not [A-Z]+\.$/ },
    )
  })

  test.each(
    [
      '/v1',
      '/v1/',
      '/v1/embedding',
      '/v1/chat/completions/',
      '/v1/Chat',
      '/v1//chat',
      '/v1/mini/models',
      '/v1/chat%2Fcompletions',
      `/v1/${'x'.repeat(3000)}`,
      '/v1/constructor',
    ].map(shortened),
  )('is refused: %s is no path', async (_shown, path) => {
    await expectRefused(
      { path },
      {
        status: 404,
        code: 'not_found',
        says: /^There is nothing at \/v1.{0,200}\.(?: Did you mean .{0,100}\?(?: Mend .{0,40}\.)?)? The models gateway answers at \/v1\/chat\/completions, /,
      },
    )
  })

  test.each([
    ['/v1/v1/chat/completions', '/v1/chat/completions'],
    ['/v1//chat/completions', '/v1/chat/completions'],
    ['/v1/chat/completions/', '/v1/chat/completions'],
    ['/v1/v1beta/models/mini:generateContent', '/v1/models/mini:generateContent'],
  ])('is told what was meant: %s', async (path, meant) => {
    const says = new RegExp(`^There is nothing at ${path}\\. Did you mean ${meant}\\? Mend the base URL`)
    await expectRefused({ path }, { status: 404, code: 'not_found', says })
  })

  test.each([
    ['/v1/chat/completion', '/v1/chat/completions'],
    ['/v1/embedding', '/v1/embeddings'],
  ])('is told which path is near: %s', async (path, near) => {
    const says = new RegExp(`^There is nothing at ${path}\\. Did you mean ${near}\\? The models gateway answers at `)
    await expectRefused({ path }, { status: 404, code: 'not_found', says })
  })

  test.each(['/', '/chat/completions', '/v2/chat/completions', '/api/v1/keys', '/metrics', '/favicon.ico'])(
    'is told so: %s belongs to no gateway, so there is no call',
    async (path) => {
      const scenario = scenarioOf()
      const reply = await ask(scenario, { path })
      expect(reply).toMatchObject({ status: 404, json: { error: { code: 'not_found', type: 'invalid_request_error' } } })
      expect(reply.headers.get('content-type')).toStartWith('application/json')
      await scenario.expectEvents([])
    },
  )
})

describe('what looks bad and is not', () => {
  test.each<[what: string, body: string]>([
    ['a key that stands twice and that the gateway does not read', '{"model":"fake","messages":[],"user":"a","user":"b"}'],
    ['a key that stands twice deeper down', '{"model":"fake","messages":[{"role":"user","role":"user","model":1,"model":2}]}'],
    ['the name of a key as a value', '{"model":"fake","messages":[],"user":"model","x":["model","stream","stream"]}'],
    ['brackets in a string', `{"model":"fake","messages":[],"x":"${'['.repeat(1000)}"}`],
    ['an escaped quote and a backslash at the end of a string', '{"model":"fake","messages":[],"x":"\\"model\\":\\\\","y":"\\\\\\""}'],
    ['as many levels as are allowed', `{"model":"fake","messages":${'['.repeat(255)}${']'.repeat(255)}}`],
    ['a number beyond any', '{"model":"fake","messages":[],"seed":1e400}'],
    ['a character beyond ASCII in a key', '{"model":"fake","messages":[],"ключ":1,"ﬀ":2}'],
    ['no messages: whether they are needed is for the provider to say', '{"model":"fake"}'],
  ])('reaches the provider as it is: %s', async (_what, body) => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: { providers: { local: { wire: 'openai-chat', baseUrl } }, models: [{ name: 'fake', provider: 'local' }] },
      }),
    })
    expect((await ask(scenario, { body })).status).toBe(200)
    expect(scenario.upstream.requests.map((request) => request.body)).toEqual([body])
    await scenario.expectCall({ outcome: 'ok' })
  })
})
