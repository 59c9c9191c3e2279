import { describe, expect, test } from 'bun:test'
import { chatReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'

const PRICED = { inputPerMillion: 2, outputPerMillion: 10, cachedInputPerMillion: 1 }
const provider = (baseUrl: string) => ({ wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' })

describe('a whole reply', () => {
  test.each(['/v1/chat/completions', '/v1/chat'])('at %s costs what its usage says, and is one pair of events', async (path) => {
    await using scenario = await startScenario()
    const reply = await ask(scenario, { path })

    expect(reply.status).toBe(200)
    expect(reply.json).toMatchObject({ model: 'fake-model', choices: [{ message: { content: 'Hello there.' } }] })
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-signalbox-attempts': '1',
      'x-signalbox-cost-usd': '0.00005',
      'x-signalbox-model': 'mini',
      'x-signalbox-overhead-ms': expect.stringMatching(/^\d+\.\d{3}$/),
      'x-signalbox-provider': 'fake',
    })
    const ended = await scenario.expectCall({
      ...{ callId: reply.callId, layer: 'models', action: 'models.call', subject: 'mini', wire: 'openai-chat' },
      principal: { organisation: 'default', team: 'support', keyId: scenario.keyId, labels: {} },
      ...{ outcome: 'ok', status: 200, errorCode: undefined, provider: 'fake', target: 'fake-model', providerStatus: 200 },
      ...{ isStream: false, attempts: 1, finishReason: 'stop', usage: { inputTokens: 10, outputTokens: 3 } },
      ...{ costNanoUsd: 50_000, priceVersion: 'configuration', isUnpriced: undefined, bodies: undefined },
      sizeOutBytes: reply.text.length,
    })
    expect(ended.durationMs).toBeGreaterThanOrEqual(ended.overheadMs ?? Number.NaN)
    expect(scenario.upstream.requests).toHaveLength(1)
    expect(scenario.upstream.requests[0]).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
  })

  test('is what the provider sent, byte for byte, and so is the request but for the id of the model', async () => {
    await using scenario = await startScenario()
    const said =
      '{ "id":"x" ,"choices":[ {"index":0,"message":{"content":"\\u00e9 🎉"},"finish_reason":"stop"} ],\r\n "n":1.50, "usage":{"prompt_tokens":7} }\n'
    scenario.upstream.answer(wholeReply({ body: said, headers: { 'content-type': 'application/json; charset=utf-8' } }))
    const asked = (model: string) =>
      `\n{ "zeta":1.0, "messages":[{"role":"user","content":"\\u00e9 🎉 \\ud83c\\udf89 \\"model\\":\\"mini\\""}],\t"model" : "${model}" ,
        "seed":12345678901234567890, "nothing":null, "other":{"model":"mini","deep":[1e2,{"stream":true}]} }\n `
    const reply = await ask(scenario, { body: asked('mini') })

    expect(reply.text).toBe(said)
    expect(scenario.upstream.requests.map(({ body }) => body)).toEqual([asked('fake-model')])
    await scenario.expectCall({
      outcome: 'ok',
      usage: { inputTokens: 7, outputTokens: undefined },
      sizeInBytes: Buffer.byteLength(asked('mini')),
    })
  })

  test('of a model whose name is its id leaves the request as it came', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({ models: { providers: { fake: provider(baseUrl) }, models: [{ name: 'fake-model', provider: 'fake' }] } }),
    })
    const body = '{"model":"fake\\u002dmodel","messages":[]}'
    await ask(scenario, { body })
    expect(scenario.upstream.requests.map((request) => request.body)).toEqual([body])
    await scenario.expectCall({ outcome: 'ok', subject: 'fake-model', isUnpriced: true, costNanoUsd: undefined })
  })

  test('of a model that falls under a wildcard goes to the provider by what * stands for', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { fake: provider(baseUrl) },
          models: [
            { name: 'any/*', provider: 'fake' },
            { name: 'any/vendor/*', provider: 'fake' },
          ],
        },
      }),
    })
    const reply = await ask(scenario, { body: chat({ model: 'any/vendor/large:free' }) })
    expect(reply.headers.get('x-signalbox-model')).toBe('any/vendor/large:free')
    expect(scenario.upstream.requests[0]?.json()).toMatchObject({ model: 'large:free' })
    await scenario.expectCall({ outcome: 'ok', subject: 'any/vendor/large:free', target: 'large:free' })
  })

  test.each(['text/plain', 'text/plain; charset=utf-8', 'application/json; charset=utf-8', 'application/vnd.api+json', undefined])(
    'is given to JSON that is sent as %p',
    async (type) => {
      await using scenario = await startScenario()
      // A body of bytes has no type of its own.
      const body = new TextEncoder().encode(JSON.stringify(chat()))
      const response = await fetch(`${scenario.dataUrl}/v1/chat`, {
        method: 'POST',
        body,
        headers: { 'x-api-key': scenario.key, ...(type === undefined ? {} : { 'content-type': type }) },
      })
      expect(response.status).toBe(200)
      await scenario.expectCall({ outcome: 'ok' })
      expect(scenario.upstream.requests[0]?.header('content-type')).toBe('application/json')
    },
  )

  test('has its cached input at its own price', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: { providers: { fake: provider(baseUrl) }, models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: PRICED }] },
      }),
    })
    const usage = { inputTokens: 1000, cachedInputTokens: 600, outputTokens: 50, reasoningTokens: 20 }
    scenario.upstream.answer(chatReply({ content: 'Yes.', usage }))
    const reply = await ask(scenario)
    // 400 × $2 + 600 × $1 + 50 × $10, each per million.
    expect(reply.headers.get('x-signalbox-cost-usd')).toBe('0.0019')
    await scenario.expectCall({ usage, costNanoUsd: 1_900_000 })
  })

  test('without usage is not free: its cost is not known', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(chatReply({ content: 'Yes.' }))
    const reply = await ask(scenario)
    expect(reply.headers.has('x-signalbox-cost-usd')).toBe(false)
    await scenario.expectCall({ outcome: 'ok', usage: undefined, costNanoUsd: undefined, isUnpriced: true })
  })
})

