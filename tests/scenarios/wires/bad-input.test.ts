import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, endedCall } from '../ask.ts'

// What no provider can be asked is refused in the caller's own words, before anything is sent or held: in each wire, whole and streamed.

const PROVIDERS = { 'openai-chat': '/v1', 'anthropic-messages': '/v1', gemini: '/v1beta', 'openai-responses': '/v1', converse: '' } as const
type Wire = keyof typeof PROVIDERS

interface Asked {
  readonly wire: Wire
  readonly path: (model: string, isStream: boolean) => string
  readonly body: (model: string, isStream: boolean) => JsonObject
  /** What is wrong, what replaces or joins the fields of the body, and what the refusal names. */
  readonly wrong: readonly (readonly [what: string, fields: JsonObject, names: RegExp])[]
}

const BAD_SCHEMA = { type: 'object', properties: { a: { type: 'nothing' } } }
const user = (content: JsonObject[string]): JsonObject => ({ messages: [{ role: 'user', content }] })
const turn = (...parts: readonly JsonObject[]): JsonObject => ({ contents: [{ role: 'user', parts: [...parts] }] })
const item = (...input: readonly JsonObject[]): JsonObject => ({ input: [...input] })
const functionTool = (parameters: JsonObject): JsonObject => ({ type: 'function', function: { name: 'f', parameters } })

