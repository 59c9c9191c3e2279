import { expect, test } from 'bun:test'
import { chatAnswer, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask } from '../ask.ts'

// Histories in which something was called and nothing answers. Every provider that is known to refuse them is spared the question.

const start = (): Promise<Scenario> =>
  startScenario({
    config: (baseUrl) => ({
      models: {
        providers: {
          messages: { wire: 'anthropic-messages', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          chat: { kind: 'openai', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          other: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
        },
        models: [
          { name: 'claude', provider: 'messages', id: 'claude-sonnet-4-5' },
          { name: 'gpt', provider: 'chat', id: 'gpt-5' },
          { name: 'local', provider: 'other', id: 'qwen' },
        ],
        routes: [{ name: 'either', strategy: 'priority', targets: [{ model: 'claude' }, { model: 'local' }] }],
      },
    }),
  })

const USER = { role: 'user', content: 'Hi' }
const CHAT_CALL = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
}
const MESSAGES_CALL = { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] }
const ITEM_CALL = { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' }
const ASKED = [
  {
    wire: 'openai-chat',
    path: '/v1/chat/completions',
    model: 'claude',
    at: 'messages[1].tool_calls[0]',
    body: { messages: [USER, CHAT_CALL, USER] },
  },
  { wire: 'openai-responses', path: '/v1/responses', model: 'claude', at: 'input[1]', body: { input: [USER, ITEM_CALL, USER] } },
  {
    ...{ wire: 'anthropic-messages', path: '/v1/messages', model: 'gpt', at: 'messages[1].content[0]' },
    body: { max_tokens: 10, messages: [USER, MESSAGES_CALL, USER] },
  },
] as const

test.each(ASKED)(
  'a call that nothing answers is refused in $wire before anything is sent, with its place',
  async ({ path, model, at, body }) => {
    await using scenario = await start()
    const reply = await ask(scenario, { path, body: { model, ...body } })
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(`at \\"${at}\\"`)
    expect(scenario.upstream.requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'request_not_carried', attempts: 0 })
  },
)

test('a server that may take it is asked, also behind one that would not', async () => {
  await using scenario = await start()
  scenario.upstream.answer(chatAnswer({ content: 'Ok.' }))
  const body = { max_tokens: 10, messages: [USER, MESSAGES_CALL, USER] }
  expect((await ask(scenario, { path: '/v1/messages', body: { model: 'local', ...body } })).status).toBe(200)
  await scenario.expectCall({ outcome: 'ok' })
  const input = [USER, ITEM_CALL, USER]
  expect((await ask(scenario, { path: '/v1/responses', body: { model: 'either', input } })).status).toBe(200)
  await scenario.expectCall({ outcome: 'ok', attempts: 1 })
})

test('on the same wire it passes unchanged: its provider says what it thinks of it', async () => {
  await using scenario = await start()
  const refused = { type: 'error', error: { type: 'invalid_request_error', message: 'tool_use ids were found without tool_result blocks' } }
  scenario.upstream.answer(wholeReply({ status: 400, body: refused }))
  const body = { model: 'claude', max_tokens: 10, messages: [USER, MESSAGES_CALL, USER] }
  const reply = await ask(scenario, { path: '/v1/messages', body })
  expect(reply.status).toBe(400)
  expect(scenario.upstream.requests[0]?.jsonObject().messages).toEqual([USER, MESSAGES_CALL, USER])
  await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_rejected' })
})

test('a result that comes later, as Responses allow it, is put behind its call', async () => {
  await using scenario = await start()
  const body = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: 'Ok.' }],
    stop_reason: 'end_turn',
  }
  scenario.upstream.answer(wholeReply({ body: { ...body, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } } }))
  const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Wait.' }] }
  const input = [USER, ITEM_CALL, { role: 'user', content: 'Hurry.' }, said, { type: 'function_call_output', call_id: 'a', output: '1' }]
  expect((await ask(scenario, { path: '/v1/responses', body: { model: 'claude', input } })).status).toBe(200)
  expect(scenario.upstream.requests[0]?.jsonObject().messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a' }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a' },
        { type: 'text', text: 'Hurry.' },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'Wait.' }] },
  ])
  const { losses } = await scenario.expectCall({ outcome: 'ok' })
  expect(losses).toMatchObject([
    { path: 'messages', action: 'approximated' },
    { path: 'tools', action: 'emulated' },
  ])
})