describe('what the provider is sent', () => {
  test('is its own credential and what HTTP needs, and nothing that the caller sent beside the body', async () => {
    await using scenario = await startScenario()
    await ask(scenario, {
      headers: {
        cookie: 'session=1',
        'openai-organization': 'org-of-the-caller',
        'x-forwarded-for': '10.0.0.1',
        'x-signalbox-labels': 'feature=search',
        'user-agent': 'the caller',
        'proxy-authorization': 'Basic eA==',
      },
    })
    const [request] = scenario.upstream.requests
    const names = request?.headers.map(([name]) => name.toLowerCase()).sort()
    const needed = ['accept', 'accept-encoding', 'authorization', 'content-length', 'content-type', 'host', 'traceparent', 'user-agent']
    expect(names).toEqual(needed)
    expect(request?.header('authorization')).toBe(`Bearer ${FAKE_PROVIDER_KEY}`)
    expect(request?.header('accept-encoding')).toBe('identity')
    expect(request?.header('user-agent')).not.toBe('the caller')
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('holds the headers that the configuration adds, and no credential where there is none', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { local: { wire: 'openai-chat', baseUrl, headers: { 'X-Team': 'search', 'x-key': 'env:FAKE_PROVIDER_KEY' } } },
          models: [{ name: 'mini', provider: 'local' }],
        },
      }),
    })
    await ask(scenario)
    const [request] = scenario.upstream.requests
    expect(request?.header('authorization')).toBeUndefined()
    expect(request?.header('x-team')).toBe('search')
    expect(request?.header('x-key')).toBe(FAKE_PROVIDER_KEY)
    await scenario.expectCall({ outcome: 'ok' })
  })

  test("continues the caller's trace with the call's own span", async () => {
    await using scenario = await startScenario()
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
    await ask(scenario, { headers: { traceparent: `00-${traceId}-${spanId}-01` } })
    const ended = await scenario.expectCall({ traceId, parentSpanId: spanId, outcome: 'ok' })
    expect(ended.spanId).not.toBe(spanId)
    expect(scenario.upstream.requests[0]?.header('traceparent')).toBe(`00-${traceId}-${ended.spanId}-01`)
  })
})

