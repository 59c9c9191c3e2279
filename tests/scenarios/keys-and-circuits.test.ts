import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatAnswer, errorReply, fakeUpstream, gate } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'
import { QUICK_RETRIES, type Routed, routedConfig, startRouted } from './routed.ts'

interface State {
  readonly provider: string
  readonly key: number
  readonly state: string
  readonly why?: string
}

async function statesOf({ scenario }: Routed): Promise<readonly State[]> {
  return (await scenario.control<{ providers: readonly State[] }>('GET', '/api/v1/providers')).body.providers
}

function call({ scenario }: Routed, model = 'smart') {
  return ask(scenario, { body: chat({ model }) })
}

/** A folder with the files of two provider keys. */
function keyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-keys-'))
  for (const key of ['key-a', 'key-b']) writeFileSync(join(folder, key), key, { mode: 0o600 })
  return folder
}

describe('several keys of a provider', () => {
  const section = (baseUrl: string) => ({
    providers: { first: { wire: 'openai-chat', baseUrl, apiKey: ['file:key-a', 'file:key-b'] } },
  })

  test('are used in turns, and one that is refused is parked while the other serves', async () => {
    const folder = keyFolder()
    await using routed = await startRouted({ names: ['first'], folder })
    await routed.scenario.reconfigure({
      models: { ...routedConfig({ names: ['first'] }, () => '').models, ...section(routed.at('first').baseUrl) },
    })
    await routed.scenario.expectEvents([{ type: 'config.loaded' }])
    routed
      .at('first')
      .answer((request) => (request.header('authorization') === 'Bearer key-a' ? errorReply({ status: 401 }) : chatAnswer())(request))
    const keys = () => routed.at('first').requests.map((request) => request.header('authorization'))
    expect((await call(routed, 'first')).status).toBe(200)
    const ended = await routed.scenario.expectCall({ outcome: 'ok', attempts: 2 })
    expect(ended.attemptLog).toMatchObject([
      { key: 1, outcome: 'broken' },
      { key: 2, outcome: 'ok', why: 'another key after provider_auth' },
    ])
    for (let calls = 0; calls < 3; calls++) expect((await call(routed, 'first')).status).toBe(200)
    expect(keys()).toEqual(['Bearer key-a', 'Bearer key-b', 'Bearer key-b', 'Bearer key-b', 'Bearer key-b'])
    expect(await statesOf(routed)).toMatchObject([
      { key: 1, state: 'parked', why: 'its key is parked after provider_auth, until it changes or is reset' },
      { key: 2, state: 'ready' },
    ])
    rmSync(folder, { recursive: true })
  })
})

describe('a parked key', () => {
  test('is refused with 503 and the way out, until it is reset', async () => {
    await using routed = await startRouted({ names: ['first'] })
    routed.at('first').queue(errorReply({ status: 402 }))
    expectError(await call(routed), 502, 'provider_auth')
    const refused = expectError(await call(routed), 503, 'provider_unavailable')
    expect(refused.message).toBe(
      'No target of the route "smart" can take this call now: first: its key is parked after provider_auth, until it changes or is reset.',
    )
    expect(routed.at('first').requests).toHaveLength(1)
    expect((await routed.scenario.control('POST', '/api/v1/providers/first/reset')).body).toEqual({ reset: 1 })
    expect((await call(routed)).status).toBe(200)
    expect((await routed.scenario.control('POST', '/api/v1/providers/nobody/reset')).status).toBe(404)
  })
})

