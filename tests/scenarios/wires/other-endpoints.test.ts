import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { LLMock } from '@copilotkit/aimock'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { type FakeUpstream, fakeUpstream, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'

const aimock = new LLMock({ port: 0, chunkSize: 4 })
const VECTOR = [1, 2, 3, 4, 5, 6, 7, 8]
let upstream: FakeUpstream
let scenario: Scenario

beforeAll(async () => {
  await aimock.start()
  // The mock knows no batches of Gemini's.
  upstream = await fakeUpstream(wholeReply({ body: { embeddings: [{ values: VECTOR }, { values: VECTOR }] } }))
  scenario = await startScenario({
    baseUrl: aimock.url,
    config: {
      models: {
        providers: {
          chat: { wire: 'openai-chat', baseUrl: `${aimock.url}/v1` },
          gemini: { wire: 'gemini', baseUrl: `${aimock.url}/v1beta`, apiKey: 'env:FAKE_PROVIDER_KEY' },
          batch: { wire: 'gemini', baseUrl: upstream.baseUrl },
          claude: { wire: 'anthropic-messages', baseUrl: `${aimock.url}/v1` },
        },
        models: ['chat', 'gemini', 'claude', 'batch'].map((name) => ({
          name,
          provider: name,
          id: 'some-model',
          price: { inputPerMillion: 1, outputPerMillion: 2 },
        })),
      },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await upstream.close()
  await aimock.stop()
})

const openai = () => new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 })

describe('embeddings', () => {
  test.each(['chat', 'batch'])('of the openai package, from %s', async (model) => {
    const { data } = await openai().embeddings.create({ model, input: ['a', 'b'], dimensions: 8 })
    expect(data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 8],
      [1, 8],
    ])
    await scenario.expectCall({ outcome: 'ok', provider: model })
  })

  test.each(['chat', 'batch'])('of @google/genai, from %s', async (model) => {
    const genai = new GoogleGenAI({ apiKey: scenario.key, httpOptions: { baseUrl: scenario.dataUrl } })
    const { embeddings } = await genai.models.embedContent({ model, contents: ['a', 'b'], config: { outputDimensionality: 8 } })
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([8, 8])
    await scenario.expectCall({ outcome: 'ok', provider: model })
  })

  test('are refused where the provider makes none', async () => {
    const failed = await openai()
      .embeddings.create({ model: 'claude', input: 'a' })
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
    expect(failed).toMatchObject({ status: 400, code: 'operation_not_supported' })
    await scenario.expectCall({ outcome: 'refused', attempts: 0 })
  })
})

describe('older completions', () => {
  test.each(['chat', 'gemini', 'claude'])('are answered by %s, whole and streamed', async (model) => {
    aimock.onMessage('Say', { content: 'Hello there.', usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } })
    const whole = await openai().completions.create({ model, prompt: 'Say hello', max_tokens: 50 })
    expect(whole).toMatchObject({ object: 'text_completion', choices: [{ index: 0, text: 'Hello there.', finish_reason: 'stop' }] })
    await scenario.expectCall({ outcome: 'ok', wire: 'openai-completions' })
    let text = ''
    let finish: string | null | undefined
    for await (const { choices } of await openai().completions.create({ model, prompt: 'Say hello', max_tokens: 50, stream: true })) {
      text += choices[0]?.text ?? ''
      finish = choices[0]?.finish_reason ?? finish
    }
    expect([text, finish]).toEqual(['Hello there.', 'stop'])
    await scenario.expectCall({ outcome: 'ok', isStream: true })
  })
})