describe('what the log says of a call', () => {
  test('is which prompt it was: a hash of the system prompt whoever the user is, and the name that the caller gives', async () => {
    await using scenario = await startScenario()
    const withUser = (content: string) =>
      chat({
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content },
        ],
      })
    await ask(scenario, { body: withUser('One?'), headers: { 'x-signalbox-prompt': 'support/reply@v3.1' } })
    const first = await scenario.expectCall({ prompt: { name: 'support/reply', version: 'v3.1', hash: /^sha256:[0-9a-f]{32}$/ } })
    await ask(scenario, { body: withUser('Two?'), headers: { 'x-signalbox-prompt': 'support/reply' } })
    const second = await scenario.expectCall({ prompt: { name: 'support/reply', version: undefined } })
    expect(second.prompt.hash).toBe(first.prompt.hash ?? '')
    await ask(scenario, { body: chat({ messages: [{ role: 'developer', content: [{ type: 'text', text: 'Be long.' }] }] }) })
    const third = await scenario.expectCall({ prompt: { name: undefined, hash: /^sha256:/ } })
    expect(third.prompt.hash).not.toBe(first.prompt.hash ?? '')
    await ask(scenario)
    await scenario.expectCall({ prompt: { name: undefined, version: undefined, hash: undefined } })
  })

  test("is the labels of the caller, of the team and of the key, where the key's win over the team's, and both over the caller's", async () => {
    await using scenario = await startScenario({ config: { access: { teams: { support: { labels: { env: 'prod', tier: 'gold' } } } } } })
    const { key, id } = await scenario.newKey({ user: 'ada', labels: { feature: 'billing', tier: 'silver' } })
    await ask(scenario, { key, headers: { 'x-signalbox-labels': 'feature=free, env=dev ,end_user=u1' } })
    await scenario.expectCall({
      principal: {
        ...{ team: 'support', user: 'ada', keyId: id },
        labels: { feature: 'billing', env: 'prod', tier: 'silver', end_user: 'u1' },
      },
    })
  })

  test('may hold labels that are called like something every object has', async () => {
    await using scenario = await startScenario()
    const reply = await ask(scenario, { headers: { 'x-signalbox-labels': 'constructor=a,toString=b,__proto__=c' } })
    expect(reply.status).toBe(200)
    const ended = await scenario.expectCall({ outcome: 'ok' })
    expect(Object.entries(ended.principal.labels)).toEqual([
      ['constructor', 'a'],
      ['toString', 'b'],
      ['__proto__', 'c'],
    ])
  })
})

describe('GET /v1/models', () => {
  const config = (baseUrl: string) => ({
    models: {
      providers: { fake: provider(baseUrl) },
      models: [
        { name: 'mini', provider: 'fake', price: PRICED },
        { name: 'maxi', provider: 'fake' },
        { name: 'open/*', provider: 'fake' },
      ],
    },
    access: { teams: { support: {}, search: { models: ['m*', 'open/*'] }, none: { models: [] } } },
  })

  test("lists the configured models in OpenAI's shape, with their prices", async () => {
    await using scenario = await startScenario({ config })
    const reply = await ask(scenario, { method: 'GET', path: '/v1/models' })
    expect(reply.status).toBe(200)
    expect(reply.json).toEqual({
      object: 'list',
      data: [
        {
          id: 'mini',
          object: 'model',
          created: 0,
          owned_by: 'fake',
          price: { currency: 'USD', input_per_million: '2', output_per_million: '10' },
        },
        { id: 'maxi', object: 'model', created: 0, owned_by: 'fake' },
        { id: 'open/*', object: 'model', created: 0, owned_by: 'fake' },
      ],
    })
    await scenario.expectCall({
      callId: reply.callId,
      action: 'models.list',
      outcome: 'ok',
      status: 200,
      attempts: 0,
      costNanoUsd: undefined,
    })
    expect(scenario.upstream.requests).toEqual([])
  })

  test("answers in Anthropic's shape where a client of that wire asks", async () => {
    await using scenario = await startScenario({ config })
    const reply = await ask(scenario, {
      ...{ method: 'GET', path: '/v1/models', key: null },
      headers: { 'x-api-key': scenario.key, 'anthropic-version': '2023-06-01' },
    })
    expect(reply.json).toMatchObject({
      has_more: false,
      first_id: 'mini',
      last_id: 'open/*',
      data: [{ type: 'model', id: 'mini' }, {}, {}],
    })
    await scenario.expectCall({ action: 'models.list', outcome: 'ok' })
  })

  test.each<[team: string, models: readonly string[] | undefined, seen: readonly string[]]>([
    ['support', ['mini'], ['mini']],
    ['support', ['m*i'], ['mini', 'maxi']],
    ['search', ['*'], ['mini', 'maxi', 'open/*']],
    ['search', ['open/*', 'mini'], ['mini', 'open/*']],
    ['none', undefined, []],
  ])('shows a key of the team %s with the list %p only what it may use', async (team, models, seen) => {
    await using scenario = await startScenario({ config })
    const { key } = await scenario.newKey({ team, ...(models === undefined ? {} : { models }) })
    const reply = await ask(scenario, { method: 'GET', path: '/v1/models', key })
    expect(reply.json.data).toMatchObject(seen.map((id) => ({ id })))
    expect(reply.json.data).toHaveLength(seen.length)
    await scenario.expectCall({ action: 'models.list', outcome: 'ok', principal: { team } })
  })
})
