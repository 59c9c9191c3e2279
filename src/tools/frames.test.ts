import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isObject } from '../core/json.ts'
import { decodeFrame, editRequest, progressTokenOf, withId, withValue } from './frames.ts'
import type { Frame, RequestFrame } from './types.ts'

function frameOf(text: string): Frame {
  const decoded = decodeFrame(text, 100)
  if (decoded.type === 'invalid') throw decoded.error
  return decoded.frame
}

function requestOf(text: string): RequestFrame {
  const frame = frameOf(text)
  if (frame.type !== 'request') throw new Error(`This is a ${frame.type}.`)
  return frame
}

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

describe('an edited request', () => {
  test.each<[string, string, string]>([
    [
      'no params',
      '{"id":"a","jsonrpc":"2.0","method":"x"}',
      `{"params":{"_meta":{"traceparent":"${TRACE}"}},"id":7,"jsonrpc":"2.0","method":"x"}`,
    ],
    [
      'empty params',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{ }}',
      `{"jsonrpc":"2.0","id":7,"method":"x","params":{"_meta":{"traceparent":"${TRACE}"} }}`,
    ],
    [
      'params without _meta',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":1.0}}',
      `{"jsonrpc":"2.0","id":7,"method":"x","params":{"_meta":{"traceparent":"${TRACE}"},"a":1.0}}`,
    ],
    [
      'an empty _meta',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{}}}',
      `{"jsonrpc":"2.0","id":7,"method":"x","params":{"_meta":{"traceparent":"${TRACE}"}}}`,
    ],
    [
      'a trace of its own, and a progress token',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":"p","traceparent":"old","k":12345678901234567890}}}',
      `{"jsonrpc":"2.0","id":7,"method":"x","params":{"_meta":{"progressToken":7,"traceparent":"${TRACE}","k":12345678901234567890}}}`,
    ],
  ])('with %s differs in what was to change and in nothing else', (_what, text, expected) => {
    const frame = requestOf(text)
    expect(editRequest(frame, { idText: '7', traceparent: TRACE, progressTokenText: '7' })).toBe(expected)
  })

  test('has the other name where one is given, and no progress token where none was sent', () => {
    const frame = requestOf('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"name":"inner"},"name":"s__t"}}')
    expect(progressTokenOf(frame)).toBeUndefined()
    expect(editRequest(frame, { idText: '"x"', name: 't"', progressTokenText: '9' })).toBe(
      '{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"arguments":{"name":"inner"},"name":"t\\""}}',
    )
  })

  test('keeps everything else, whatever it is', () => {
    const params = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 })
    fc.assert(
      fc.property(params, fc.option(params), fc.constantFrom(undefined, 1, 2), (given, meta, indent) => {
        const { name: _name, _meta, ...rest } = given
        const message = {
          jsonrpc: '2.0',
          id: 'old',
          method: 'tools/call',
          params: { ...rest, name: 'a', ...(meta === null ? {} : { _meta: meta }) },
        }
        const text = JSON.stringify(message, undefined, indent)
        const edited = editRequest(requestOf(text), { idText: '1', name: 'b', traceparent: TRACE, progressTokenText: '1' })
        const token = meta !== null && Object.hasOwn(meta, 'progressToken') ? { progressToken: 1 } : {}
        const expected = { ...message, id: 1, params: { ...message.params, name: 'b', _meta: { ...meta, traceparent: TRACE, ...token } } }
        // By way of JSON, in which 0 and -0 are one.
        expect(JSON.parse(edited)).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
    )
  })
})

describe('a frame', () => {
  test('of a response is given on under another id, and of a notification with another value', () => {
    const response = frameOf('{"result":{"big":1e400,"x":[1.50]},"jsonrpc":"2.0","id":3}')
    if (response.type !== 'response') throw new Error('no response')
    expect(withId(response, '"caller"')).toBe('{"result":{"big":1e400,"x":[1.50]},"jsonrpc":"2.0","id":"caller"}')
    const progress = frameOf('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":4,"progress":1}}')
    const at = progress.type === 'notification' ? progress.params?.progressToken : undefined
    if (at === undefined) throw new Error('no token')
    expect(withValue(progress, at, '"mine"')).toBe(
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"mine","progress":1}}',
    )
  })

  test('is read or refused, whatever the bytes are, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
          fc.string().map((text) => Buffer.from(`{"jsonrpc":"2.0",${text}`)),
        ),
        (bytes) => {
          const decoded = decodeFrame(bytes, 20)
          if (decoded.type === 'frame') expect(isObject(decoded.frame.body)).toBe(true)
          else expect(['invalid_json', 'invalid_request', 'duplicate_key']).toContain(decoded.error.code)
        },
      ),
    )
  })
})
