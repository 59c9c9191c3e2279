import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { type Answer, streamReply, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'

// The two wires of OpenAI in front of each other: what both have arrives whole, so that a model that takes nothing less answers.

const start = (): Promise<Scenario> =>
  startScenario({
    config: (baseUrl) => ({
      models: {
        providers: {
          chat: { kind: 'openai', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          responses: { kind: 'openai', wire: 'openai-responses', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          claude: { wire: 'anthropic-messages', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          other: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
        },
        models: [
          { name: 'by-chat', provider: 'chat', id: 'gpt-5.6', fidelity: 'strict' },
          { name: 'by-responses', provider: 'responses', id: 'gpt-5.6', fidelity: 'strict' },
          { name: 'by-messages', provider: 'claude', id: 'claude-sonnet-4-5' },
          { name: 'elsewhere', provider: 'other', id: 'qwen' },
        ],
      },
    }),
  })

const client = ({ dataUrl, key }: Scenario) => new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 })

const SAID = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hi.', annotations: [] }],
}
const response = (output: readonly object[], more: object = {}) => ({
  ...{
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model: 'gpt-5.6',
    output,
  },
  ...{ usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 }, service_tier: 'priority', ...more },
})
const completion = (message: object, finish: string) => ({
  ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'gpt-5.6', service_tier: 'priority' },
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
})
const events = (list: readonly { readonly type: string }[]): Answer =>
  streamReply({ frames: list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`) })

const SHARED = {
  metadata: { ticket: '4711' },
  store: true,
  service_tier: 'priority',
  prompt_cache_key: 'support',
  safety_identifier: 'h1',
} as const

describe('what both wires of OpenAI have', () => {
  test('goes from chat completions to a provider of Responses, and the tier comes back', async () => {
    await using scenario = await start()
    scenario.upstream.answer(wholeReply({ body: response([SAID]) }))
    const reply = await client(scenario).chat.completions.create({
      ...{ model: 'by-responses', messages: [{ role: 'user', content: 'Hello?' }] },
      ...{ ...SHARED, verbosity: 'low', reasoning_effort: 'max' },
    })
    expect(reply).toMatchObject({ service_tier: 'priority', choices: [{ message: { content: 'Hi.' } }] })
    expect(scenario.upstream.requests[0]?.jsonObject()).toMatchObject({
      ...{ ...SHARED, text: { verbosity: 'low' }, reasoning: { effort: 'max' } },
    })
    expect((await scenario.expectCall({ outcome: 'ok' })).losses).toBeUndefined()
  })

  test('goes from Responses to a provider of chat completions, streamed, and the tier comes back', async () => {
    await using scenario = await start()
    const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'gpt-5.6', service_tier: 'priority' }
    const chunks = [
      { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi.' }, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { ...head, choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
    ]
    scenario.upstream.answer(streamReply({ frames: [...chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`), 'data: [DONE]\n\n'] }))
    const asked = { model: 'by-chat', input: 'Hello?', ...SHARED, text: { verbosity: 'low' as const } }
    const reply = await client(scenario).responses.stream(asked).finalResponse()
    expect(reply).toMatchObject({ output_text: 'Hi.', service_tier: 'priority', metadata: SHARED.metadata })
    expect(scenario.upstream.requests[0]?.jsonObject()).toMatchObject({ ...SHARED, verbosity: 'low' })
    expect((await scenario.expectCall({ outcome: 'ok', isStream: true })).losses).toBeUndefined()
  })

  test('is a loss at a server that is not known to take it: most refuse what they do not know', async () => {
    await using scenario = await start()
    scenario.upstream.answer(wholeReply({ body: completion({ content: 'Hi.' }, 'stop') }))
    await client(scenario).responses.create({ model: 'elsewhere', input: 'Hello?', ...SHARED })
    expect(Object.keys(scenario.upstream.requests[0]?.jsonObject() ?? {})).toEqual(['model', 'messages', 'user'])
    const { losses } = await scenario.expectCall({ outcome: 'ok' })
    expect(losses?.map(({ path, action }) => `${path} ${action}`)).toEqual(['service_tier dropped', 'prompt_cache_key dropped'])
  })
})

const PATCH = '*** Begin Patch\n*** Update File: a.ts\n+const a = "ü"\n*** End Patch'
const GRAMMAR = { syntax: 'lark' as const, definition: 'start: begin_patch hunk+ end_patch' }
const TOOL = { type: 'custom' as const, name: 'apply_patch', description: 'Edits files.', format: { type: 'grammar' as const, ...GRAMMAR } }
const CHAT_TOOL = {
  type: 'custom' as const,
  custom: { name: 'apply_patch', description: 'Edits files.', format: { type: 'grammar' as const, grammar: GRAMMAR } },
}

/** What Anthropic says of a call, the arguments in pieces that cut an escape. */
const MESSAGE_CALL = (() => {
  const json = JSON.stringify({ input: PATCH }).replace('ü', '\\u00fc')
  const at = json.indexOf('\\u00fc') + 3
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null, stop_sequence: null }
  const delta = (partial_json: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json } })
  return [
    { type: 'message_start', message: { ...message, usage: { input_tokens: 10, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'apply_patch', input: {} } },
    ...['', json.slice(0, 4), json.slice(4, at), json.slice(at)].map(delta),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ]
})()

