import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../core/errors.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import { testTarget } from '../../../testing/dialect-goldens.ts'
import type { ModelRequest } from '../../types.ts'
import { gemini } from './index.ts'
import { JsonArrayStream } from './json-array.ts'
import { wantsSse } from './request.ts'

const TARGET = testTarget({ wire: 'gemini', id: 'gemini-3-pro' })
const ADDRESS = { headers: new Headers(), url: 'http://127.0.0.1/', model: 'mine' }
const BOUNDS = { maxDepth: 64 }

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

function failure(status: number, body: unknown, retryAfterSeconds?: number): GatewayError {
  return gemini.decodeError({ provider: 'fake', status, retryAfterSeconds, body: bytes(body) })
}

test('the model of the path wins, and a model in the body becomes the provider’s', () => {
  const request = gemini.decodeRequest(bytes({ model: 'models/mine', contents: [{ parts: [{ text: 'a' }] }], extra: { x: 1 } }), BOUNDS, {
    ...ADDRESS,
    model: 'models/mine',
  })
  expect(request.model).toBe('mine')
  expect(gemini.encodeRequest(request, TARGET)).toBe(
    '{"model":"models/gemini-3-pro","contents":[{"parts":[{"text":"a"}]}],"extra":{"x":1}}',
  )
})

test('paths name the model, encoded, and a stream is asked for as SSE', () => {
  expect(gemini.path('gemini-3-pro', 'whole')).toBe('/models/gemini-3-pro:generateContent')
  expect(gemini.path('models/a b', 'stream')).toBe('/models/a%20b:streamGenerateContent?alt=sse')
  expect(gemini.path('tunedModels/t', 'whole')).toBe('/tunedModels/t:generateContent')
})

describe('errors', () => {
  test('a wrong key of ours is not the caller’s 400', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }]
    const error = failure(400, { error: { code: 400, message: 'API key not valid: AIza123', status: 'INVALID_ARGUMENT', details } })
    expect(error.code).toBe('provider_auth')
    expect(error.message).not.toContain('AIza123')
  })

  test('the field at fault and the time to wait are kept', () => {
    const violation = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'contents', description: 'bad' }] }
    expect(failure(400, { error: { message: 'bad', details: [violation] } }).extra.param).toBe('contents')
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.5s' }
    const limited = failure(429, [{ error: { message: 'quota', details: [retry] } }])
    expect([limited.code, limited.extra.retryAfterSeconds, limited.message]).toEqual([
      'provider_rate_limited',
      36.5,
      'Provider fake answered 429: quota',
    ])
  })

  test.each([['<html>'], [[]], [null], [{ error: 'x' }], [{ error: { details: 5 } }]])('a body of %p is no crash', (body) => {
    expect(failure(503, body).code).toBe('provider_overloaded')
  })

  test('are told as google.rpc.Status', () => {
    const error = new GatewayError('invalid_request', 'Bad.', { param: 'contents', retryAfterSeconds: 3 })
    expect(JSON.parse(gemini.encodeError(error, 'call_1'))).toEqual({
      error: {
        code: 400,
        message: 'Bad.',
        status: 'INVALID_ARGUMENT',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'INVALID_REQUEST',
            domain: 'signalbox',
            metadata: { source: 'caller', requestId: 'call_1' },
          },
          { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'contents', description: 'Bad.' }] },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' },
        ],
      },
    })
  })

  test.each([
    ['unauthenticated', 'UNAUTHENTICATED'],
    ['model_not_found', 'NOT_FOUND'],
    ['provider_rate_limited', 'RESOURCE_EXHAUSTED'],
    ['provider_truncated', 'UNAVAILABLE'],
    ['internal', 'INTERNAL'],
    ['request_too_large', 'INVALID_ARGUMENT'],
  ] as const)('%s is %s', (code, status) => {
    expect(JSON.parse(gemini.encodeError(new GatewayError(code, 'x'), 'c')).error.status).toBe(status)
  })
})

describe('a stream without alt=sse', () => {
  test('is known by the query', () => {
    expect(wantsSse('http://h/v1beta/models/m:streamGenerateContent?alt=sse&key=k')).toBe(true)
    expect(wantsSse('http://h/v1beta/models/m:streamGenerateContent?key=k')).toBe(false)
    expect(wantsSse('http://h/v1beta/models/m:streamGenerateContent')).toBe(false)
  })

  test('is one JSON array', () => {
    const array = new JsonArrayStream()
    const frames = ['{"a":1}', '{"b":2}'].map((data) => array.frame(encodeSseFrame({ data })))
    const text = Buffer.concat([array.frame(new TextEncoder().encode(': ping\n\n')), ...frames, array.end()]).toString()
    expect(text).toBe('[{"a":1},\r\n{"b":2}]')
  })

  test('that is empty is an empty array', () => {
    expect(new TextDecoder().decode(new JsonArrayStream().end())).toBe('[]')
  })
})

describe('counting', () => {
  const counting = gemini.counting ?? raise()
  const CONTENTS = [{ role: 'user', parts: [{ text: 'a' }] }]

  function decoded(body: unknown): ModelRequest {
    return counting.decodeRequest(bytes(body), BOUNDS, ADDRESS)
  }

  test('contents pass as they are, and mean what they say', () => {
    const request = decoded({ contents: CONTENTS })
    expect(request).toMatchObject({ operation: 'count-tokens', model: 'mine', isStream: false })
    expect(JSON.parse(counting.encodeRequest(request, TARGET))).toEqual({ contents: CONTENTS })
    expect(request.neutral().messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'a' }] }])
  })

  test('a whole request gets the provider’s model', () => {
    const request = decoded({ generateContentRequest: { model: 'models/mine', contents: CONTENTS } })
    expect(JSON.parse(counting.encodeRequest(request, TARGET))).toEqual({
      generateContentRequest: { model: 'models/gemini-3-pro', contents: CONTENTS },
    })
    expect(request.neutral().messages.length).toBe(1)
  })

  test('a request of another wire is wrapped, but at Vertex', () => {
    const neutral = decoded({ contents: CONTENTS }).neutral()
    expect(JSON.parse(counting.writeRequest(neutral, TARGET).text)).toEqual({
      generateContentRequest: { model: 'models/gemini-3-pro', contents: CONTENTS },
    })
    expect(JSON.parse(counting.writeRequest(neutral, { ...TARGET, traits: { hasModelInPath: true } }).text)).toEqual({ contents: CONTENTS })
  })

  test('the answer is a number, both ways', () => {
    expect(counting.decodeReply(bytes({ totalTokens: 31 }), TARGET).countedTokens).toBe(31)
    expect(counting.writeReply(31)).toBe('{"totalTokens":31}')
    for (const answer of [{}, { totalTokens: -1 }, { totalTokens: 'x' }, []]) {
      expect(() => counting.decodeReply(bytes(answer), TARGET)).toThrow(GatewayError)
    }
  })
})

test('results find their calls in no more steps than there are calls', () => {
  const count = 15_000
  const calls = Array.from({ length: count }, (_call, index) => ({ functionCall: { id: `c${index}`, name: 'f' } }))
  const results = calls.map((_call, index) => ({ functionResponse: { id: `c${count - 1 - index}`, name: 'f', response: {} } }))
  const body = {
    contents: [
      { role: 'model', parts: calls },
      { role: 'user', parts: results },
    ],
  }
  const { messages } = gemini.decodeRequest(bytes(body), BOUNDS, ADDRESS).neutral()
  expect(messages.map(({ content }) => content.length)).toEqual([count, count])
})

function raise(): never {
  throw new Error('the wire counts')
}
