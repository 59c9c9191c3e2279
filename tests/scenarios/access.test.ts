import { describe, expect, test } from 'bun:test'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'

/** All that an upstream received, as one text. */
function receivedText({ upstream }: Scenario): string {
  return upstream.requests.map(({ path, headers, body }) => JSON.stringify([path, headers, body])).join('\n')
}

describe('a key', () => {
  type Place = (key: string) => { readonly path?: string; readonly headers?: Record<string, string> }
  const PLACES: Readonly<Record<string, Place>> = {
    'as Bearer': (key) => ({ headers: { authorization: `Bearer ${key}` } }),
    'as bearer, with more spaces': (key) => ({ headers: { authorization: `bearer   ${key}` } }),
    'in x-api-key': (key) => ({ headers: { 'x-api-key': key } }),
    'in api-key': (key) => ({ headers: { 'api-key': key } }),
    'in x-goog-api-key': (key) => ({ headers: { 'x-goog-api-key': key } }),
    'in ?key=': (key) => ({ path: `/v1/chat/completions?key=${key}` }),
    'in ?key= behind another parameter': (key) => ({ path: `/v1/chat/completions?alt=sse&key=${key}` }),
    'everywhere at once': (key) => ({
      path: `/v1/chat?key=${key}`,
      headers: { authorization: `Bearer ${key}`, 'x-api-key': key, 'api-key': key, 'x-goog-api-key': key },
    }),
    'in x-api-key, beside other credentials': (key) => ({
      headers: { 'x-api-key': key, authorization: `Basic ${btoa(`user:${key}`)}`, cookie: `key=${key}`, 'x-goog-user-project': key },
    }),
  }

  test.each(Object.entries(PLACES))('is found %s, and stays here', async (_where, placeOf) => {
    await using scenario = await startScenario()
    for (const body of [chat(), chat({ stream: true })]) {
      const reply = await ask(scenario, { key: null, body, ...placeOf(scenario.key) })
      expect(reply.status).toBe(200)
      await scenario.expectCall({ outcome: 'ok', principal: { team: 'support', keyId: scenario.keyId } })
    }
    expect(scenario.upstream.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/chat/completions'])
    const received = receivedText(scenario)
    const secret = scenario.key.slice('sb_'.length + scenario.keyId.length + 1)
    for (const text of [scenario.key, secret, scenario.keyId, btoa(`user:${scenario.key}`)]) expect(received).not.toContain(text)
  })

  type Sent = (key: string, adminKey: string) => Readonly<Record<string, string>>
  test.each<[what: string, sent: Sent, says: string]>([
    ['nowhere', () => ({}), 'No key was sent. Send one as "Authorization: Bearer sb_…"; `signalbox keys create --team NAME` makes one.'],
    [
      'in a header of its own',
      (key) => ({ 'x-signalbox-key': key }),
      'There is a key in the header x-signalbox-key, in which none is read.',
    ],
    ['without Bearer', (key) => ({ authorization: key }), 'The header Authorization holds no bearer key; is the variable set that should'],
    [
      'in a variable that is not set',
      () => ({ authorization: 'Bearer ' }),
      'The header Authorization holds no bearer key; is the variable set',
    ],
    ['mistyped', (key) => ({ authorization: `Bearer ${key}x` }), 'This key is not known here. It is mistyped, or of another installation'],
    ['as that of a provider', () => ({ authorization: 'Bearer sk-1' }), 'This key is not known here. Keys of Signalbox look like sb_<id>_'],
    [
      'as the admin key',
      (_, adminKey) => ({ authorization: `Bearer ${adminKey}` }),
      'This is the admin key of a control port. Calls need the key',
    ],
  ])('that is sent %s is told what to do, and is not repeated', async (_where, sent, says) => {
    await using scenario = await startScenario()
    const reply = await ask(scenario, { key: null, headers: sent(scenario.key, scenario.adminKey), body: chat() })
    const { message } = expectError(reply, 401, 'unauthenticated')
    expect(message).toStartWith(says)
    expect(message).not.toContain(scenario.keyId)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'unauthenticated', attempts: 0 })
  })

  test.each<[what: string, keyOf: (scenario: Scenario) => string | null]>([
    ['is missing', () => null],
    ['is empty', () => ''],
    ['is none of ours', () => 'sk-proj-1234567890'],
    ['has an unknown id', ({ key }) => `sb_aaaaaaaaaaaa_${key.slice(-52)}`],
    ['has another secret', ({ key }) => `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`],
    ['is cut off', ({ key }) => key.slice(0, -1)],
    ['has a character too many', ({ key }) => `${key}a`],
    ['is written in upper case', ({ key }) => key.toUpperCase()],
    ['is the one of the control API', ({ adminKey }) => adminKey],
    ['is called like something every object has', () => 'constructor'],
  ])('that %s is refused with 401, and the body is not looked at', async (_what, keyOf) => {
    await using scenario = await startScenario()
    const reply = await ask(scenario, { key: keyOf(scenario), body: '{"this is": no JSON' })
    const error = expectError(reply, 401, 'unauthenticated')
    expect(error).toMatchObject({ type: 'authentication_error', source: 'caller' })
    expect(reply.headers.get('x-should-retry')).toBe('false')
    await scenario.expectCall({
      ...{ outcome: 'refused', errorCode: 'unauthenticated', status: 401, attempts: 0, subject: undefined },
      principal: { organisation: '-', team: undefined, keyId: undefined },
    })
    expect(scenario.upstream.requests).toEqual([])
  })

  test.each([null, 'sb_nobody'])('is needed for the list of models too: %p is refused', async (key) => {
    await using scenario = await startScenario()
    expectError(await ask(scenario, { method: 'GET', path: '/v1/models', key }), 401, 'unauthenticated')
    await scenario.expectCall({ action: 'models.list', outcome: 'refused', errorCode: 'unauthenticated', status: 401 })
  })

  test('that has expired is refused, and says when that was', async () => {
    await using scenario = await startScenario()
    const expiresAt = new Date(Date.now() + 2000).toISOString()
    const { key } = await scenario.newKey({ name: 'short', expiresAt })
    expect((await ask(scenario, { key })).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
    await Bun.sleep(Math.max(0, Date.parse(expiresAt) - Date.now()))
    const error = expectError(await ask(scenario, { key }), 401, 'key_expired')
    expect(error.message).toContain(`expired on ${expiresAt}`)
    expect(error.source).toBe('policy')
    await scenario.expectCall({ outcome: 'refused', errorCode: 'key_expired', attempts: 0 })
  })

  test('works in a gateway that is started again on the same folder', async () => {
    await using first = await startScenario()
    const { folder, key, keyId } = first
    await first.shutDown()
    await using second = await startScenario({ folder, baseUrl: first.upstream.baseUrl })
    expect((await ask(second, { key })).status).toBe(200)
    await second.expectCall({ outcome: 'ok', principal: { keyId } })
    expect(second.adminKey).toBe(first.adminKey)
  })
})