describe('a custom tool', () => {
  test('of Responses is a function where the provider has functions alone, and its calls come back as its own', async () => {
    await using scenario = await start()
    scenario.upstream.answer(events(MESSAGE_CALL))
    const { responses } = client(scenario)
    const stream = responses.stream({ model: 'by-messages', input: 'Fix it', tools: [TOOL] })
    const pieces: string[] = []
    for await (const event of stream) if (event.type === 'response.custom_tool_call_input.delta') pieces.push(event.delta)
    const first = await stream.finalResponse()
    expect(first.output).toMatchObject([{ type: 'custom_tool_call', call_id: 'toolu_1', name: 'apply_patch', input: PATCH }])
    expect(pieces.join('')).toBe(PATCH)
    expect(pieces.length).toBeGreaterThan(1)
    const { losses } = await scenario.expectCall({ outcome: 'ok', toolCalls: ['apply_patch'] })
    expect(losses?.map(({ path, action }) => `${path} ${action}`)).toEqual(['tools emulated', 'tools.format approximated'])
    expect(scenario.upstream.requests[0]?.jsonObject().tools).toMatchObject([
      { name: 'apply_patch', input_schema: { properties: { input: { type: 'string' } }, required: ['input'] } },
    ])

    scenario.upstream.answer(
      wholeReply({
        body: {
          ...{ id: 'msg_2', type: 'message', role: 'assistant', model: 'claude', stop_reason: 'end_turn', stop_sequence: null },
          ...{ content: [{ type: 'text', text: 'Done.' }], usage: { input_tokens: 20, output_tokens: 3 } },
        },
      }),
    )
    const output = { type: 'custom_tool_call_output' as const, call_id: 'toolu_1', output: 'ok' }
    const second = await responses.create({ model: 'by-messages', previous_response_id: first.id, input: [output], tools: [TOOL] })
    expect(second.output_text).toBe('Done.')
    expect(scenario.upstream.requests[1]?.jsonObject().messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'apply_patch', input: { input: PATCH } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
    ])
  })

  test('of Responses is one of chat completions, streamed', async () => {
    await using scenario = await start()
    const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'gpt-5.6' }
    const delta = (call: object) => ({
      ...head,
      choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] }, finish_reason: null }],
    })
    const chunks = [
      delta({ id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: '' } }),
      delta({ custom: { input: PATCH.slice(0, 9) } }),
      delta({ custom: { input: PATCH.slice(9) } }),
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    ]
    scenario.upstream.answer(streamReply({ frames: [...chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`), 'data: [DONE]\n\n'] }))
    const asked = { model: 'by-chat', input: 'Fix it', tools: [TOOL], tool_choice: { type: 'custom' as const, name: 'apply_patch' } }
    const reply = await client(scenario).responses.stream(asked).finalResponse()
    expect(reply.output).toMatchObject([{ type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: PATCH }])
    const sent = scenario.upstream.requests[0]?.jsonObject()
    expect(sent).toMatchObject({ tools: [CHAT_TOOL], tool_choice: { type: 'custom', custom: { name: 'apply_patch' } } })
    expect((await scenario.expectCall({ outcome: 'ok', toolCalls: ['apply_patch'] })).losses).toBeUndefined()
  })

  test.each([false, true])('of chat completions is one of Responses, streamed: %p', async (isStream) => {
    await using scenario = await start()
    const call = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'apply_patch', input: PATCH }
    const place = { item_id: 'ctc_1', output_index: 0 }
    scenario.upstream.answer(
      isStream
        ? events([
            { type: 'response.created', ...{ response: response([]) } },
            { type: 'response.output_item.added', ...{ output_index: 0, item: { ...call, input: '' } } },
            { type: 'response.custom_tool_call_input.delta', ...{ ...place, delta: PATCH.slice(0, 9) } },
            { type: 'response.custom_tool_call_input.delta', ...{ ...place, delta: PATCH.slice(9) } },
            { type: 'response.custom_tool_call_input.done', ...{ ...place, input: PATCH } },
            { type: 'response.output_item.done', ...{ output_index: 0, item: call } },
            { type: 'response.completed', ...{ response: response([call]) } },
          ])
        : wholeReply({ body: response([call]) }),
    )
    const asked = { model: 'by-responses', messages: [{ role: 'user' as const, content: 'Fix it' }], tools: [CHAT_TOOL] }
    const { completions } = client(scenario).chat
    if (isStream) {
      let said = ''
      for await (const chunk of await completions.create({ ...asked, stream: true }))
        for (const one of chunk.choices[0]?.delta.tool_calls ?? []) said += one.custom?.input ?? ''
      expect(said).toBe(PATCH)
    } else {
      const { choices } = await completions.create(asked)
      expect(choices[0]?.message.tool_calls).toEqual([{ id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: PATCH } }])
      expect(choices[0]?.finish_reason).toBe('tool_calls')
    }
    expect(scenario.upstream.requests[0]?.jsonObject().tools).toEqual([TOOL])
    expect((await scenario.expectCall({ outcome: 'ok', toolCalls: ['apply_patch'] })).losses).toBeUndefined()
  })

  test('answers in its own wire pass guards as the calls of functions do', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { chat: { kind: 'openai', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'guarded', provider: 'chat', id: 'gpt-5.6' }],
        },
        guards: { words: { type: 'keywords', words: ['Begin Patch'], on: 'all', action: 'block', phases: ['toolArguments'] } },
      }),
    })
    const call = { id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: PATCH } }
    scenario.upstream.answer(wholeReply({ body: completion({ content: null, tool_calls: [call] }, 'tool_calls') }))
    const asked = { model: 'guarded', messages: [{ role: 'user' as const, content: 'Fix it' }], tools: [CHAT_TOOL] }
    const failed = await client(scenario)
      .chat.completions.create(asked)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
    expect(failed).toMatchObject({ status: 400, code: 'content_filter' })
    expect(String(failed)).not.toContain('Begin Patch')
  })
})