describe('what is parked is asked again when what it is asked with changes:', () => {
  const providerOf = (baseUrl: string, more: object) => ({ first: { wire: 'openai-chat', baseUrl, ...more } })

  test.each<[what: string, before: object, after: object]>([
    ['its key', { apiKey: 'file:key-a' }, { apiKey: 'file:key-b' }],
    ['a header that says who asks', { headers: { 'x-token': 'file:key-a' } }, { headers: { 'x-token': 'file:key-b' } }],
    ['its project', { apiKey: 'file:key-a', project: 'one' }, { apiKey: 'file:key-a', project: 'two' }],
    ['its address', { apiKey: 'file:key-a' }, { apiKey: 'file:key-a', isElsewhere: true }],
  ])('%s, at a reload and at a restart', async (_what, before, { isElsewhere, ...after }: { isElsewhere?: boolean }) => {
    const folder = keyFolder()
    await using elsewhere = await fakeUpstream()
    const config = (own: string, fields: object) => {
      const models = { ...routedConfig({ names: ['first'] }, () => own).models, providers: providerOf(own, fields) }
      return { models, access: { teams: { support: {} } } }
    }
    try {
      for (const status of [401, 403]) {
        await using upstream = await fakeUpstream(errorReply({ status }))
        const wrong = config(upstream.baseUrl, before)
        const right = config(isElsewhere ? elsewhere.baseUrl : upstream.baseUrl, after)
        {
          await using scenario = await startScenario({ baseUrl: upstream.baseUrl, folder, config: wrong })
          expectError(await ask(scenario, { body: chat({ model: 'smart' }) }), 502, 'provider_auth')
          upstream.answer(chatAnswer())
          expectError(await ask(scenario, { body: chat({ model: 'smart' }) }), 503, 'provider_unavailable')
          await scenario.reconfigure(right)
          expect((await ask(scenario, { body: chat({ model: 'smart' }) })).status).toBe(200)
          await scenario.reconfigure(wrong)
        }
        await using again = await startScenario({ baseUrl: upstream.baseUrl, folder, config: wrong })
        expectError(await ask(again, { body: chat({ model: 'smart' }) }), 503, 'provider_unavailable')
        await again.shutDown()
        await using changed = await startScenario({ baseUrl: upstream.baseUrl, folder, config: right })
        expect((await ask(changed, { body: chat({ model: 'smart' }) })).status).toBe(200)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a circuit', () => {
  const section = { breaker: { failures: 2, pause: '60s' } }

  test('opens after failures, sends calls elsewhere, and is still open after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-circuit-'))
    try {
      await using upstream = await fakeUpstream(errorReply({ status: 500 }))
      const baseUrls = { first: upstream.baseUrl }
      const first = await startRouted({ section, folder, baseUrls })
      for (let calls = 0; calls < 4; calls++) expect((await call(first)).headers.get('x-signalbox-provider')).toBe('second')
      expect(upstream.requests).toHaveLength(2)
      expect(await statesOf(first)).toMatchObject([
        { provider: 'first', state: 'open' },
        { provider: 'second', state: 'ready' },
      ])
      await first[Symbol.asyncDispose]()
      await using again = await startRouted({ section, folder, baseUrls })
      expect(await statesOf(again)).toMatchObject([{ provider: 'first', state: 'open' }, { provider: 'second' }])
      expect((await call(again)).headers.get('x-signalbox-provider')).toBe('second')
      expect(upstream.requests).toHaveLength(2)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('lets exactly one of many calls probe when its pause is over', async () => {
    await using routed = await startRouted({ section: { breaker: { failures: 2, pause: '50ms' } } })
    routed.at('first').answer(errorReply({ status: 500 }))
    for (let calls = 0; calls < 2; calls++) await call(routed)
    await new Promise((resolve) => setTimeout(resolve, 60))
    // The probe fails when all others are through: its circuit is half open for them, however long they take.
    const door = gate()
    routed.at('first').answer((request) => [door.step, ...errorReply({ status: 500 })(request)])
    let answered = 0
    const calls = Array.from({ length: 20 }, () => call(routed).finally(() => answered++))
    while (answered < 19) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(routed.at('first').requests).toHaveLength(3)
    door.open()
    await Promise.all(calls)
    routed.at('first').answer(chatAnswer())
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect((await call(routed)).headers.get('x-signalbox-provider')).toBe('first')
    expect(await statesOf(routed)).toMatchObject([{ provider: 'first', state: 'ready' }, {}])
  })
})

describe('a retry', () => {
  test('goes round the targets again after a wait, and honours Retry-After', async () => {
    await using routed = await startRouted({ names: ['first'], route: { retries: QUICK_RETRIES } })
    routed.at('first').queue(errorReply({ status: 429, retryAfter: 1 }))
    const beganMs = performance.now()
    expect((await call(routed)).status).toBe(200)
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(1000)
    const ended = await routed.scenario.expectCall({ outcome: 'ok', attempts: 2 })
    expect(ended.attemptLog?.[1]?.why).toBe('retry 1 after provider_rate_limited')
    expect(ended.waitedMs).toBeGreaterThanOrEqual(1000)
    expect(ended.overheadMs).toBeLessThan(900)
  })

  test('is not made where the provider asks for a longer wait than is allowed', async () => {
    await using routed = await startRouted({ names: ['first'], route: { retries: QUICK_RETRIES } })
    routed.at('first').answer(errorReply({ status: 429, retryAfter: 30 }))
    const reply = await call(routed)
    expectError(reply, 429, 'provider_rate_limited')
    expect(reply.headers.get('retry-after')).toBe('30')
    expect(routed.at('first').requests).toHaveLength(1)
    // The next one is not sent at all: the provider said when to come back.
    const refused = await call(routed)
    expectError(refused, 429, 'provider_rate_limited')
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(28, 31)
    expect(routed.at('first').requests).toHaveLength(1)
  })

  test('is paid from a budget: a storm of failures is not made worse', async () => {
    await using routed = await startRouted({
      names: ['first'],
      route: { retries: { max: 3, base: '1ms', longest: '2ms', perCall: 0 } },
      section: { breaker: { failures: 1000 } },
    })
    routed.at('first').answer(errorReply({ status: 500 }))
    for (let calls = 0; calls < 20; calls++) await call(routed)
    // Ten retries are in the budget at the start.
    expect(routed.at('first').requests).toHaveLength(30)
  })
})

describe('a request that no target can serve', () => {
  test('is refused with 400 and the list of reasons', async () => {
    await using routed = await startRouted({ models: { first: { can: { tools: false } }, second: { can: { context: 4 } } } })
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    const body = chat({
      model: 'smart',
      tools,
      messages: [{ role: 'user', content: 'A sentence of some length, for a context of four tokens.' }],
    })
    const error = expectError(await ask(routed.scenario, { body }), 400, 'no_capable_target')
    expect(error.message).toMatch(
      /^No target of the route "smart" can serve this request: first: it has no tools; second: its context is 4 tokens; the request has at least \d+\.$/,
    )
    await routed.scenario.expectCall({ outcome: 'refused', attempts: 0, errorSource: 'caller' })
  })
})
