import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { encodeMessage } from '../../../src/models/cloud/event-stream.ts'
import { signRequest } from '../../../src/models/cloud/sigv4.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../../src/testing/scenario.ts'

/** What a cloud received, and whether its signature is the one that AWS would make of it. */
interface Received {
  readonly path: string
  readonly headers: Headers
  readonly body: Record<string, unknown>
  readonly isSigned: boolean
}

const received: Received[] = []
let answer: (request: Received) => Response = () => new Response('nothing is said', { status: 500 })
let cloud: ReturnType<typeof Bun.serve>
let scenario: Scenario

beforeAll(async () => {
  cloud = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: take })
  const origin = `http://127.0.0.1:${cloud.port}`
  const secret = 'env:FAKE_PROVIDER_KEY'
  const aws = { baseUrl: origin, region: 'eu-west-1', accessKeyId: secret, secretAccessKey: secret }
  const vertex = { baseUrl: `${origin}/v1`, project: 'p', region: 'global', apiKey: secret }
  scenario = await startScenario({
    baseUrl: origin,
    config: {
      models: {
        providers: {
          bedrock: aws,
          'bedrock-anthropic': aws,
          vertex,
          'vertex-anthropic': vertex,
          azure: { baseUrl: origin, apiKey: secret, deployment: 'd1', apiVersion: '2024-10-21' },
        },
        models: ['bedrock', 'bedrock-anthropic', 'vertex', 'vertex-anthropic', 'azure'].map((provider) => ({
          name: `by-${provider}`,
          provider,
          id: provider === 'vertex' ? 'gemini-3-pro' : 'anthropic.claude-sonnet-4-5-v1:0',
        })),
      },
    },
  })
})

afterAll(async () => {
  await scenario.close()
  await cloud.stop(true)
})

beforeEach(() => {
  received.length = 0
})

async function take(request: Request): Promise<Response> {
  const text = await request.text()
  const { pathname, search } = new URL(request.url)
  const taken = { path: pathname + search, headers: request.headers, body: JSON.parse(text), isSigned: isSigned(request, text) }
  received.push(taken)
  return answer(taken)
}

/** Signs what came once more, with the secret that both sides know. */
function isSigned({ method, url, headers }: Request, body: string): boolean {
  const time = headers.get('x-amz-date')
  if (time === null) return false
  const [, year, month, day, hour, minute, second] = (/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []).map(Number)
  const again = signRequest(
    { method, url, headers: { 'content-type': headers.get('content-type') ?? '' }, body },
    {
      credentials: { accessKeyId: FAKE_PROVIDER_KEY, secretAccessKey: FAKE_PROVIDER_KEY },
      region: 'eu-west-1',
      service: 'bedrock',
      nowMs: Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second),
    },
  )
  return again.authorization === headers.get('authorization')
}

/** A stream of the binary framing, cut where no message ends. */
function eventStream(messages: readonly Uint8Array[]): Response {
  const bytes = Buffer.concat(messages)
  const cuts = Array.from({ length: Math.ceil(bytes.length / 37) }, (_cut, index) => bytes.subarray(index * 37, (index + 1) * 37))
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const cut of cuts) controller.enqueue(cut)
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/vnd.amazon.eventstream' } })
}

const event = (type: string, payload: object) =>
  encodeMessage({ ':message-type': 'event', ':event-type': type }, Buffer.from(JSON.stringify(payload)))
const exception = (type: string, message: string) =>
  encodeMessage({ ':message-type': 'exception', ':exception-type': type }, Buffer.from(JSON.stringify({ message })))
/** An event of Claude's own wire, as Invoke wraps it. */
const chunk = (payload: object) => event('chunk', { bytes: Buffer.from(JSON.stringify(payload)).toString('base64') })

const HELLO = [{ role: 'user' as const, content: 'Hello?' }]
const openai = () => new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 }).chat.completions
const anthropic = () => new Anthropic({ apiKey: scenario.key, baseURL: scenario.dataUrl, maxRetries: 0 }).messages

const TALK = [
  event('messageStart', { role: 'assistant' }),
  event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüezi' } }),
  event('contentBlockStop', { contentBlockIndex: 0 }),
]
const END = [
  event('messageStop', { stopReason: 'end_turn' }),
  event('metadata', { usage: { inputTokens: 4, outputTokens: 2, totalTokens: 6 } }),
]

