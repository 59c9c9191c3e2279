import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { LLMock } from '@copilotkit/aimock'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { type Asked, CLIENTS, PROVIDER_WIRES } from './matrix.ts'

// Somebody else's mock of every wire behind, the official SDKs in front: what a dialect gets wrong on both sides alike would not be seen otherwise.
const aimock = new LLMock({ port: 0, chunkSize: 6 })

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

/** The cells that held, by client and provider's wire. */
const held = new Map<string, string[]>()

function hold(client: string, wire: string, cell: string): void {
  const row = `${client} on ${wire}`
  held.set(row, [...(held.get(row) ?? []), cell])
}

afterAll(async () => {
  process.stderr.write([...held].map(([row, cells]) => `${row.padEnd(48)}${cells.join(', ')}\n`).join(''))
  await scenario.close()
  await aimock.stop()
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

const ways = [false, true]
const cells = CLIENTS.flatMap((client) =>
  PROVIDER_WIRES.flatMap(({ wire }) => ways.map((isStream) => ({ client, wire, isStream, way: isStream ? 'streamed' : 'whole' }))),
)

describe.each(cells)('$client.name on $wire, $way', ({ client, wire, isStream, way }) => {
  const ask = (asked: Omit<Asked, 'model' | 'isStream'>) => client.ask(scenario, { model: `by-${wire}`, isStream, ...asked })

  test('plain', async () => {
    aimock.onMessage('hello', { content: 'Grüezi, how do you do?', usage: USAGE })
    const said = await ask({ prompt: 'hello' })
    expect(said).toMatchObject({ text: 'Grüezi, how do you do?', calls: [], stop: client.stops.plain })
    expect([said.inputTokens, said.outputTokens]).toEqual([11, 7])
    await scenario.expectCall({ outcome: 'ok', isStream, provider: wire, usage: { inputTokens: 11, outputTokens: 7 } })
    hold(client.name, wire, `${way} plain`)
  })

  test('tools', async () => {
    // The mock has a word of its own, which goes on as it is where both sides speak the same wire.
    const passesThrough = client.name === '@google/genai' && wire === 'gemini'
    aimock.onMessage('weather', { toolCalls: CALLS })
    const said = await ask({ prompt: 'the weather and the time?', tools: CALLS.map(({ name }) => name) })
    expect(said).toMatchObject({
      text: '',
      stop: passesThrough ? 'FUNCTION_CALL' : client.stops.tools,
      calls: CALLS.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
    })
    await scenario.expectCall({ outcome: 'ok', isStream, toolCalls: CALLS.map(({ name }) => name) })
    hold(client.name, wire, `${way} tools`)
  })

  test('structured', async () => {
    aimock.onMessage('a place', { content: '{"city":"Bern"}' })
    const said = await ask({ prompt: 'a place', isStructured: true })
    expect(JSON.parse(said.text)).toEqual({ city: 'Bern' })
    await scenario.expectCall({ outcome: 'ok', isStream })
    hold(client.name, wire, `${way} structured`)
  })
})
