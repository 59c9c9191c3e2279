import { describe, expect, test } from 'bun:test'
import { errorReply, gate, send as sendStep, streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, expectError, expectErrorFrame, send } from './ask.ts'

const PATHS = [
  'POST /images/generations',
  'GET /files/*',
  'DELETE /files/*',
  'GET /files/*/content',
  'POST /audio/speech',
  'GET /voices/*',
  'DELETE /voices/*',
]

interface Settings {
  readonly passthrough?: object | undefined
  readonly access?: object
  readonly rest?: object
}

/** A provider whose paths are listed, at a cent a call unless said otherwise. */
function passing({ passthrough = { paths: PATHS, usdPerCall: '0.01' }, access = { teams: { support: {} } }, rest = {} }: Settings = {}) {
  return (baseUrl: string) => ({
    models: { providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY', passthrough } } },
    access,
    ...rest,
  })
}

/** A gateway whose provider answers everything with `{}`. */
async function startPassing(settings: Settings = {}): Promise<Scenario> {
  const scenario = await startScenario({ config: passing(settings) })
  scenario.upstream.answer(wholeReply({ body: {} }))
  return scenario
}

const IMAGE = '{ "prompt" : "a \\u0063at", "n":1.0 }'
const post = (scenario: Scenario, path = '/passthrough/fake/images/generations') => ask(scenario, { path, body: IMAGE })

describe('a listed path', () => {
  test('is passed through byte for byte, with the key of the provider, at the price of a call', async () => {
    await using scenario = await startScenario({ config: passing() })
    scenario.upstream.answer(wholeReply({ body: '{ "data":[ ] }\n', headers: { 'x-request-id': 'req-1', 'openai-version': '2020-10-01' } }))
    const reply = await ask(scenario, {
      path: `/passthrough/fake/images/generations?size=1%20x&key=${scenario.key}&k%65y=other&%24httpMethod=DELETE&n=2`,
      body: IMAGE,
      headers: {
        'x-api-key': scenario.key,
        cookie: 'session=1',
        'x-copy': scenario.key,
        'openai-organization': 'org-other',
        'openai-beta': 'assistants=v2',
        'x-http-method-override': 'DELETE',
        'x-signalbox-labels': 'feature=search',
      },
    })
    expect(reply).toMatchObject({ status: 200, text: '{ "data":[ ] }\n' })
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'application/json',
      'openai-version': '2020-10-01',
      'x-request-id': reply.callId,
      'x-signalbox-cost-usd': '0.01',
      'x-signalbox-provider': 'fake',
    })
    const [sent] = scenario.upstream.requests
    expect(sent).toMatchObject({ method: 'POST', path: '/v1/images/generations?size=1%20x&n=2', body: IMAGE })
    expect(sent?.header('authorization')).toBe(`Bearer ${FAKE_PROVIDER_KEY}`)
    expect(sent?.header('openai-beta')).toBe('assistants=v2')
    const kept = ['x-api-key', 'cookie', 'x-copy', 'openai-organization', 'x-http-method-override', 'x-signalbox-labels']
    expect(kept.map((name) => sent?.header(name))).toEqual(kept.map(() => undefined))
    expect(JSON.stringify(sent?.headers)).not.toContain(scenario.key)
    await scenario.expectCall({
      ...{ callId: reply.callId, layer: 'models', action: 'models.passthrough', subject: 'passthrough/fake', outcome: 'ok', status: 200 },
      ...{ provider: 'fake', target: 'POST /images/generations', providerStatus: 200, attempts: 1, isUnpriced: undefined },
      ...{ costNanoUsd: 10_000_000, priceVersion: 'configuration', sizeInBytes: IMAGE.length, sizeOutBytes: 15 },
    })
    expect((await scenario.control('GET', '/api/v1/spend?by=team')).body).toMatchObject([{ team: 'support', costNanoUsd: '10000000' }])
  })

  test('may be binary both ways, and answer with a status of its own', async () => {
    await using scenario = await startScenario({ config: passing() })
    const bytes = Uint8Array.from({ length: 256 }, (_none, index) => index)
    scenario.upstream.answer(wholeReply({ status: 201, body: bytes, headers: { 'content-type': 'audio/mpeg' } }))
    const response = await send(scenario, { path: '/passthrough/fake/audio/speech', body: bytes, headers: { 'content-type': 'audio/wav' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'audio/mpeg'])
    expect([...(await response.bytes())]).toEqual([...bytes])
    expect([...(scenario.upstream.requests[0]?.bodyBytes ?? [])]).toEqual([...bytes])
    expect(scenario.upstream.requests[0]?.header('content-type')).toBe('audio/wav')
    await scenario.expectCall({ outcome: 'ok', status: 201, sizeInBytes: 256, sizeOutBytes: 256 })
  })

  test('may answer without a body', async () => {
    await using scenario = await startScenario({ config: passing() })
    scenario.upstream.answer(() => [sendStep('HTTP/1.1 204 No Content\r\n\r\n')])
    const reply = await ask(scenario, { method: 'DELETE', path: '/passthrough/fake/voices/voice-1' })
    expect(reply).toMatchObject({ status: 204, text: '' })
    expect(scenario.upstream.requests[0]).toMatchObject({ method: 'DELETE', path: '/v1/voices/voice-1', body: '' })
    await scenario.expectCall({ outcome: 'ok', status: 204, costNanoUsd: 10_000_000 })
  })

  test('answers as the provider sends, not when it is done', async () => {
    await using scenario = await startScenario({ config: passing() })
    const door = gate()
    scenario.upstream.answer(streamReply({ frames: ['data: 1\n\n', 'data: 2\n\n'], before: { 1: door.step } }))
    const response = await send(scenario, { path: '/passthrough/fake/audio/speech', body: IMAGE })
    const reader = response.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe('data: 1\n\n')
    door.open()
    const second = await reader?.read()
    expect(new TextDecoder().decode(second?.value)).toBe('data: 2\n\n')
    expect((await reader?.read())?.done).toBe(true)
    await scenario.expectCall({ outcome: 'ok', sizeOutBytes: 18 })
  })
})

