import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { streamReply, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'

// The two wires of OpenAI in front of each other: what both have arrives whole, so that a model that takes nothing less answers.

const start = (): Promise<Scenario> =>
  startScenario({
    config: (baseUrl) => ({
      models: {
        providers: {
          chat: { kind: 'openai', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          responses: { kind: 'openai', wire: 'openai-responses', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          other: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
        },
        models: [
          { name: 'by-chat', provider: 'chat', id: 'gpt-5.6', fidelity: 'strict' },
          { name: 'by-responses', provider: 'responses', id: 'gpt-5.6', fidelity: 'strict' },
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
