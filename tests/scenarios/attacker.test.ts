import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { MOST_PIECES } from '../../src/core/json.ts'
import { chatReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { askAgent, rpcErrorOf } from './a2a.ts'
import { ask, chat, endedCall, expectError } from './ask.ts'
import { FAULTS, say } from './mcp.ts'

// Whoever has a key of the data port, or a provider that is not to be trusted, tries what neither may.
let scenario: Scenario

beforeAll(async () => {
  scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [
          { name: 'mini', provider: 'fake', id: 'gpt-5-mini' },
          { name: 'any/*', provider: 'fake' },
        ],
      },
      tools: { servers: { faults: { command: FAULTS } } },
      agents: { agents: { researcher: { url: `${baseUrl}/rpc` } } },
      access: { teams: { support: { tools: { default: 'allow' }, agents: ['*'] } } },
    }),
  })
})
afterAll(() => scenario.close())

interface Operation {
  readonly method: string
  readonly path: string
}

/** Every operation of the control API, as its own description lists them. */
async function operations(): Promise<readonly Operation[]> {
  const { body } = await scenario.control<{ readonly paths: Readonly<Record<string, object>> }>('GET', '/api/openapi.json')
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

describe('the control API', () => {
  const OPEN = ['GET /livez', 'GET /metrics', 'GET /readyz']
  const CREDENTIALS: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
    'no credential': () => ({}),
    'a key of the data port': () => ({ authorization: `Bearer ${scenario.key}` }),
    'a key of the data port in another header': () => ({ 'x-api-key': scenario.key }),
    'the admin key in another header': () => ({ 'x-api-key': scenario.adminKey }),
    'the admin key and more': () => ({ authorization: `Bearer ${scenario.adminKey}x` }),
    'the beginning of the admin key': () => ({ authorization: `Bearer ${scenario.adminKey.slice(0, -1)}` }),
    'an empty key': () => ({ authorization: 'Bearer ' }),
    'another scheme': () => ({ authorization: `Basic ${btoa(`admin:${scenario.adminKey}`)}` }),
  }

  test.each(Object.entries(CREDENTIALS))('answers nothing to %s, at any of its endpoints', async (_what, headersOf) => {
    const all = [...(await operations()), { method: 'GET', path: '/api/openapi.json' }, { method: 'GET', path: '/api/v1/none' }]
    expect(all.length).toBeGreaterThan(25)
    const answers = await Promise.all(
      all.map(async ({ method, path }) => {
        const response = await fetch(`${scenario.controlUrl}${path.replace(/\{\w+\}/g, 'x')}`, {
          method,
          headers: { 'content-type': 'application/json', ...headersOf() },
          ...(method === 'POST' ? { body: '{}' } : {}),
        })
        await response.arrayBuffer()
        return [`${method} ${path}`, response.status]
      }),
    )
    expect(answers.filter(([, status]) => status !== 401).toSorted()).toEqual(OPEN.map((path) => [path, 200]))
  })

  test('is not on the data port', async () => {
    const all = (await operations()).filter(({ path }) => path.startsWith('/api') || path === '/metrics')
    const statuses = await Promise.all(
      all.map(async ({ method, path }) => {
        const headers = { authorization: `Bearer ${scenario.adminKey}` }
        const response = await fetch(`${scenario.dataUrl}${path}`, { method, headers })
        await response.arrayBuffer()
        return response.status
      }),
    )
    expect(new Set(statuses)).toEqual(new Set([404]))
  })
})