describe('what is not listed', () => {
  test('is not there: nothing is passed through unless it is listed', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({ models: { providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } } } }),
    })
    expectError(await post(scenario), 404, 'not_found')
    await scenario.expectCall({ action: 'models.passthrough', outcome: 'refused', errorCode: 'not_found', attempts: 0 })
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test.each([
    ['another path', '/passthrough/fake/models', 404, 'not_found'],
    ['a longer path', '/passthrough/fake/images/generations/x', 404, 'not_found'],
    ['another provider', '/passthrough/constructor/files/x', 404, 'not_found'],
    ['letters in another case', '/passthrough/fake/FILES/x', 404, 'not_found'],
    ['a segment that is empty', '/passthrough/fake/files//x', 400, 'invalid_request'],
    ['a slash at the end', '/passthrough/fake/files/', 400, 'invalid_request'],
    ['an escaped slash', '/passthrough/fake/files/x%2Fcontent', 400, 'invalid_request'],
    ['an escaped backslash', '/passthrough/fake/files/x%5Ccontent', 400, 'invalid_request'],
    ['an escaped way up', '/passthrough/fake/files/%252e%252e', 400, 'invalid_request'],
    ['a parameter of a segment', '/passthrough/fake/files/..;x', 400, 'invalid_request'],
    ['an escaped question mark', '/passthrough/fake/files/x%3Fy', 400, 'invalid_request'],
    ['escapes that are no text', '/passthrough/fake/files/%ff', 400, 'invalid_request'],
    ['an escaped end', '/passthrough/fake/files/x%00', 400, 'invalid_request'],
    ['no path', '/passthrough/fake', 400, 'invalid_request'],
  ] as const)('is not reached by %s', async (_what, path, status, code) => {
    await using scenario = await startScenario({ config: passing() })
    expectError(await ask(scenario, { method: 'GET', path }), status, code)
    expect(scenario.upstream.requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'refused', errorCode: code, attempts: 0 })
  })

  test.each([
    '/passthrough/fake/files/../models',
    '/passthrough/fake/files/%2e%2e/models',
    '/passthrough/fake/files/.%2E',
    '/passthrough/fake/files\\..\\models',
  ])('is not reached by %p as it stands on the wire', async (path) => {
    await using scenario = await startScenario({ config: passing() })
    using client = await openRawClient(scenario.dataPort)
    await client.send(`GET ${path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${scenario.key}\r\n\r\n`)
    const reply = await client.readReply()
    expect([400, 404]).toContain(reply?.status ?? 0)
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('is another method of a listed path, and says which are', async () => {
    await using scenario = await startScenario({ config: passing() })
    const reply = await ask(scenario, { path: '/passthrough/fake/files/x', body: IMAGE })
    expectError(reply, 405, 'method_not_allowed')
    expect(reply.headers.get('allow')).toBe('GET, DELETE')
    expect(scenario.upstream.requests).toHaveLength(0)
  })
})

