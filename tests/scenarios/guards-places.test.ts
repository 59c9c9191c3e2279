import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { wholeReply } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { askAgent } from './a2a.ts'
import { ask } from './ask.ts'

// Where in a request words may stand that a guard must see, and what it must let be.

const WORDS = 'Project Falcon'
const falcon = {
  falcon: { type: 'keywords', words: [WORDS], action: 'block', on: 'all', phases: ['input', 'toolArguments', 'toolResults'] },
}
const user = (content: JsonObject[string]): JsonObject => ({ messages: [{ role: 'user', content }] })
const used = (input: JsonObject): JsonObject => ({
  messages: [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'y' }] },
  ],
  tools: [{ name: 'f', input_schema: { type: 'object' } }],
})
const document = (source: JsonObject): JsonObject => user([{ type: 'document', source }])
const parts = (...list: JsonObject[]): JsonObject => ({ contents: [{ role: 'user', parts: [{ text: 'x' }, ...list] }] })
const schema = { type: 'object', properties: { a: { type: 'string', description: WORDS } } }
const GEMINI = '/v1beta/models/mini:generateContent'

describe('a guard sees words', () => {
  test.each<[what: string, path: string, fields: JsonObject]>([
    ['behind "data:"', '/v1/chat/completions', user(`data: ${WORDS}`)],
    ['behind what begins like an image', '/v1/chat/completions', user(`data:image/png;base64,AAAA ${WORDS}`)],
    [
      'of an address that is no image',
      '/v1/chat/completions',
      user([{ type: 'image_url', image_url: { url: `data:text/plain,${WORDS}` } }]),
    ],
    [
      'in an image that is not base64 alone',
      '/v1/chat/completions',
      user([{ type: 'image_url', image_url: { url: `data:image/png;base64,AA\u0020${WORDS}` } }]),
    ],
    ['in metadata, under any key', '/v1/chat/completions', { ...user('x'), metadata: { id: WORDS } }],
    ['as a key of metadata', '/v1/chat/completions', { ...user('x'), metadata: { [WORDS]: 'x' } }],
    [
      'of the schema of the answer',
      '/v1/chat/completions',
      { ...user('x'), response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } },
    ],
    ['behind "data:" in Responses', '/v1/responses', { input: `data: ${WORDS}` }],
    ['of the schema in Responses', '/v1/responses', { input: 'x', text: { format: { type: 'json_schema', name: 'a', schema } } }],
    ['of a plain document', '/v1/messages', document({ type: 'text', media_type: 'text/plain', data: `The ${WORDS} is late.` })],
    ['in the arguments of a tool, under any key', '/v1/messages', used({ data: WORDS })],
    ['as a key of the arguments of a tool', '/v1/messages', used({ [WORDS]: 1 })],
    ['in the answer of a tool, under any key', GEMINI, parts({ functionResponse: { name: 'f', response: { data: WORDS } } })],
    ['as a key of the answer of a tool', GEMINI, parts({ functionResponse: { name: 'f', response: { [WORDS]: 1 } } })],
    ['of the schema in Gemini', GEMINI, { ...parts(), generationConfig: { responseSchema: schema } }],
  ])('%s (%s)', async (_what, path, fields) => {
    await using scenario = await startScenario({ config: { guards: falcon } })
    const reply = await ask(scenario, { path, body: JSON.stringify({ model: 'mini', max_tokens: 5, ...fields }) })
    expect(reply.status).toBe(400)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked', attempts: 0 })
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  test('in the data of a message to an agent, under any key', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        guards: falcon,
        agents: { agents: { researcher: { url: `${baseUrl}/rpc` } } },
        access: { teams: { support: { agents: ['*'] } } },
      }),
    })
    for (const said of [{ id: WORDS }, { deep: [{ token: WORDS }] }, { [WORDS]: 1 }]) {
      const message = { messageId: '1', role: 'ROLE_USER', parts: [{ data: said }] }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } })
      const reply = await askAgent(scenario, { path: '/a2a/researcher', body })
      await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked', callId: reply.callId })
    }
    expect(scenario.upstream.requests.filter(({ body }) => body.includes(WORDS))).toHaveLength(0)
  })
})

test('a guard lets images be: a card number in base64 is none', async () => {
  const pii = { pii: { action: 'block', on: 'all' } }
  await using scenario = await startScenario({ config: { guards: pii } })
  // As some write it, with \/ in the place of a slash.
  const image = 'data:image/png;base64,4111111111111111\\/4111111111111111=='
  const body = `{"model":"mini","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"${image}"}}]}]}`
  expect((await ask(scenario, { body })).status).toBe(200)
  expect(scenario.upstream.requests[0]?.body).toContain(image)
})

describe('in a whole reply a guard sees the keys of what a tool is given', () => {
  const given = { list: [{ [WORDS]: { [`${WORDS} again`]: WORDS } }], x: 1 }
  const clean = { list: [{ '[KEYWORD]': { '[KEYWORD] again': '[KEYWORD]' } }], x: 1 }
  const redact = { falcon: { ...falcon.falcon, action: 'redact' } }
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', stop_reason: 'tool_use', stop_sequence: null }

  test.each<[wire: string, base: string, path: string, fields: JsonObject, reply: JsonObject, place: (body: JsonObject) => unknown]>([
    [
      ...(['anthropic-messages', '/v1', '/v1/messages', { max_tokens: 5, ...user('x') }] as const),
      {
        ...message,
        content: [{ type: 'tool_use', id: 't1', name: 'f', input: given }],
        usage: { input_tokens: 1, output_tokens: 1 },
      },
      (body) => (body.content as JsonObject[])[0]?.input,
    ],
    [
      ...(['gemini', '/v1beta', GEMINI, parts()] as const),
      { candidates: [{ content: { role: 'model', parts: [{ functionCall: { name: 'f', args: given } }] }, finishReason: 'STOP' }] },
      (body) =>
        ((body.candidates as JsonObject[])[0] as { content: { parts: { functionCall: JsonObject }[] } }).content.parts[0]?.functionCall
          .args,
    ],
  ])('%s', async (wire, base, path, fields, reply, place) => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        guards: redact,
        models: {
          providers: { fake: { wire, baseUrl: baseUrl.replace(/\/v1$/, base), apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: 'm' }],
        },
      }),
    })
    scenario.upstream.answer(wholeReply({ body: reply }))
    const answer = await ask(scenario, { path, body: { ...(wire === 'gemini' ? {} : { model: 'mini' }), ...fields } })
    expect(answer.status).toBe(200)
    expect(JSON.stringify(place(JSON.parse(answer.text)))).toBe(JSON.stringify(clean))
  })
})
