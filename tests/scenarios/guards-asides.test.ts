import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

// What stands in an answer beside its text: citations, thinking that is told twice, what a provider has found and run. It passes the guards as the text does.

const MAIL = 'bob@example.org'
const SAID = `by ${MAIL}, for [EMAIL_1]`
const CLEAN = 'by [EMAIL], for ada@example.com'

interface Wire {
  readonly wire: string
  readonly base: string
  readonly path: (isStream: boolean) => string
  readonly body: (isStream: boolean) => JsonObject
  readonly whole: (aside: JsonObject) => JsonObject
  readonly frames: (aside: JsonObject) => readonly JsonObject[]
}

const HELLO = 'Hello, ada@example.com.'
const messages = [{ role: 'user', content: HELLO }]
const chunk = (delta: JsonObject, finish: string | null = null) => ({
  ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
  choices: [{ index: 0, delta, finish_reason: finish }],
})
const CHAT: Wire = {
  ...{ wire: 'openai-chat', base: '/v1', path: () => '/v1/chat/completions' },
  body: (stream) => ({ model: 'mini', stream, messages }),
  whole: (aside) => ({
    ...{ id: 'c', object: 'chat.completion', created: 1, model: 'm' },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.', ...aside }, finish_reason: 'stop' }],
  }),
  frames: (aside) => [chunk({ role: 'assistant', content: 'Yes.' }), chunk(aside), chunk({}, 'stop')],
}
/** Perplexity, which tells some of it beside the choices. */
const SEARCHING: Wire = {
  ...CHAT,
  whole: (aside) => ({ ...CHAT.whole({}), ...aside }),
  frames: (aside) => [chunk({ role: 'assistant', content: 'Yes.' }), { ...chunk({}), ...aside }, chunk({}, 'stop')],
}
const message = { id: 'm1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null }
const MESSAGES: Wire = {
  ...{ wire: 'anthropic-messages', base: '/v1', path: () => '/v1/messages' },
  body: (stream) => ({ model: 'mini', max_tokens: 50, stream, messages }),
  whole: (aside) => ({ ...message, content: [aside], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } }),
  frames: (aside) => [
    { type: 'message_start', message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: aside },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ],
}
const response = (output: JsonObject[], status: string) => ({
  ...{ id: 'r', object: 'response', created_at: 1, status, error: null, incomplete_details: null, model: 'm', output },
  instructions: 'Ask carol@example.net, who wrote this.',
})
const RESPONSES: Wire = {
  ...{ wire: 'openai-responses', base: '/v1', path: () => '/v1/responses' },
  body: (stream) => ({ model: 'mini', stream, store: false, input: HELLO }),
  whole: (aside) => response([aside], 'completed'),
  frames: (aside) => [
    { type: 'response.created', sequence_number: 0, response: response([], 'in_progress') },
    { type: 'response.output_item.done', sequence_number: 1, output_index: 0, item: aside },
    { type: 'response.completed', sequence_number: 2, response: response([aside], 'completed') },
  ],
}
const candidate = (aside: JsonObject, more: JsonObject = {}) => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'Yes.' }] }, ...aside, ...more }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
})
const GEMINI: Wire = {
  ...{ wire: 'gemini', base: '/v1beta' },
  path: (isStream) => `/v1beta/models/mini:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: () => ({ contents: [{ role: 'user', parts: [{ text: HELLO }] }] }),
  whole: (aside) => candidate(aside, { finishReason: 'STOP' }),
  frames: (aside) => [candidate({}), candidate(aside, { finishReason: 'STOP' })],
}

const THINKING = { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'I think.' }] }
const ANSWER = {
  ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text: '{"a":1}', annotations: [] }],
}
const thinkingCandidate = (finishReason: string): JsonObject => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'I think.', thought: true }, { text: '{"a":1}' }] }, finishReason }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
})

/** Of each wire: what stands beside the text. Where `text` stands, something is said; an id and what is sealed stay as they are. */
const ROWS: readonly (readonly [string, Wire, (text: string) => JsonObject])[] = [
  ['citations', CHAT, (text) => ({ annotations: [{ type: 'url_citation', url_citation: { title: text, url: 'https://example.com/' } }] })],
  [
    'thinking that is told twice',
    CHAT,
    (text) => ({ reasoning: text, reasoning_details: [{ type: 'reasoning.text', index: 0, text, signature: 'bob@example.com' }] }),
  ],
  ['sound that is written down', CHAT, (text) => ({ audio: { id: 'audio_1', data: 'AAAA', transcript: text } })],
  ['what might be asked next', SEARCHING, (text) => ({ citations: ['https://example.com/'], related_questions: [text] })],
  [
    'a page that was fetched',
    MESSAGES,
    (text) => ({
      ...{ type: 'web_fetch_tool_result', tool_use_id: 't1' },
      content: {
        ...{ type: 'web_fetch_result', url: 'https://example.com/', retrieved_at: '2026-11-21T18:00:00Z' },
        content: { type: 'document', title: 'Page', source: { type: 'text', media_type: 'text/plain', data: text } },
      },
    }),
  ],
  [
    'citations',
    MESSAGES,
    (text) => ({
      type: 'text',
      text: 'Yes.',
      citations: [{ type: 'char_location', cited_text: text, document_title: text, document_index: 0 }],
    }),
  ],
  [
    'results of a tool of the provider',
    MESSAGES,
    (text) => ({ type: 'mcp_tool_result', tool_use_id: 't1', is_error: false, content: [{ type: 'text', text }] }),
  ],
  [
    'a program that was run',
    RESPONSES,
    (text) => ({
      type: 'code_interpreter_call',
      id: 'ci_1',
      status: 'completed',
      code: text,
      container_id: 'c1',
      outputs: [
        { type: 'logs', logs: text },
        { type: 'logs', logs: `data: ${text}` },
        { type: 'image', url: 'data:image/png;base64,Ym9iQGV4YW1wbGUub3Jn' },
      ],
    }),
  ],
  [
    'what a picture was made of',
    RESPONSES,
    (text) => ({
      ...{ type: 'image_generation_call', id: 'ig_1', status: 'completed', output_format: 'png', size: '1024x1024' },
      ...{ revised_prompt: text, result: 'Ym9iQGV4YW1wbGUub3JnLCBib2JAZXhhbXBsZS5vcmc=' },
    }),
  ],
  [
    'a call of a remote server',
    RESPONSES,
    (text) => ({ type: 'mcp_call', id: 'mcp_1', server_label: 'x', name: 'f', arguments: JSON.stringify({ to: text }), output: text }),
  ],
  [
    'what rests on a search',
    GEMINI,
    (text) => ({ groundingMetadata: { webSearchQueries: [text], groundingSupports: [{ segment: { endIndex: 4, text } }] } }),
  ],
]

const start = ({ wire, base }: Wire, guards: object = { pii: { on: 'all' } }): Promise<Scenario> =>
  startScenario({
    config: (baseUrl) => ({
      guards,
      models: {
        providers: { fake: { wire, baseUrl: baseUrl.replace(/\/v1$/, base), apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id: 'm' }],
      },
    }),
  })

describe.each(ROWS.map(([what, wire, aside]) => ({ what, name: wire.wire, wire, aside })))('$what in $name', ({ wire, aside }) => {
  test.each([false, true])('pass the guards, and get back what was hidden; stream: %p', async (isStream) => {
    await using scenario = await start(wire)
    const frames = wire.frames(aside(SAID)).map((frame) => {
      const event = typeof frame.type === 'string' ? `event: ${frame.type}\n` : ''
      return `${event}data: ${JSON.stringify(frame)}\n\n`
    })
    const done = wire.wire === 'openai-chat' ? ['data: [DONE]\n\n'] : []
    scenario.upstream.answer(isStream ? streamReply({ frames: [...frames, ...done] }) : wholeReply({ body: wire.whole(aside(SAID)) }))
    const reply = await ask(scenario, { path: wire.path(isStream), body: wire.body(isStream) })
    expect(reply.status).toBe(200)
    expect(reply.text).not.toContain(MAIL)
    expect(reply.text).not.toContain('EMAIL_1')
    if (!isStream) expect(reply.json).toEqual(JSON.parse(JSON.stringify(wire.whole(aside(CLEAN)))))
    const count = (text: string, what: string) => text.split(what).length - 1
    expect(count(reply.text, 'ada@example.com')).toBeGreaterThanOrEqual(count(JSON.stringify(aside(SAID)), '[EMAIL_1]'))
    const { guards } = await scenario.expectCall({ outcome: 'ok' })
    expect(guards?.slice(1).map(({ guard, did }) => `${guard} ${did}`)).toContain('pii redacted')
  })
})

test('what the last event of Responses says again is not counted again', async () => {
  await using scenario = await start(RESPONSES)
  const item = { type: 'code_interpreter_call', id: 'ci_1', status: 'completed', container_id: 'c1', code: MAIL, outputs: null }
  const frames = RESPONSES.frames(item).map((frame) => `event: ${String(frame.type)}\ndata: ${JSON.stringify(frame)}\n\n`)
  scenario.upstream.answer(streamReply({ frames }))
  const reply = await ask(scenario, { path: RESPONSES.path(true), body: { ...RESPONSES.body(true), input: 'Hello.' } })
  expect(reply.text).not.toContain(MAIL)
  const { guards } = await scenario.expectCall({ outcome: 'ok' })
  expect(guards).toEqual([{ guard: 'pii', phase: 'toolArguments', did: 'redacted', kinds: { EMAIL: 1 } }])
})

test.each([
  ['text', 'Yes, [EMAIL]', (first: JsonObject, last: JsonObject) => [first, last]],
  ['thinking', 'Yes, [EMAIL]', (first: JsonObject, last: JsonObject) => [{ type: 'thinking', thinking: [first, last] }]],
])('of parts of %s in one frame only what was held back is said behind it', async (_what, said, content) => {
  await using scenario = await start(CHAT)
  const delta = { content: content({ type: 'text', text: 'Yes, ' }, { type: 'text', text: MAIL }) }
  const frames = [chunk(delta), chunk({}, 'stop')].map((frame) => `data: ${JSON.stringify(frame)}\n\n`)
  scenario.upstream.answer(streamReply({ frames: [...frames, 'data: [DONE]\n\n'] }))
  const reply = await ask(scenario, { path: CHAT.path(true), body: CHAT.body(true) })
  const texts = [...reply.text.matchAll(/"text":"([^"]*)"/g)].map(([, text]) => text)
  expect(texts.join('')).toBe(said)
})

test('what is held back is said without what stood beside it', async () => {
  await using scenario = await start(SEARCHING)
  const first = { ...chunk({ role: 'assistant', content: `Yes, ${MAIL}` }), search_results: [{ title: MAIL }], related_questions: [MAIL] }
  const frames = [first, chunk({}, 'stop')].map((frame) => `data: ${JSON.stringify(frame)}\n\n`)
  scenario.upstream.answer(streamReply({ frames: [...frames, 'data: [DONE]\n\n'] }))
  const reply = await ask(scenario, { path: CHAT.path(true), body: CHAT.body(true) })
  expect(reply.text).not.toContain(MAIL)
  expect(reply.text.split('"search_results":[{"title":"[EMAIL]"}]')).toHaveLength(2)
})

test('what a response repeats of its request is not what it says', async () => {
  await using scenario = await start(RESPONSES)
  scenario.upstream.answer(wholeReply({ body: RESPONSES.whole({ type: 'mcp_call', id: 'm', name: 'f', arguments: '{}', output: 'x' }) }))
  const reply = await ask(scenario, { path: RESPONSES.path(false), body: RESPONSES.body(false) })
  expect(reply.text).toContain('carol@example.net')
})

/** An answer of each wire that is JSON, with thinking that is not. */
const THOUGHT: readonly (readonly [wire: Wire, whole: JsonObject, frames: readonly JsonObject[]])[] = [
  [
    CHAT,
    CHAT.whole({ content: '{"a":1}', reasoning_content: 'I think.' }),
    [chunk({ role: 'assistant', reasoning_content: 'I think.' }), chunk({ content: '{"a":1}' }), chunk({}, 'stop')],
  ],
  [
    RESPONSES,
    response([THINKING, ANSWER], 'completed'),
    [
      { type: 'response.reasoning_summary_text.delta', output_index: 0, item_id: 'rs_1', summary_index: 0, delta: 'I think.' },
      { type: 'response.output_item.done', output_index: 0, item: THINKING },
      { type: 'response.output_text.delta', output_index: 1, item_id: 'msg_1', content_index: 0, delta: '{"a":1}' },
      { type: 'response.output_item.done', output_index: 1, item: ANSWER },
      { type: 'response.completed', response: response([THINKING, ANSWER], 'completed') },
    ],
  ],
  [GEMINI, thinkingCandidate('STOP'), [thinkingCandidate('STOP')]],
]

describe.each(THOUGHT.map(([wire, whole, frames]) => ({ name: wire.wire, wire, whole, frames })))('a schema, in $name,', (row) => {
  test.each([false, true])('binds the answer and not the thinking; stream: %p', async (isStream) => {
    const { wire, whole, frames } = row
    await using scenario = await start(wire, { json: { type: 'schema', schema: { type: 'object', required: ['a'] }, on: 'all' } })
    const sent = frames.map(
      (frame) => `${typeof frame.type === 'string' ? `event: ${frame.type}\n` : ''}data: ${JSON.stringify(frame)}\n\n`,
    )
    const done = wire.wire === 'openai-chat' ? ['data: [DONE]\n\n'] : []
    scenario.upstream.answer(isStream ? streamReply({ frames: [...sent, ...done] }) : wholeReply({ body: whole }))
    const reply = await ask(scenario, { path: wire.path(isStream), body: wire.body(isStream) })
    expect([reply.status, reply.text.includes('I think.'), reply.text.includes('{\\"a\\":1}')]).toEqual([200, true, true])
    await scenario.expectCall({ outcome: 'ok', guards: undefined })
  })
})