describe('nobody passes for nothing', () => {
  test('without a key, or with a key whose team may not', async () => {
    const access = { teams: { support: { models: ['mini'] }, media: { models: ['passthrough/fake'] } } }
    await using scenario = await startPassing({ access })
    expectError(await ask(scenario, { key: null, path: '/passthrough/fake/files/x', method: 'GET' }), 401, 'unauthenticated')
    expect(expectError(await post(scenario), 403, 'forbidden').message).toContain('passthrough/fake')
    expect(scenario.upstream.requests).toHaveLength(0)
    const { key } = await scenario.newKey({ team: 'media' })
    expect((await ask(scenario, { key, path: '/passthrough/fake/voices/x', method: 'GET' })).status).toBe(200)
  })

  test('past a budget in US dollars', async () => {
    const access = { teams: { support: { budgets: [{ usd: '0.025', per: 'total', mode: 'strict' }] } } }
    await using scenario = await startPassing({ access })
    expect((await post(scenario)).status).toBe(200)
    const ended = await scenario.expectCall({ outcome: 'ok', costNanoUsd: 10_000_000 })
    expect(ended.bookings).toMatchObject([{ state: 'settled', nanoUsd: 10_000_000 }])
    expect(ended.isEstimate).toBeUndefined()
    expect((await post(scenario)).status).toBe(200)
    await scenario.expectEvents([{ type: 'call.started' }, { type: 'budget.alerted', percent: 80 }, { type: 'call.ended', outcome: 'ok' }])
    expectError(await post(scenario), 402, 'budget_exceeded')
    expect(scenario.upstream.requests).toHaveLength(2)
  })

  test('under a budget in US dollars, where no price is given', async () => {
    const access = { teams: { support: { budgets: [{ usd: 1, per: 'total' }] } } }
    await using scenario = await startScenario({ config: passing({ access, passthrough: { paths: PATHS } }) })
    expectError(await post(scenario), 403, 'model_unpriced')
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('under a budget in tokens, which nobody will know', async () => {
    const access = { teams: { support: { budgets: [{ tokens: '1M', per: 'total' }] } } }
    await using scenario = await startPassing({ access })
    expect(expectError(await post(scenario), 400, 'budget_unbounded').message).toContain('team:support')
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('past a limit', async () => {
    const access = { teams: { support: { limits: [{ requests: 1, per: 'minute' }] } } }
    await using scenario = await startPassing({ access })
    expect((await post(scenario)).status).toBe(200)
    expectError(await post(scenario), 429, 'rate_limited')
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('as unpriced, where no price is given and no budget asks for one', async () => {
    await using scenario = await startPassing({ passthrough: { paths: PATHS } })
    const reply = await post(scenario)
    expect([reply.status, reply.headers.get('x-signalbox-cost-usd')]).toEqual([200, null])
    await scenario.expectCall({ outcome: 'ok', isUnpriced: true, costNanoUsd: undefined })
  })

  test('past guards, unless the operator says so', async () => {
    const guards = { words: { type: 'keywords', words: ['secret plan'] } }
    const access = { teams: { support: { guards: ['words'] } } }
    await using scenario = await startPassing({ access, rest: { guards } })
    expect(expectError(await post(scenario), 403, 'forbidden').message).toContain('"words"')
    expect(scenario.upstream.requests).toHaveLength(0)
    const open = passing({ access, rest: { guards }, passthrough: { paths: PATHS, unguarded: true } })
    expect((await scenario.reconfigure(open(scenario.upstream.baseUrl))).status).toBe(200)
    expect((await post(scenario)).status).toBe(200)
  })
})

describe('a provider that fails', () => {
  test.each([
    [401, 502, 'provider_auth'],
    [403, 502, 'provider_auth'],
    [400, 400, 'provider_rejected'],
    [404, 404, 'not_found'],
    [429, 429, 'provider_rate_limited'],
    [500, 502, 'provider_error'],
    [503, 503, 'provider_overloaded'],
    [302, 502, 'provider_malformed'],
  ] as const)('with %d is told as %d %s', async (said, status, code) => {
    const access = { teams: { support: { budgets: [{ usd: 1, per: 'total' }] } } }
    await using scenario = await startScenario({ config: passing({ access }) })
    scenario.upstream.answer(
      errorReply({
        status: said,
        message: `Key ${FAKE_PROVIDER_KEY} is bad.`,
        headers: { location: `${scenario.upstream.origin}/v1/elsewhere` },
      }),
    )
    const reply = await post(scenario)
    expectError(reply, status, code)
    expect(reply.text + JSON.stringify([...reply.headers])).not.toContain(FAKE_PROVIDER_KEY)
    expect(scenario.upstream.requests).toHaveLength(1)
    const ended = await scenario.expectCall({ errorCode: code, providerStatus: said })
    // Of a redirect nobody knows whether the work was done.
    expect(ended.bookings?.map(({ state }) => state)).toEqual([said === 302 ? 'settled' : 'released'])
  })

  test('is known by the name of the exception in a header of AWS, too', async () => {
    await using scenario = await startScenario({ config: passing() })
    const headers = { 'x-amzn-errortype': 'ExpiredTokenException:http://internal.amazon.com/coral/' }
    scenario.upstream.answer(wholeReply({ status: 403, headers, body: { message: 'Expired.' } }))
    expectError(await post(scenario), 502, 'provider_error')
    await scenario.expectCall({ errorCode: 'provider_error', providerStatus: 403 })
  })

  test('in the middle of a stream of events ends it with an error, and the call is charged', async () => {
    await using scenario = await startScenario({ config: passing() })
    scenario.upstream.answer(streamReply({ frames: ['data: 1\n\n', 'data: 2\n\n'], cut: { afterFrames: 1, by: 'reset' } }))
    const reply = await post(scenario)
    expectErrorFrame(reply, 'provider_truncated')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated', costNanoUsd: 10_000_000 })
  })

  test('in the middle of any other body leaves it without its end', async () => {
    await using scenario = await startScenario({ config: passing() })
    scenario.upstream.answer(
      streamReply({ frames: ['one', 'two'], headers: { 'content-type': 'audio/mpeg' }, cut: { afterFrames: 1, by: 'reset' } }),
    )
    const response = await send(scenario, { path: '/passthrough/fake/audio/speech', body: IMAGE })
    expect(response.status).toBe(200)
    await expect(response.bytes()).rejects.toThrow()
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_truncated', costNanoUsd: 10_000_000 })
  })

  test('is left when the caller leaves', async () => {
    await using scenario = await startScenario({ config: passing() })
    scenario.upstream.answer(streamReply({ frames: ['data: 1\n\n', 'data: 2\n\n'], cut: { afterFrames: 1, by: 'stall' } }))
    const response = await send(scenario, { path: '/passthrough/fake/audio/speech', body: IMAGE })
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await scenario.upstream.requests[0]?.whenLeft
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', costNanoUsd: 10_000_000 })
  })
})

test('a body past the limit of its media type is not sent', async () => {
  await using scenario = await startPassing({ rest: { limits: { jsonBody: '1kB', otherBody: '2kB' } } })
  const body = 'x'.repeat(1500)
  expectError(await ask(scenario, { path: '/passthrough/fake/audio/speech', body }), 413, 'request_too_large')
  expect((await ask(scenario, { path: '/passthrough/fake/audio/speech', body, headers: { 'content-type': 'audio/wav' } })).status).toBe(200)
  expect(scenario.upstream.requests).toHaveLength(1)
})

test.each([
  [{ paths: ['/files'] }, 'is no method and path'],
  [{ paths: ['GET /files/../x'] }, 'is no method and path'],
  [{ paths: [] }, 'is an empty list'],
  [{ paths: ['GET /files', 'GET /files'] }, 'stands twice'],
])('%j is refused before the gateway starts', async (passthrough, says) => {
  await expect(startScenario({ config: passing({ passthrough }) })).rejects.toThrow(says)
})