describe('what a provider says in headers of ours', () => {
  test('is not told to the caller, nor are its cookies', async () => {
    const forged = {
      ...{ 'x-signalbox-cost-usd': '0', 'x-signalbox-request-id': 'call_forged', 'x-signalbox-budget-remaining-usd': '1000000' },
      ...{ 'x-signalbox-model': 'forged', 'set-cookie': 'session=1', 'access-control-allow-origin': '*', location: 'http://elsewhere/' },
    }
    scenario.upstream.answer(wholeReply({ headers: forged, body: { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } } }))
    const reply = await ask(scenario)
    expect(reply.status).toBe(200)
    expect(reply.callId).toMatch(/^call_[0-9A-Z]{26}$/)
    expect(reply.headers.get('x-signalbox-model')).toBe('mini')
    const told = JSON.stringify([...reply.headers])
    for (const value of ['forged', '1000000', 'session=1', 'elsewhere']) expect(told).not.toContain(value)
    expect(reply.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('a body of more pieces than any has', () => {
  const many = `[${'[],'.repeat(MOST_PIECES)}[]]`

  test('is refused before it is parsed: models', async () => {
    const before = scenario.upstream.requests.length
    const error = expectError(await ask(scenario, { body: `{"model":"mini","messages":${many}}` }), 400, 'invalid_json')
    expect(error).toMatchObject({ source: 'caller', message: `The body has more than ${MOST_PIECES} members and lists.` })
    expect(scenario.upstream.requests.length).toBe(before)
  })

  test('is refused before it is parsed: tools', async () => {
    const { last } = await say(scenario, { body: `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":${many}}}` })
    expect(last).toMatchObject({ error: { data: { code: 'invalid_json', source: 'caller' } } })
  })

  test('is refused before it is parsed: agents', async () => {
    const reply = await askAgent(scenario, { body: `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":${many}}}` })
    expect(JSON.stringify(rpcErrorOf(reply))).toContain('members and lists')
  })
})

describe('words of a caller', () => {
  test('make no series of metrics, however many there are', async () => {
    scenario.upstream.answer(chatReply({ content: 'Yes.', usage: { inputTokens: 1, outputTokens: 1 } }))
    const seriesNow = async () => (await (await fetch(`${scenario.controlUrl}/metrics`)).text()).split('\n').length
    const round = async (from: number) => {
      for (let at = from; at < from + 5; at++) {
        const headers = { 'x-signalbox-labels': `feature=f${at}`, 'x-signalbox-prompt': `p${at}@1` }
        await ask(scenario, { body: chat({ model: `any/m${at}` }), headers })
        await ask(scenario, { body: chat({ model: `none-${at}` }), headers })
        await say(scenario, { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: `none__${at}` } }) })
        const last = await askAgent(scenario, {
          path: `/a2a/none-${at}`,
          body: '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}',
        })
        await endedCall(scenario, last.callId)
      }
    }
    await round(0)
    const first = await seriesNow()
    await round(5)
    expect(await seriesNow()).toBe(first)
  })

  test('with line breaks and escapes write no line of the log of their own', async () => {
    const forged = '\n{"level":"info","message":"admin key was changed"}\r\n\u001b[2J'
    const reply = await ask(scenario, { body: chat({ model: `mini${forged}` }) })
    expect(reply.status).toBe(404)
    for (const line of scenario.printed.split('\n').filter((text) => text.startsWith('{'))) {
      expect(JSON.parse(line)).not.toMatchObject({ message: 'admin key was changed' })
    }
    expect(scenario.printed).not.toContain('\u001b')
    const { body } = await scenario.control<string>('GET', '/api/v1/logs?limit=1')
    expect(JSON.stringify(body)).not.toContain('\n{')
  })

  test.each([
    ['too long', `any/${'a'.repeat(509)}`],
    ['with a line break', 'any/mini\nmini'],
    ['with an escape', 'any/mini\u001b[2J'],
    ['with half a character', 'any/mini\ud800'],
    ['that turns the line', 'any/mini\u202e'],
  ])('are no name of a model where a wildcard stands: %s', async (_what, model) => {
    const before = scenario.upstream.requests.length
    expectError(await ask(scenario, { body: chat({ model }) }), 404, 'model_not_found')
    expect(scenario.upstream.requests).toHaveLength(before)
    expect((await ask(scenario, { body: chat({ model: `any/${'a'.repeat(508)}` }) })).status).toBe(200)
  })

  test('that are called like what every object has reach no object but their own', async () => {
    const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString']
    for (const name of names) {
      const body = `{"model":${JSON.stringify(name)},"messages":[],"__proto__":{"polluted":true},"metadata":{"__proto__":{"polluted":true}}}`
      expectError(await ask(scenario, { body }), 404, 'model_not_found')
      const { last } = await say(scenario, { path: `/mcp/${name}`, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}' })
      expect(last).toMatchObject({ error: { data: { source: 'caller' } } })
      const reply = await askAgent(scenario, {
        path: `/a2a/${name}`,
        body: '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}',
      })
      expect(JSON.stringify(rpcErrorOf(reply))).toContain('agent')
      const { status } = await scenario.control('POST', '/api/v1/keys', { team: name })
      expect(status).toBe(400)
      const spend = await scenario.control('GET', `/api/v1/spend?by=label:${name}`)
      expect(spend.status).toBe(200)
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('a path that leads elsewhere', () => {
  test.each([
    ['/mcp/../api/v1/keys', 404],
    ['/mcp/%2e%2e/api/v1/keys', 404],
    ['/mcp/..%2f..%2fapi%2fv1%2fkeys', 400],
    ['/a2a/../metrics', 404],
    ['/a2a/%2e%2e%2fmetrics', 404],
    ['/v1/models/..%2f..%2fmetrics', 404],
    ['//metrics', 404],
  ])('is not followed: %s', async (path, status) => {
    const response = await fetch(`${scenario.dataUrl}${path}`, { headers: { authorization: `Bearer ${scenario.key}` } })
    const text = await response.text()
    expect([response.status, text.includes('signalbox_calls_total')]).toEqual([status, false])
  })
})
