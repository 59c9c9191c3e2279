import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { LLMock } from '@copilotkit/aimock'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import type { Asked, Client, Endpoint, Said } from './client.ts'
import { CLIENTS, EXCEPTIONS, type Exception, exceptionOf, type Kind, PROVIDER_WIRES } from './matrix.ts'
import { printMatrix } from './print-matrix.ts'

// Somebody else's mock of every wire behind, the SDKs that callers use in front: what a dialect gets wrong on both sides alike would not be seen otherwise.
const aimock = new LLMock({ port: 0, chunkSize: 6 })
const passed = new Set<string>()

let scenario: Scenario

beforeAll(async () => {
  await aimock.start()
  scenario = await startScenario({
    baseUrl: aimock.url,
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
  process.stderr.write(printMatrix(passed))
})

beforeEach(() => {
  aimock.reset()
})

const CALLS = [
  { name: 'weather', arguments: '{"city":"Zürich"}', id: 'call_a' },
  { name: 'time', arguments: '{"city":"Genève"}', id: 'call_b' },
]

/** In the words of each wire: the mock takes those of the wire that it is asked in. */
const USAGE = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  input_tokens: 11,
  output_tokens: 7,
  promptTokenCount: 11,
  candidatesTokenCount: 7,
  totalTokenCount: 18,
}

interface Question {
  readonly kind: Kind
  readonly asked: Omit<Asked, 'model' | 'isStream'>
  /** What the provider says to it. */
  readonly answer: () => unknown
  readonly reads: (client: Client) => Partial<Said>
  /** What stands in the log of the call. */
  readonly logged: object
}

const QUESTIONS: readonly Question[] = [
  {
    kind: 'plain',
    asked: { prompt: 'hello' },
    answer: () => aimock.onMessage('hello', { content: 'Grüezi, how do you do?', usage: USAGE }),
    reads: ({ stops }) => ({ text: 'Grüezi, how do you do?', calls: [], stop: stops.plain, inputTokens: 11, outputTokens: 7 }),
    logged: { usage: { inputTokens: 11, outputTokens: 7 } },
  },
  {
    kind: 'tools',
    asked: { prompt: 'the weather and the time?', tools: CALLS.map(({ name }) => name) },
    answer: () => aimock.onMessage('weather', { toolCalls: CALLS }),
    reads: ({ stops }) => ({
      text: '',
      stop: stops.tools,
      calls: CALLS.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
    }),
    logged: { toolCalls: CALLS.map(({ name }) => name) },
  },
  {
    kind: 'structured',
    asked: { prompt: 'a place', isStructured: true },
    answer: () => aimock.onMessage('a place', { content: '{"city":"Bern"}' }),
    reads: () => ({ text: '{"city":"Bern"}' }),
    logged: {},
  },
]

/** Asks, and asserts what the client makes of the answer. */
async function expectSaid(
  endpoint: Endpoint,
  cell: { client: Client; model: string; isStream: boolean; question: Question; exception: Exception | undefined },
): Promise<void> {
  const { client, model, isStream, question, exception } = cell
  question.answer()
  const asking = client.ask(endpoint, { model, isStream, ...question.asked })
  if (typeof exception?.reads === 'string') await expect(asking).rejects.toThrow(exception.reads)
  else expect(await asking).toMatchObject({ ...question.reads(client), ...exception?.reads })
}

const cells = CLIENTS.flatMap((client) =>
  PROVIDER_WIRES.flatMap(({ wire }) => [false, true].map((isStream) => ({ client, wire, isStream, way: isStream ? 'streamed' : 'whole' }))),
)

describe.each(cells)('$client.name on $wire, $way', ({ client, wire, isStream, way }) => {
  test.each(QUESTIONS.map((question) => ({ question, kind: question.kind })))('$kind', async ({ question, kind }) => {
    const exception = exceptionOf({ client, wire, kind, isStream })
    await expectSaid(scenario, { client, model: `by-${wire}`, isStream, question, exception })
    await scenario.expectCall({ outcome: 'ok', isStream, provider: wire, ...question.logged })
    passed.add([client.name, wire, way, kind].join())
  })
})

const direct = EXCEPTIONS.filter(({ isSameDirectly }) => isSameDirectly)

test.each(direct)('$client reads the $kind answer of the mock as strangely without a gateway', async (exception) => {
  const client = CLIENTS.find(({ name }) => name === exception.client)
  const question = QUESTIONS.find(({ kind }) => kind === exception.kind)
  if (client === undefined || question === undefined) throw new Error('The exception is not of this matrix.')
  const cell = { client, model: 'claude-sonnet-4-5', question, exception }
  for (const isStream of exception.isStream === undefined ? [false, true] : [exception.isStream])
    await expectSaid({ dataUrl: aimock.url, key: 'any' }, { ...cell, isStream })
})
