import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema'
import { LLMock } from '@copilotkit/aimock'
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { PROVIDER_WIRES } from './matrix.ts'

// The parts of the official SDKs that do more than one request, or more than read it: they lean on ids, order and types that a plain call does not need.
const aimock = new LLMock({ port: 0, chunkSize: 6 })

let scenario: Scenario

beforeAll(async () => {
  await aimock.start()
  scenario = await startScenario({
    config: {
      models: {
        providers: Object.fromEntries(
          PROVIDER_WIRES.map(({ wire, path }) => [wire, { wire, baseUrl: `${aimock.url}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' }]),
        ),
        models: PROVIDER_WIRES.map(({ wire, id }) => ({ name: `by-${wire}`, provider: wire, id })),
      },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await aimock.stop()
})

beforeEach(() => {
  aimock.reset()
})

const openai = () => new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 })
const anthropic = () => new Anthropic({ apiKey: scenario.key, baseURL: scenario.dataUrl, maxRetries: 0 })

const Place = z.object({ city: z.string() })
const PLACE_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const

const messages = [{ role: 'user' as const, content: 'a place' }]

describe.each(PROVIDER_WIRES.map(({ wire }) => ({ wire, model: `by-${wire}` })))('on $wire', ({ wire, model }) => {
  /** The model asks for the weather, and says what it was once it has been told. */
  function scriptToolUse(): void {
    aimock.on(
      { userMessage: 'weather', hasToolResult: false },
      { toolCalls: [{ name: 'weather', arguments: '{"city":"Zürich"}', id: 'call_a' }] },
    )
    aimock.on({ toolResultContains: '21 degrees in Zürich', hasToolResult: true }, { content: 'It is warm.' })
  }

  const question = [{ role: 'user' as const, content: 'What is the weather?' }]

  async function expectTwoCalls(isStream: boolean, isThreadRefused = false): Promise<void> {
    const started = { type: 'call.started' as const }
    const ended = { type: 'call.ended' as const, outcome: 'ok' as const, isStream, provider: wire }
    const refused = { type: 'call.ended' as const, outcome: 'refused' as const, errorCode: 'invalid_request' as const }
    const first = isThreadRefused ? [started, refused] : []
    await scenario.expectEvents([...first, started, { ...ended, toolCalls: ['weather'] }, started, ended])
  }

  test('chat.completions.parse of openai gives the parsed object', async () => {
    aimock.onMessage('a place', { content: '{"city":"Bern"}' })
    const { choices } = await openai().chat.completions.parse({ model, messages, response_format: zodResponseFormat(Place, 'place') })
    expect(choices[0]?.message.parsed).toEqual({ city: 'Bern' })
    await scenario.expectCall({ outcome: 'ok', provider: wire })
  })

  test('responses.parse of openai gives the parsed object', async () => {
    aimock.onMessage('a place', { content: '{"city":"Bern"}' })
    const said = await openai().responses.parse({ model, input: 'a place', store: false, text: { format: zodTextFormat(Place, 'place') } })
    expect(said.output_parsed).toEqual({ city: 'Bern' })
    await scenario.expectCall({ outcome: 'ok', provider: wire })
  })

  test('messages.parse of @anthropic-ai/sdk gives the parsed object', async () => {
    aimock.onMessage('a place', { content: '{"city":"Bern"}' })
    const format = jsonSchemaOutputFormat(PLACE_SCHEMA)
    const said = await anthropic().messages.parse({ model, max_tokens: 1000, messages, output_config: { format } })
    expect(said.parsed_output).toEqual({ city: 'Bern' })
    await scenario.expectCall({ outcome: 'ok', provider: wire })
  })

  test.each([false, true])('runTools of openai runs a tool and goes on, streamed: %p', async (isStream) => {
    scriptToolUse()
    const asked: unknown[] = []
    const weather = zodFunction({
      name: 'weather',
      description: 'The weather of a city.',
      parameters: Place,
      function: ({ city }) => {
        asked.push(city)
        return `21 degrees in ${city}`
      },
    })
    const { completions } = openai().chat
    const runner = isStream
      ? completions.runTools({ model, messages: question, tools: [weather], stream: true })
      : completions.runTools({ model, messages: question, tools: [weather] })
    expect(await runner.finalContent()).toBe('It is warm.')
    expect(asked).toEqual(['Zürich'])
    await expectTwoCalls(isStream)
  })

  test.each([false, true])('the tool runner of @anthropic-ai/sdk sends the whole history and goes on, streamed: %p', async (isStream) => {
    scriptToolUse()
    const asked: unknown[] = []
    const weather = betaTool({
      name: 'weather',
      description: 'The weather of a city.',
      inputSchema: PLACE_SCHEMA,
      run: ({ city }) => {
        asked.push(city)
        return `21 degrees in ${city}`
      },
    })
    // By default it asks for a thread, and goes on without one where it is told that there are none.
    const runner = anthropic().beta.messages.toolRunner({
      model,
      max_tokens: 1000,
      messages: question,
      tools: [weather],
      stream: isStream,
    })
    const said = await runner.runUntilDone()
    expect(said.content).toMatchObject([{ type: 'text', text: 'It is warm.' }])
    expect(asked).toEqual(['Zürich'])
    await expectTwoCalls(isStream, wire !== 'anthropic-messages')
  })
})
