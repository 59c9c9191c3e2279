import { expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { startScenario } from '../../../src/testing/scenario.ts'

const config = (baseUrl: string) => ({
  models: {
    providers: { fake: { wire: 'openai-chat', baseUrl } },
    models: [
      { name: 'mini', provider: 'fake', id: 'gpt-4o-mini', price: { inputPerMillion: 0.15, outputPerMillion: 0.6 } },
      { name: 'any/*', provider: 'fake' },
      { name: 'hidden', provider: 'fake' },
    ],
  },
  access: { teams: { support: { models: ['mini', 'any/*'] } } },
})

test('models are listed in the shape of each SDK, with what they cost and can do', async () => {
  await using scenario = await startScenario({ config })
  const { dataUrl, key } = scenario
  const beside = {
    price: { currency: 'USD', input_per_million: '0.15', output_per_million: '0.6' },
    capabilities: { context: 128_000, tools: true },
  }
  const openai = new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1` }).models
  expect((await openai.list()).data).toMatchObject([{ id: 'mini', object: 'model', ...beside }, { id: 'any/*' }])
  expect(await openai.retrieve('any/thing')).toMatchObject({ id: 'any/thing', owned_by: 'fake' })

  const anthropic = new Anthropic({ apiKey: key, baseURL: dataUrl }).models
  expect((await anthropic.list()).data).toMatchObject([
    { type: 'model', id: 'mini', max_input_tokens: 128_000, ...beside },
    { id: 'any/*' },
  ])
  expect(await anthropic.retrieve('mini')).toMatchObject({ id: 'mini', max_tokens: 16_384 })

  const genai = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: dataUrl } }).models
  const names: (string | undefined)[] = []
  for await (const { name } of await genai.list()) names.push(name)
  expect(names).toEqual(['models/mini', 'models/any/*'])
  expect(await genai.get({ model: 'mini' })).toMatchObject({ name: 'models/mini', inputTokenLimit: 128_000 })
})

test('a model that the caller may not use is not there, in the shape of its SDK', async () => {
  await using scenario = await startScenario({ config })
  const { dataUrl, key } = scenario
  const failure = (pending: PromiseLike<unknown>) =>
    pending.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  expect(await failure(new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1` }).models.retrieve('hidden'))).toMatchObject({
    status: 404,
    code: 'model_not_found',
  })
  expect(await failure(new Anthropic({ apiKey: key, baseURL: dataUrl }).models.retrieve('hidden'))).toMatchObject({
    status: 404,
    error: { type: 'error', error: { type: 'not_found_error' } },
  })
  expect(
    String(await failure(new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: dataUrl } }).models.get({ model: 'hidden' }))),
  ).toContain('NOT_FOUND')
})
