import { describe, expect, test } from 'bun:test'
import { asGatewayError } from '../../core/errors.ts'
import type { Framing } from '../framing.ts'
import { encodeMessage } from './event-stream.ts'
import { CONVERSE_FRAMING, INVOKE_FRAMING } from './event-stream-framing.ts'

function read(framing: Framing, headers: Readonly<Record<string, string>>, payload: string): string {
  const frames = framing.open(10_000).push(encodeMessage(headers, Buffer.from(payload)))
  return frames.map((frame) => new TextDecoder().decode(frame)).join('')
}

const EVENT = { ':message-type': 'event' }
const EXCEPTION = { ':message-type': 'exception' }

describe('Converse', () => {
  test('a message becomes an SSE frame of its type', () => {
    expect(read(CONVERSE_FRAMING, { ...EVENT, ':event-type': 'messageStart' }, '{"role":"assistant"}')).toBe(
      'event: messageStart\ndata: {"role":"assistant"}\n\n',
    )
  })

  test('white space over several lines stays one frame', () => {
    expect(read(CONVERSE_FRAMING, { ...EVENT, ':event-type': 'x' }, '{\r\n"a":1}')).toBe('event: x\ndata: { \ndata: "a":1}\n\n')
  })

  test('an exception is told from an event', () => {
    expect(read(CONVERSE_FRAMING, { ...EXCEPTION, ':exception-type': 'throttlingException' }, '{"message":"slow down","p":"x"}')).toBe(
      'event: exception/throttlingException\ndata: {"message":"slow down"}\n\n',
    )
    const unmodelled = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'oops' }
    expect(read(CONVERSE_FRAMING, unmodelled, '')).toBe('event: exception/InternalError\ndata: {"message":"oops"}\n\n')
  })

  test('a type with a line’s end in it begins no field', () => {
    expect(read(CONVERSE_FRAMING, { ...EVENT, ':event-type': 'a\ndata: b' }, '{}')).toBe('event: a data: b\ndata: {}\n\n')
  })

  test('bytes that are none are the provider answering wrongly', () => {
    for (const bytes of [new Uint8Array(16), encodeMessage(EVENT, Buffer.from('{}'))]) {
      let error: unknown
      try {
        CONVERSE_FRAMING.open(1000).push(bytes)
      } catch (thrown) {
        error = thrown
      }
      expect(asGatewayError(error).code).toBe('provider_malformed')
    }
  })

  test('is known by its content type', () => {
    expect(CONVERSE_FRAMING.isStream('application/vnd.amazon.eventstream')).toBe(true)
    expect(CONVERSE_FRAMING.isStream('text/event-stream')).toBe(false)
  })
})

describe('Invoke', () => {
  const chunk = (json: string) => JSON.stringify({ bytes: Buffer.from(json).toString('base64'), p: 'abc' })

  test('a chunk becomes the event that is in it', () => {
    expect(read(INVOKE_FRAMING, { ...EVENT, ':event-type': 'chunk' }, chunk('{"type":"message_stop","x":"é"}'))).toBe(
      'event: message_stop\ndata: {"type":"message_stop","x":"é"}\n\n',
    )
  })

  test('an exception becomes the error of the wire', () => {
    expect(read(INVOKE_FRAMING, { ...EXCEPTION, ':exception-type': 'throttlingException' }, '{"message":"slow down"}')).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}\n\n',
    )
  })

  test.each(['', '{}', '{"bytes":"e30="}', '{"bytes":1}'])('a chunk of %p is the provider answering wrongly', (payload) => {
    expect(() => read(INVOKE_FRAMING, { ...EVENT, ':event-type': 'chunk' }, payload)).toThrow('holds no event')
  })
})
