import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { type Content, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { SCHEMA } from './client.ts'
import { SEAL, SEALED_ANSWERS, type SealedAnswer, sealedAnswer } from './sealed-answers.ts'

// What a model thought, sealed by its provider, has to come back byte for byte, or the provider refuses the next turn: through every SDK.

type Endpoint = Pick<Scenario, 'dataUrl' | 'key'>
/** Asks, gives the answer back as applications do, with the result of the tool, and asks again. `between` is called before the second turn. */
type TwoTurns = (endpoint: Endpoint, isStream: boolean, between: () => void) => Promise<void>

const PROMPT = 'The weather in Bern?'
const TOOL = { name: 'weather', description: 'Tells the weather.' }

const openaiChat: TwoTurns = async ({ dataUrl, key }, isStream, between) => {
  const { completions } = new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 }).chat
  const request = {
    ...{ model: 'mini', reasoning_effort: 'low' as const, max_completion_tokens: 4000 },
    tools: [{ type: 'function' as const, function: { ...TOOL, parameters: SCHEMA } }],
  }
  const asked = [{ role: 'user' as const, content: PROMPT }]
  const said = isStream
    ? await completions.stream({ ...request, messages: asked }).finalChatCompletion()
    : await completions.create({ ...request, messages: asked })
  const message = said.choices[0]?.message
  const id = message?.tool_calls?.[0]?.id
  if (message === undefined || id === undefined) throw new Error('there is no call')
  between()
  await completions.create({ ...request, messages: [...asked, message, { role: 'tool', tool_call_id: id, content: 'sunny' }] })
}

const responsesRequest = {
  ...{ model: 'mini', reasoning: { effort: 'low' as const, summary: 'auto' as const }, max_output_tokens: 4000 },
  include: ['reasoning.encrypted_content' as const],
  tools: [{ type: 'function' as const, ...TOOL, parameters: SCHEMA, strict: true }],
}

const openaiResponses: TwoTurns = async ({ dataUrl, key }, isStream, between) => {
  const { responses } = new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 })
  const request = { ...responsesRequest, store: false }
  const asked = [{ role: 'user' as const, content: PROMPT }]
  const said = isStream
    ? await responses.stream({ ...request, input: asked }).finalResponse()
    : await responses.create({ ...request, input: asked })
  const id = said.output.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []))[0]
  if (id === undefined) throw new Error('there is no call')
  between()
  // What was said is given back as it came, which the SDK's types allow for all but one item.
  const output = said.output as OpenAI.Responses.ResponseInput
  await responses.create({ ...request, input: [...asked, ...output, { type: 'function_call_output', call_id: id, output: 'sunny' }] })
}

const chained: TwoTurns = async ({ dataUrl, key }, isStream, between) => {
  const { responses } = new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 })
  const first = { ...responsesRequest, input: PROMPT }
  const said = isStream ? await responses.stream(first).finalResponse() : await responses.create(first)
  const id = said.output.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []))[0]
  if (id === undefined) throw new Error('there is no call')
  between()
  const input = [{ type: 'function_call_output' as const, call_id: id, output: 'sunny' }]
  await responses.create({ ...responsesRequest, input, previous_response_id: said.id })
}

const anthropic: TwoTurns = async ({ dataUrl, key }, isStream, between) => {
  const { messages } = new Anthropic({ apiKey: key, baseURL: dataUrl, maxRetries: 0 })
  const request = {
    ...{ model: 'mini', max_tokens: 4000, thinking: { type: 'enabled' as const, budget_tokens: 2000 } },
    tools: [{ ...TOOL, input_schema: { ...SCHEMA, type: 'object' as const } }],
  }
  const asked = [{ role: 'user' as const, content: PROMPT }]
  const { content } = isStream
    ? await messages.stream({ ...request, messages: asked }).finalMessage()
    : await messages.create({ ...request, messages: asked })
  const id = content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))[0]
  if (id === undefined) throw new Error('there is no call')
  between()
  const result = { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: id, content: 'sunny' }] }
  await messages.create({ ...request, messages: [...asked, { role: 'assistant', content }, result] })
}

const genai: TwoTurns = async ({ dataUrl, key }, isStream, between) => {
  const { models } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: dataUrl } })
  const config = {
    thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 },
    tools: [{ functionDeclarations: [{ ...TOOL, parametersJsonSchema: SCHEMA }] }],
  }
  const asked: Content = { role: 'user', parts: [{ text: PROMPT }] }
  const chunks = []
  if (isStream)
    for await (const chunk of await models.generateContentStream({ model: 'mini', config, contents: [asked] })) chunks.push(chunk)
  else chunks.push(await models.generateContent({ model: 'mini', config, contents: [asked] }))
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
  const call = parts.find(({ functionCall }) => functionCall !== undefined)?.functionCall
  if (call === undefined) throw new Error('there is no call')
  between()
  const functionResponse = { name: 'weather', response: { output: 'sunny' }, ...(call.id === undefined ? {} : { id: call.id }) }
  await models.generateContent({
    ...{ model: 'mini', config },
    contents: [asked, { role: 'model', parts }, { role: 'user', parts: [{ functionResponse }] }],
  })
}

const CLIENTS = {
  'openai (chat)': openaiChat,
  'openai (responses)': openaiResponses,
  'openai (responses, chained)': chained,
  '@anthropic-ai/sdk': anthropic,
  '@google/genai': genai,
}
const cells = SEALED_ANSWERS.flatMap((answer) =>
  Object.entries(CLIENTS).map(([client, twoTurns]) => ({ client, twoTurns, answer, wire: answer.provider.wire })),
)

function start({ provider: { wire, path, id } }: SealedAnswer): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
    }),
  })
}

describe.each(cells)('$client on $wire', ({ twoTurns, answer }) => {
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await start(answer)
  })
  afterAll(() => scenario.close())

  test.each([false, true])('gives sealed thinking back byte for byte, streamed: %p', async (isStream) => {
    scenario.upstream.answer(sealedAnswer(answer, isStream))
    await twoTurns(scenario, isStream, () => scenario.upstream.answer(wholeReply({ body: answer.provider.whole(answer.provider.usage) })))
    const second = scenario.upstream.requests.at(-1)
    expect(second?.body.split(SEAL)).toHaveLength(2)
    expect(answer.turnIn(second?.jsonObject() ?? {})).toMatchObject(answer.turn)
  })
})