describe('the models that a key may use', () => {
  const NAMES = ['mini', 'maxi', 'eu/mini', 'eu/maxi', 'us/mini']
  const config = (baseUrl: string) => ({
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl } },
      models: [...NAMES.map((name) => ({ name, provider: 'fake' })), { name: 'any/*', provider: 'fake' }],
    },
    access: {
      teams: { all: {}, none: { models: [] }, europe: { models: ['eu/*'] }, small: { models: ['*mini'] }, any: { models: ['any/a*'] } },
    },
  })

  test.each<[team: string, models: readonly string[] | undefined, allowed: readonly string[], refused: readonly string[]]>([
    ['all', undefined, [...NAMES, 'any/a', 'any/b'], []],
    ['all', ['mini'], ['mini'], ['maxi', 'eu/mini', 'any/a']],
    ['all', ['eu/*'], ['eu/mini', 'eu/maxi'], ['mini', 'us/mini', 'any/a']],
    ['all', ['*/mini', 'maxi'], ['eu/mini', 'us/mini', 'maxi'], ['mini', 'eu/maxi']],
    ['all', ['*'], [...NAMES, 'any/b'], []],
    ['all', ['any/*'], ['any/a', 'any/b'], NAMES],
    ['all', ['any/a'], ['any/a'], ['any/b', 'any/aa']],
    ['all', [], [], NAMES],
    ['none', undefined, [], NAMES],
    ['none', ['*'], [], NAMES],
    ['europe', undefined, ['eu/mini', 'eu/maxi'], ['mini', 'us/mini']],
    ['europe', ['*mini'], ['eu/mini'], ['eu/maxi', 'mini', 'us/mini']],
    ['small', ['eu/*', 'mini'], ['mini', 'eu/mini'], ['us/mini', 'eu/maxi', 'maxi']],
    ['any', undefined, ['any/a', 'any/ab'], ['any/b', 'mini']],
  ])('in the team %s with the list %p are what both allow', async (team, models, allowed, refused) => {
    await using scenario = await startScenario({ config })
    const { key } = await scenario.newKey({ team, ...(models === undefined ? {} : { models }) })
    for (const model of allowed) {
      expect((await ask(scenario, { key, body: chat({ model }) })).status).toBe(200)
      await scenario.expectCall({ outcome: 'ok', subject: model })
    }
    for (const model of refused) {
      const error = expectError(await ask(scenario, { key, body: chat({ model }) }), 403, 'model_not_allowed')
      expect(error).toMatchObject({ type: 'permission_error', source: 'policy', param: 'model' })
      expect(error.message).toContain(`may not use the model "${model}".`)
      await scenario.expectCall({ outcome: 'refused', errorCode: 'model_not_allowed', subject: model, attempts: 0, principal: { team } })
    }
    expect(scenario.upstream.requests).toHaveLength(allowed.length)
  })

  test.each<[path: string, field: string, others: unknown]>([
    ['/v1/chat/completions', 'models', ['maxi']],
    ['/v1/responses', 'models', ['maxi']],
    ['/v1/messages', 'models', 'maxi'],
    ['/v1/messages', 'fallbacks', [{ model: 'maxi' }]],
  ])('are not left to the provider: %s with %s', async (path, field, others) => {
    await using scenario = await startScenario({ config })
    const { key } = await scenario.newKey({ team: 'small' })
    const body = JSON.stringify({ model: 'mini', max_tokens: 5, input: 'Hi', messages: [{ role: 'user', content: 'Hi' }], [field]: others })
    const reply = await ask(scenario, { key, path, body })
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(`The field \\"${field}\\" has the provider choose another model`)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'invalid_request', attempts: 0 })
    expect(scenario.upstream.requests).toHaveLength(0)
    expect((await ask(scenario, { key, body: chat({ model: 'mini', models: [], fallbacks: null }) })).status).toBe(200)
  })

  test('are named in the refusal of another, also of one that does not exist', async () => {
    await using scenario = await startScenario({ config })
    const { key } = await scenario.newKey({ team: 'europe' })
    const forbidden = expectError(await ask(scenario, { key, body: chat({ model: 'mini' }) }), 403, 'model_not_allowed')
    expect(forbidden.message).toBe('This key may not use the model "mini". The key may use: eu/mini, eu/maxi.')
    const unknown = expectError(await ask(scenario, { key, body: chat({ model: 'gpt-9' }) }), 404, 'model_not_found')
    expect(unknown.message).toBe('There is no model "gpt-9". The key may use: eu/mini, eu/maxi.')
    await scenario.expectEvents([
      ...([{ type: 'call.started', subject: 'mini' }, { type: 'call.ended' }] as const),
      ...([
        { type: 'call.started', subject: 'gpt-9' },
        { type: 'call.ended', errorCode: 'model_not_found', status: 404, outcome: 'refused' },
      ] as const),
    ])
  })

  test('are none where the list leaves none, and the refusal says whom to ask', async () => {
    await using scenario = await startScenario({ config })
    const { key } = await scenario.newKey({ team: 'none' })
    const error = expectError(await ask(scenario, { key, body: chat({ model: 'gpt-9' }) }), 404, 'model_not_found')
    expect(error.message).toBe('There is no model "gpt-9". The key may use none of the configured models; ask who runs this gateway.')
    await scenario.expectCall({ outcome: 'refused' })
  })
})
