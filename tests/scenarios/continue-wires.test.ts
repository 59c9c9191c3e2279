import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { type Answer, chatFrames, type FakeUpstream, fakeUpstream, send, streamReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { endedCall } from './ask.ts'
import { CALLER_WIRES, type CallerWire, readStream } from './wires/caller-wires.ts'
import { PIECES, PROVIDER_STREAMS, type ProviderStream } from './wires/provider-streams.ts'

// A stream of each wire breaks after its first content, and a target of each wire goes on with it, for callers of each wire.

const [SAID] = PIECES
/** What the second target says in full. */
const REST = PIECES.join('')

let upstream: FakeUpstream
let scenario: Scenario

function begin({ contentType }: ProviderStream) {
  return send(`HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ntransfer-encoding: chunked\r\n\r\n`)
}

function chunk(bytes: Uint8Array) {
  return send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]))
}

/** Says the first piece, and then that it failed: a connection that breaks may take what was said with it, where the machine is busy. */
function cut(stream: ProviderStream): Answer {
  const frames = stream.frames.slice(0, stream.contentFrame + 1)
  return () => [begin(stream), ...frames.map(chunk), chunk(stream.failure), send('0\r\n\r\n')]
}

function whole(stream: ProviderStream): Answer {
  return () => [begin(stream), ...stream.frames.map(chunk), send('0\r\n\r\n')]
}

/** Thinks first, as a model that reasons does. */
const thinking: Answer = (request) => {
  const [first = '', ...others] = chatFrames({ pieces: [...PIECES], usage: { inputTokens: 3, outputTokens: 2 } }, request)
  return streamReply({ frames: [first, first.replace('"content":""', '"reasoning_content":"Hm."'), ...others] })(request)
}

/** Calls a tool, and says nothing. */
const calling: Answer = (request) =>
  streamReply({ frames: chatFrames({ toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] }, request) })(request)

beforeAll(async () => {
  const answers: Record<string, Answer> = { thinking, calling }
  for (const stream of PROVIDER_STREAMS)
    Object.assign(answers, { [`${stream.name}-cut`]: cut(stream), [`${stream.name}-whole`]: whole(stream) })
  upstream = await fakeUpstream((request) => (answers[request.path.split('/')[1] ?? ''] ?? thinking)(request))
  const names = PROVIDER_STREAMS.map(({ name }) => name)
  const providers = PROVIDER_STREAMS.flatMap(({ name, provider }) =>
    ['cut', 'whole'].map((how) => [`${name}-${how}`, provider(`${upstream.origin}/${name}-${how}`)] as const),
  )
  const others = ['thinking', 'calling']
  const chat = (name: string) => ({ wire: 'openai-chat', baseUrl: `${upstream.origin}/${name}`, apiKey: 'env:FAKE_PROVIDER_KEY' })
  scenario = await startScenario({
    baseUrl: upstream.baseUrl,
    config: {
      models: {
        breaker: { failures: 1000, share: '100%' },
        providers: { ...Object.fromEntries(providers), ...Object.fromEntries(others.map((name) => [name, chat(name)])) },
        models: [...providers.map(([name]) => name), ...others].map((name) => ({
          ...{ name, provider: name, id: 'm', can: { prefill: true } },
          price: { inputPerMillion: 2, outputPerMillion: 10 },
        })),
        routes: names.flatMap((from) =>
          [...names.map((name) => `${name}-whole`), ...others].map((to) => ({
            ...{ name: `${from}/${to}`, targets: [{ model: `${from}-cut` }, { model: to }], retries: { max: 0 } },
            ...{ onBrokenStream: 'continue', degradedFactor: 1000 },
          })),
        ),
      },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await upstream.close()
})

async function goOn(caller: CallerWire, from: string, to: string) {
  const read = await readStream(scenario, caller, { model: `${from}/${to}`, prompt: 'Go.' })
  const { outcome, attempts, provider } = await endedCall(scenario, read.callId)
  const { text, ends, errors, isTrailing } = read
  return { from, to, text, ends, errors, isTrailing, outcome, attempts, provider }
}

describe.each(CALLER_WIRES.map((caller) => [caller.name, caller] as const))('a caller of the wire %s', (_name, caller) => {
  test('reads one text, whichever wires the two targets speak', async () => {
    for (const { name: from } of PROVIDER_STREAMS) {
      for (const { name } of PROVIDER_STREAMS) {
        const to = `${name}-whole`
        const one = { text: SAID + REST, ends: 1, errors: 0, isTrailing: false, outcome: 'ok', attempts: 2, provider: to }
        expect(await goOn(caller, from, to)).toMatchObject({ from, to, ...one })
      }
    }
  })
})

// Nobody offers a tool in older completions.
test.each(CALLER_WIRES.filter(({ name }) => name !== 'openai-completions').map((caller) => [caller.name, caller] as const))(
  'a caller of the wire %s is told of the break where the second target calls a tool in place of going on',
  async (_name, caller) => {
    const one = { text: SAID, ends: 0, errors: 1, isTrailing: false, outcome: 'broken', attempts: 2, provider: 'calling' }
    expect(await goOn(caller, 'openai-chat', 'calling')).toMatchObject(one)
  },
)

test.each([
  ['openai-responses', 'openai-responses'],
  ['openai-completions', 'gemini'],
])('what the second target is given for a caller of %s ends with what the first one said', async (name, from) => {
  for (const caller of CALLER_WIRES) if (caller.name === name) await goOn(caller, from, 'openai-chat-whole')
  expect(upstream.requests.at(-1)?.jsonObject().messages).toEqual([
    { role: 'user', content: 'Go.' },
    { role: 'assistant', content: 'Alpha' },
  ])
})

describe('the official clients put the two together', () => {
  const SECOND = ['openai-responses-whole', 'openai-chat-whole', 'thinking']

  test.each(SECOND)('of Responses, then %s', async (to) => {
    const client = new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 })
    for (const from of ['openai-responses', 'anthropic-messages']) {
      const stream = client.responses.stream({ model: `${from}/${to}`, input: 'Go.' })
      const numbers: number[] = []
      const items = new Set<string>()
      stream.on('event', (event) => {
        numbers.push(event.sequence_number)
        if ('item_id' in event && event.item_id !== undefined) items.add(event.item_id)
      })
      const created = await new Promise<string>((resolve) => stream.on('response.created', ({ response }) => resolve(response.id)))
      const final = await stream.finalResponse()
      expect([final.output_text, final.id, final.output.length]).toEqual([SAID + REST, created, 1])
      expect(numbers).toEqual(numbers.toSorted((left, right) => left - right))
      expect([new Set(numbers).size, items.size]).toEqual([numbers.length, 1])
      // What is kept is what was told.
      const kept = await client.responses.retrieve(created)
      expect(kept.output).toMatchObject([{ type: 'message', content: [{ text: SAID + REST }] }])
    }
  })

  test.each(SECOND)('of Messages, then %s', async (to) => {
    const client = new Anthropic({ apiKey: scenario.key, baseURL: scenario.dataUrl, maxRetries: 0 })
    const asked = { model: `anthropic-messages/${to}`, max_tokens: 50, messages: [{ role: 'user' as const, content: 'Go.' }] }
    const final = await client.messages.stream(asked).finalMessage()
    expect(final.content).toMatchObject([{ type: 'text', text: SAID + REST }])
  })
})
