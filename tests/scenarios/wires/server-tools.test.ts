import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, endedCall } from '../ask.ts'
import { PROVIDERS } from './lies.ts'

// Tools that a provider runs itself: on its own wire they pass under the policy, elsewhere they are a loss, and what is not allowed is never sent.

const MESSAGES = [{ role: 'user', content: 'Hello?' }]
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] }
const ALLOWED = ['web_*', 'google_search', 'mcp:crm']

interface Asked {
  readonly wire: string
  readonly path: (model: string) => string
  readonly body: (model: string) => JsonObject
  /** What is allowed, and what is not, with the name that the policy has for it. */
  readonly allowed: readonly JsonObject[]
  readonly refused: readonly (readonly [name: string, tools: JsonObject])[]
}

const mcp = (label: string) => ({ type: 'mcp', server_label: label, server_url: 'https://example.com/mcp', require_approval: 'never' })
const ASKED: readonly Asked[] = [
  {
    ...{ wire: 'openai-chat', path: () => '/v1/chat/completions', body: (model) => ({ model, messages: MESSAGES }) },
    allowed: [{ web_search_options: {} }],
    refused: [['file-parser', { plugins: [{ id: 'file-parser' }] }]],
  },
  {
    ...{ wire: 'openai-responses', path: () => '/v1/responses', body: (model) => ({ model, input: 'Hello?', store: false }) },
    allowed: [{ tools: [{ type: 'web_search' }] }, { tools: [mcp('crm')] }],
    refused: [
      ['code_interpreter', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }],
      ['mcp:wiki', { tools: [mcp('wiki')] }],
    ],
  },
  {
    ...{ wire: 'anthropic-messages', path: () => '/v1/messages', body: (model) => ({ model, max_tokens: 100, messages: MESSAGES }) },
    allowed: [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    refused: [
      ['code_execution', { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }],
      ['mcp:wiki', { mcp_servers: [{ type: 'url', url: 'https://example.com/mcp', name: 'wiki' }] }],
    ],
  },
  {
    ...{ wire: 'gemini', path: (model) => `/v1beta/models/${model}:generateContent`, body: () => CONTENTS },
    allowed: [{ tools: [{ googleSearch: {} }] }],
    refused: [['code_execution', { tools: [{ codeExecution: {} }] }]],
  },
]

let scenario: Scenario
beforeAll(async () => {
  scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        providers: Object.fromEntries(
          PROVIDERS.map(({ wire, path }) => [
            wire,
            { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}/${wire}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' },
          ]),
        ),
        models: PROVIDERS.map(({ wire, id }) => ({ name: wire, provider: wire, id, price: { inputPerMillion: 2, outputPerMillion: 10 } })),
        serverTools: ALLOWED,
      },
    }),
  })
  scenario.upstream.answer((request) => {
    const provider = PROVIDERS.find(({ wire }) => request.path.startsWith(`/${wire}/`))
    if (provider === undefined) throw new Error(`Nothing is at ${request.path}.`)
    return wholeReply({ body: provider.whole(provider.usage) })(request)
  })
})
afterAll(() => scenario.close())

describe.each(ASKED.map((asked) => ({ asked, wire: asked.wire })))('a caller of $wire', ({ asked, wire }) => {
  test.each(asked.allowed)('has %j passed on to a provider of its wire', async (tools) => {
    const reply = await ask(scenario, { path: asked.path(wire), body: { ...asked.body(wire), ...tools } })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-signalbox-losses')).toBeNull()
    expect(scenario.upstream.requests.at(-1)?.jsonObject()).toMatchObject(tools)
  })

  test.each(asked.allowed)('loses %j at a provider of another wire, and is told so', async (tools) => {
    for (const { wire: other } of PROVIDERS.filter((provider) => provider.wire !== wire)) {
      const reply = await ask(scenario, { path: asked.path(other), body: { ...asked.body(other), ...tools } })
      expect([other, reply.status, reply.headers.get('x-signalbox-losses')]).toEqual([other, 200, '1'])
      expect(JSON.stringify(scenario.upstream.requests.at(-1)?.jsonObject())).not.toMatch(/search|mcp/i)
      const { losses } = await endedCall(scenario, reply.callId)
      expect(losses).toMatchObject([{ action: 'dropped', path: expect.stringMatching(/tools|web_search/) }])
    }
  })

  test.each(asked.refused)('is refused %s before anything is sent, wherever it would have gone', async (name, tools) => {
    const before = scenario.upstream.requests.length
    for (const { wire: model } of PROVIDERS) {
      const reply = await ask(scenario, { path: asked.path(model), body: { ...asked.body(model), ...tools } })
      expect([model, reply.status]).toEqual([model, 403])
      expect(JSON.stringify(reply.json.error)).toContain(name)
      expect(await endedCall(scenario, reply.callId)).toMatchObject({ outcome: 'refused', errorCode: 'tool_not_allowed', attempts: 0 })
    }
    expect(scenario.upstream.requests).toHaveLength(before)
  })
})