describe('Bedrock', () => {
  test('gets a signed request, and its whole answer is told', async () => {
    answer = () =>
      Response.json({
        output: { message: { role: 'assistant', content: [{ text: 'Grüezi' }] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 4, outputTokens: 2, totalTokens: 6 },
      })
    const { choices, usage } = await openai().create({ model: 'by-bedrock', messages: HELLO })
    expect([choices[0]?.message.content, choices[0]?.finish_reason, usage?.total_tokens]).toEqual(['Grüezi', 'stop', 6])
    const [request] = received
    expect(request).toMatchObject({ isSigned: true, path: '/model/anthropic.claude-sonnet-4-5-v1%3A0/converse' })
    expect(request?.body).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello?' }] }] })
    await scenario.expectCall({ outcome: 'ok', provider: 'bedrock', usage: { inputTokens: 4, outputTokens: 2 } })
  })

  test('streams in its own framing', async () => {
    answer = () => eventStream([...TALK, ...END])
    const message = await anthropic().stream({ model: 'by-bedrock', max_tokens: 50, messages: HELLO }).finalMessage()
    expect([message.content, message.stop_reason, message.usage.output_tokens]).toMatchObject([
      [{ type: 'text', text: 'Grüezi' }],
      'end_turn',
      2,
    ])
    expect(received[0]).toMatchObject({ isSigned: true, path: '/model/anthropic.claude-sonnet-4-5-v1%3A0/converse-stream' })
    await scenario.expectCall({ outcome: 'ok', isStream: true, usage: { inputTokens: 4, outputTokens: 2 } })
  })

  test('an exception before the first content is a status of its own', async () => {
    answer = () => eventStream([event('messageStart', { role: 'assistant' }), exception('throttlingException', 'Too many requests.')])
    const asked = anthropic().create({ model: 'by-bedrock', max_tokens: 50, messages: HELLO, stream: true })
    await expect(Promise.resolve().then(() => asked)).rejects.toMatchObject({ status: 429 })
    await scenario.expectCall({ outcome: 'broken' })
  })

  test.each([
    ['an exception', () => eventStream([...TALK, exception('modelStreamErrorException', 'The model broke.')]), 'The model broke.'],
    ['a cut', () => eventStream(TALK), 'ended the stream before its terminal event'],
    ['a broken checksum', () => eventStream([...TALK, new Uint8Array(40)]), 'is not one'],
  ])('%s after content is told in the stream', async (_what, given, says) => {
    answer = given
    const reading = anthropic().stream({ model: 'by-bedrock', max_tokens: 50, messages: HELLO }).finalMessage()
    await expect(reading).rejects.toThrow(says)
    await scenario.expectCall({ outcome: 'broken' })
  })

  test('Claude by Invoke passes Claude’s own wire, unwrapped', async () => {
    answer = () =>
      eventStream(
        [
          {
            type: 'message_start',
            message: {
              id: 'msg_1',
              type: 'message',
              role: 'assistant',
              model: 'c',
              content: [],
              usage: { input_tokens: 3, output_tokens: 1 },
            },
          },
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
          { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüezi' } },
          { type: 'content_block_stop', index: 0 },
          { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
          { type: 'message_stop' },
        ].map(chunk),
      )
    const message = await anthropic().stream({ model: 'by-bedrock-anthropic', max_tokens: 50, messages: HELLO }).finalMessage()
    expect([message.content, message.usage.output_tokens]).toMatchObject([[{ type: 'text', text: 'Grüezi' }], 5])
    const [request] = received
    expect(request).toMatchObject({ isSigned: true, path: '/model/anthropic.claude-sonnet-4-5-v1%3A0/invoke-with-response-stream' })
    expect(request?.body).toEqual({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 50, messages: HELLO })
    await scenario.expectCall({ outcome: 'ok', isStream: true, usage: { inputTokens: 3, outputTokens: 5 } })
  })
})

test('Gemini at Vertex is asked at its place, with a bearer', async () => {
  answer = () =>
    Response.json({
      candidates: [{ content: { role: 'model', parts: [{ text: 'Grüezi' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 },
    })
  const { choices } = await openai().create({ model: 'by-vertex', messages: HELLO })
  expect(choices[0]?.message.content).toBe('Grüezi')
  expect(received[0]?.path).toBe('/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro:generateContent')
  expect(received[0]?.headers.get('authorization')).toBe(`Bearer ${FAKE_PROVIDER_KEY}`)
  await scenario.expectCall({ outcome: 'ok', provider: 'vertex' })
})

test('Claude at Vertex is asked raw, with the version in the body', async () => {
  const usage = { input_tokens: 3, output_tokens: 1 }
  answer = () =>
    Response.json({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [{ type: 'text', text: 'Grüezi' }],
      stop_reason: 'end_turn',
      usage,
    })
  const message = await anthropic().create({ model: 'by-vertex-anthropic', max_tokens: 50, messages: HELLO })
  expect(message.content).toMatchObject([{ type: 'text', text: 'Grüezi' }])
  expect(received[0]?.path).toBe(
    '/v1/projects/p/locations/global/publishers/anthropic/models/anthropic.claude-sonnet-4-5-v1%3A0:rawPredict',
  )
  expect(received[0]?.body).toEqual({ anthropic_version: 'vertex-2023-10-16', max_tokens: 50, messages: HELLO })
  await scenario.expectCall({ outcome: 'ok', provider: 'vertex-anthropic' })
})

test('a deployment at Azure is asked by its older path, with its own header for the key', async () => {
  answer = () =>
    Response.json({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Grüezi' }, finish_reason: 'stop' }],
    })
  await openai().create({ model: 'by-azure', messages: HELLO })
  expect(received[0]?.path).toBe('/openai/deployments/d1/chat/completions?api-version=2024-10-21')
  expect(received[0]?.headers.get('api-key')).toBe(FAKE_PROVIDER_KEY)
  await scenario.expectCall({ outcome: 'ok', provider: 'azure' })
})