const ASKED: readonly Asked[] = [
  {
    wire: 'openai-chat',
    path: () => '/v1/chat/completions',
    body: (model, stream) => ({ model, stream, ...user('Hello?') }),
    wrong: [
      ['a field of a wrong type', { temperature: 'hot' }, /temperature/],
      ['a missing field', { messages: null }, /messages/],
      ['invalid base64', user([{ type: 'image_url', image_url: { url: 'data:image/png;base64,%%%' } }]), /messages\[0\].*url/],
      ['an unsupported medium', user([{ type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } }]), /messages\[0\]/],
      ['an invalid schema of a tool', { tools: [functionTool(BAD_SCHEMA)] }, /tools\[0\].*parameters/],
      [
        'an invalid schema of the answer',
        { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: BAD_SCHEMA } } },
        /response_format.*schema/,
      ],
      ['a result without its call', { messages: [{ role: 'tool', tool_call_id: 'call_9', content: 'a' }] }, /call_9|messages\[0\]/],
      [
        'a choice that contradicts',
        { tool_choice: { type: 'function', function: { name: 'g' } }, tools: [functionTool({ type: 'object' })] },
        /tool_choice/,
      ],
    ],
  },
  {
    wire: 'openai-responses',
    path: () => '/v1/responses',
    body: (model, stream) => ({ model, stream, input: 'Hello?' }),
    wrong: [
      ['a field of a wrong type', { temperature: 'hot' }, /temperature/],
      ['a missing field', { input: null }, /input/],
      ['invalid base64', item({ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,%%%' }] }), /input\[0\]/],
      ['an unsupported medium', item({ role: 'user', content: [{ type: 'input_video', video_url: 'a' }] }), /input\[0\]/],
      ['an invalid schema of a tool', { tools: [{ type: 'function', name: 'f', parameters: BAD_SCHEMA }] }, /tools\[0\].*parameters/],
      ['an invalid schema of the answer', { text: { format: { type: 'json_schema', name: 'a', schema: BAD_SCHEMA } } }, /text.*schema/],
      ['a result without its call', item({ type: 'function_call_output', call_id: 'call_9', output: 'a' }), /call_9|input\[0\]/],
      ['a choice that contradicts', { tool_choice: 'required' }, /tool_choice/],
    ],
  },
  {
    wire: 'anthropic-messages',
    path: () => '/v1/messages',
    body: (model, stream) => ({ model, stream, max_tokens: 100, ...user('Hello?') }),
    wrong: [
      ['a field of a wrong type', { temperature: 'hot' }, /temperature/],
      ['a missing field', { max_tokens: null }, /max_tokens/],
      [
        'invalid base64',
        user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: '%%%' } }]),
        /messages\[0\].*data/,
      ],
      ['an unsupported medium', user([{ type: 'video', source: { type: 'url', url: 'https://example.com/a.mp4' } }]), /messages\[0\]/],
      ['an invalid schema of a tool', { tools: [{ name: 'f', input_schema: BAD_SCHEMA }] }, /tools\[0\].*input_schema/],
      [
        'an invalid schema of the answer',
        { output_config: { format: { type: 'json_schema', schema: BAD_SCHEMA } } },
        /output_config.*schema/,
      ],
      ['a result without its call', user([{ type: 'tool_result', tool_use_id: 'toolu_9', content: 'a' }]), /toolu_9|messages\[0\]/],
      [
        'a choice that contradicts',
        { tool_choice: { type: 'tool', name: 'g' }, tools: [{ name: 'f', input_schema: { type: 'object' } }] },
        /tool_choice/,
      ],
    ],
  },
  {
    wire: 'gemini',
    path: (model, isStream) => `/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => turn({ text: 'Hello?' }),
    wrong: [
      ['a field of a wrong type', { generationConfig: { temperature: 'hot' } }, /generationConfig\.temperature/],
      ['a missing field', { contents: null }, /contents/],
      ['invalid base64', turn({ inlineData: { mimeType: 'image/png', data: '%%%' } }), /contents\[0\].*data/],
      [
        'an invalid schema of a tool',
        { tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: BAD_SCHEMA }] }] },
        /tools\[0\]/,
      ],
      [
        'an invalid schema of the answer',
        { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: BAD_SCHEMA } },
        /generationConfig.*[sS]chema/,
      ],
      ['a result without its call', turn({ functionResponse: { name: 'g', id: 'c9', response: {} } }), /c9|contents\[0\]/],
      ['a choice that contradicts', { toolConfig: { functionCallingConfig: { mode: 'ANY' } } }, /toolConfig|functionCallingConfig/],
    ],
  },
]

/** The shape of an error in each wire. */
const SHAPES: Readonly<Record<string, (callId: string) => object>> = {
  'openai-chat': (id) => ({ error: { type: 'invalid_request_error', source: 'caller', request_id: id, message: expect.any(String) } }),
  'openai-responses': (id) => ({ error: { type: 'invalid_request_error', source: 'caller', request_id: id, message: expect.any(String) } }),
  'anthropic-messages': (id) => ({ type: 'error', request_id: id, error: { type: 'invalid_request_error', message: expect.any(String) } }),
  gemini: () => ({ error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.any(String) } }),
}

let scenario: Scenario
beforeAll(async () => {
  scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        providers: Object.fromEntries(
          Object.entries(PROVIDERS).map(([wire, path]) => [wire, { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}` }]),
        ),
        models: Object.keys(PROVIDERS).map((name) => ({
          name,
          provider: name,
          id: 'm',
          price: { inputPerMillion: 2, outputPerMillion: 10 },
        })),
      },
      access: { teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } } },
    }),
  })
})
afterAll(() => scenario.close())

describe.each(ASKED.map((asked) => ({ wire: asked.wire, asked })))('a caller of $wire', ({ wire, asked }) => {
  test.each(asked.wrong)('is told of %s, wherever it would have gone', async (_what, fields, names) => {
    for (const model of Object.keys(PROVIDERS).filter((name) => name !== wire)) {
      for (const isStream of [false, true]) {
        const reply = await ask(scenario, { path: asked.path(model, isStream), body: { ...asked.body(model, isStream), ...fields } })
        expect([model, reply.status, reply.headers.get('content-type')]).toEqual([model, 400, 'application/json'])
        expect(reply.json).toMatchObject(SHAPES[wire]?.(reply.callId) ?? {})
        expect(JSON.stringify(reply.json.error)).toMatch(names)
        const ended = await endedCall(scenario, reply.callId)
        expect(ended).toMatchObject({ outcome: 'refused', attempts: 0, errorSource: expect.stringMatching(/^(caller|policy)$/) })
        expect([ended.bookings, ended.costNanoUsd]).toEqual([undefined, undefined])
      }
    }
    expect(scenario.upstream.requests).toHaveLength(0)
  })
})
