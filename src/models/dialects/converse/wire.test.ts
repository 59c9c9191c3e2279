import { describe, expect, test } from 'bun:test'
import { asGatewayError, GatewayError } from '../../../core/errors.ts'
import { testTarget } from '../../../testing/dialect-goldens.ts'
import { encodeMessage } from '../../cloud/event-stream.ts'
import { CONVERSE_FRAMING } from '../../cloud/event-stream-framing.ts'
import { collectEvents } from '../../neutral/collect.ts'
import { converse } from './index.ts'

const TARGET = testTarget({ wire: 'converse', id: 'anthropic.claude-haiku-4-5-v1:0' })

function message(type: string, payload: object): Uint8Array {
  return encodeMessage(
    { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' },
    Buffer.from(JSON.stringify(payload)),
  )
}

test('a stream of the binary framing is read, one byte at a time', () => {
  const bytes = Buffer.concat([
    message('messageStart', { role: 'assistant' }),
    message('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüße' } }),
    message('contentBlockStop', { contentBlockIndex: 0 }),
    message('messageStop', { stopReason: 'end_turn' }),
    message('metadata', { usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 } }),
  ])
  const splitter = (converse.framing ?? CONVERSE_FRAMING).open(10_000)
  const frames = [...bytes].flatMap((byte) => splitter.push(Uint8Array.of(byte)))
  const decoder = converse.decodeStream({ wantsUsage: true }, TARGET)
  expect(frames.map((frame) => decoder.frame(frame).isLast)).toEqual([false, false, false, false, true])
  const reader = converse.readStream(TARGET)
  expect(collectEvents(frames.flatMap((frame) => reader.read(frame)))).toMatchObject({
    candidates: [{ content: [{ type: 'text', text: 'Grüße' }], stop: { type: 'stop' } }],
    usage: { inputTokens: 3, outputTokens: 4 },
  })
})

test('the path holds the model, encoded, and how it is asked', () => {
  expect(converse.path('anthropic.claude-v1:0', 'whole')).toBe('/model/anthropic.claude-v1%3A0/converse')
  expect(converse.path('arn:aws:bedrock:x/y', 'stream')).toBe('/model/arn%3Aaws%3Abedrock%3Ax%2Fy/converse-stream')
})

describe('errors', () => {
  const failure = (status: number, body: unknown) =>
    converse.decodeError({ provider: 'fake', status, body: new TextEncoder().encode(JSON.stringify(body)) })

  test.each([
    [400, 'provider_rejected'],
    [403, 'provider_auth'],
    [404, 'provider_model_not_found'],
    [424, 'provider_error'],
    [429, 'provider_rate_limited'],
    [500, 'provider_error'],
    [503, 'provider_overloaded'],
  ] as const)('%d is %s', (status, code) => {
    expect(failure(status, { message: 'x' }).code).toBe(code)
  })

  test('say what AWS said, but nothing of our credential', () => {
    expect(failure(400, { message: 'Input is too long.' }).message).toBe('Provider fake answered 400: Input is too long.')
    const refused = failure(403, { Message: 'The security token AKIA is invalid' }).message
    expect(refused).toMatch(/^Provider fake answered 403: it refused the gateway's own credential, not yours\./)
    expect(refused).not.toContain('AKIA')
    expect(failure(500, 'x').message).toStartWith('Provider fake answered 500 and did not say why. The failure is its own')
  })
})

test('tokens are counted where Bedrock can', () => {
  const counting = converse.counting
  const asked = { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], losses: [], maxOutputTokens: 5 } as const
  expect(JSON.parse(counting?.writeRequest(asked, TARGET).text ?? '')).toEqual({
    input: { converse: { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] } },
  })
  expect(counting?.path('a:b')).toBe('/model/a%3Ab/count-tokens')
  expect(counting?.decodeReply(new TextEncoder().encode('{"inputTokens":7}'), TARGET).countedTokens).toBe(7)
  expect(() => counting?.decodeReply(new TextEncoder().encode('{}'), TARGET)).toThrow(GatewayError)
})

test('nobody calls in this wire', () => {
  let thrown: unknown
  try {
    converse.writeReply({ candidates: [], losses: [] }, { request: { model: 'm', wantsUsage: true, text: '' }, callId: 'c', nowSeconds: 0 })
  } catch (error) {
    thrown = error
  }
  expect(asGatewayError(thrown).code).toBe('internal')
  expect(converse.endpoints).toEqual([])
})
