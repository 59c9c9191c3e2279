import { expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { encodeMessage } from '../../../src/models/cloud/event-stream.ts'
import { type Answer, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { headerOf } from '../../../src/testing/http-message.ts'
import { FAKE_PROVIDER_KEY, startScenario } from '../../../src/testing/scenario.ts'

const HELLO = [{ role: 'user' as const, content: 'hello' }]
const USAGE = { input_tokens: 11, output_tokens: 7 }
/** A stream as Bedrock frames it: each event of Anthropic's in base64, in a message of its own. */
function invokeStream(events: readonly object[]): Answer {
  const headers = { ':event-type': 'chunk', ':message-type': 'event', ':content-type': 'application/json' }
  const messages = events.map((event) => {
    const bytes = Buffer.from(JSON.stringify(event)).toString('base64')
    return encodeMessage(headers, Buffer.from(JSON.stringify({ bytes })))
  })
  return wholeReply({ headers: { 'content-type': 'application/vnd.amazon.eventstream' }, body: Buffer.concat(messages) })
}

const STREAMED = [
  { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'c', content: [], usage: USAGE } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüezi.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: USAGE },
  { type: 'message_stop' },
]
const WHOLE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  content: [{ type: 'text', text: 'Grüezi.' }],
  stop_reason: 'end_turn',
  usage: USAGE,
}

test.each([false, true])(
  'Claude on Bedrock answers callers of its own wire and of another by InvokeModel, streamed: %p',
  async (isStream) => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          providers: { aws: { kind: 'bedrock-anthropic', baseUrl, region: 'eu-central-1', apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'claude', provider: 'aws', id: 'anthropic.claude-sonnet-4-5-20250929-v1:0' }],
        },
      }),
    })
    scenario.upstream.answer(isStream ? invokeStream(STREAMED) : wholeReply({ body: WHOLE }))
    const { messages } = new Anthropic({ apiKey: scenario.key, baseURL: scenario.dataUrl, maxRetries: 0 })
    const asked = { model: 'claude', max_tokens: 50, messages: HELLO }
    const said = isStream ? await messages.stream(asked).finalMessage() : await messages.create(asked)
    expect(said.content).toMatchObject([{ type: 'text', text: 'Grüezi.' }])
    await scenario.expectCall({ outcome: 'ok', isStream, provider: 'aws', usage: { inputTokens: 11, outputTokens: 7 } })

    const { completions } = new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 }).chat
    const chat = { model: 'claude', messages: HELLO }
    const answered = isStream ? await completions.stream(chat).finalChatCompletion() : await completions.create(chat)
    expect(answered.choices).toMatchObject([{ message: { content: 'Grüezi.' }, finish_reason: 'stop' }])
    await scenario.expectCall({ outcome: 'ok', isStream })

    const method = isStream ? 'invoke-with-response-stream' : 'invoke'
    const paths = scenario.upstream.requests.map(({ path }) => path.replace(/^\/v1/, ''))
    expect(paths).toEqual(Array(2).fill(`/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/${method}`))
    expect(scenario.upstream.requests[0]?.jsonObject()).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 50,
      messages: HELLO,
    })
  },
)

test('Claude on Vertex is asked in the path, and its body names version and betas instead of the model', async () => {
  await using scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { gcp: { kind: 'vertex-anthropic', baseUrl, region: 'eu', project: 'p1', apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'claude', provider: 'gcp', id: 'claude-sonnet-4-5@20250929' }],
      },
    }),
  })
  scenario.upstream.answer(
    wholeReply({
      body: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        content: [{ type: 'text', text: 'Hi.' }],
        stop_reason: 'end_turn',
        usage: USAGE,
      },
    }),
  )
  const { messages } = new Anthropic({
    apiKey: scenario.key,
    baseURL: scenario.dataUrl,
    maxRetries: 0,
    defaultHeaders: { 'anthropic-beta': 'a-1, b-2' },
  })
  await messages.create({ model: 'claude', max_tokens: 50, messages: HELLO })
  await scenario.expectCall({ outcome: 'ok' })
  const [sent] = scenario.upstream.requests
  expect(sent?.path).toMatch(/\/projects\/p1\/locations\/eu\/publishers\/anthropic\/models\/claude-sonnet-4-5%4020250929:rawPredict$/)
  expect(sent?.jsonObject()).toEqual({
    anthropic_version: 'vertex-2023-10-16',
    anthropic_beta: ['a-1', 'b-2'],
    max_tokens: 50,
    messages: HELLO,
  })
  expect(headerOf(sent?.headers ?? [], 'authorization')).toBe(`Bearer ${FAKE_PROVIDER_KEY}`)
})

test('a provider that speaks the wire of the caller too gets its very bytes', async () => {
  await using scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { both: { wire: 'openai-chat', baseUrl, alsoSpeaks: ['openai-responses'] } },
        models: [{ name: 'mini', provider: 'both' }],
      },
    }),
  })
  scenario.upstream.answer(
    wholeReply({
      body: { id: 'resp_1', object: 'response', status: 'completed', output: [], usage: { input_tokens: 3, output_tokens: 4 } },
    }),
  )
  const body = '{"model":"mini", "input":"hello", "store": false, "tools":[{"type":"web_search"}], "x_new": 1e2}'
  const answer = await fetch(`${scenario.dataUrl}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${scenario.key}` },
    body,
  })
  expect(await answer.json()).toMatchObject({ id: 'resp_1' })
  expect(scenario.upstream.requests.map(({ path, body: sent }) => [path.replace(/^\/v1/, ''), sent])).toEqual([['/responses', body]])
  await scenario.expectCall({ outcome: 'ok', usage: { inputTokens: 3, outputTokens: 4 }, losses: undefined })
})
