import { describe, expect, test } from 'bun:test'
import { NetworkError } from '../../core/peer-reply.ts'
import { ChunkedDecoder } from './chunked.ts'

const decode = (pieces: readonly string[]): { text: string; isOver: boolean; rest: string } => {
  const decoder = new ChunkedDecoder()
  let text = ''
  let rest = ''
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1')
    const given = Buffer.from(bytes)
    text += Buffer.from(decoder.decode(bytes)).toString('latin1')
    rest += given.subarray(decoder.endedAt).toString('latin1')
  }
  return { text, isOver: decoder.isOver, rest }
}

const BODY = '5\r\nHello\r\n6;name="a;b"\r\n, worl\r\n00000001 \r\nd\r\nA\r\n0123456789\r\n0\r\nExpires: never\r\nX: y\r\n\r\n'

describe('a chunked body', () => {
  test('is the same wherever it is split', () => {
    for (let at = 0; at <= BODY.length; at++) {
      expect(decode([BODY.slice(0, at), BODY.slice(at)])).toEqual({ text: 'Hello, world0123456789', isOver: true, rest: '' })
    }
    expect(decode([...BODY])).toEqual({ text: 'Hello, world0123456789', isOver: true, rest: '' })
  })

  test('ends where it ends: what comes behind it is not its own', () => {
    expect(decode([`${BODY}HTTP/1.1 200 OK`])).toEqual({ text: 'Hello, world0123456789', isOver: true, rest: 'HTTP/1.1 200 OK' })
  })

  test('is not over before its last line', () => {
    for (let at = 0; at < BODY.length; at++) expect(decode([BODY.slice(0, at)]).isOver).toBe(false)
  })

  test.each([
    ['a size that is none', 'x\r\n'],
    ['no size', '\r\n'],
    ['a negative size', '-1\r\n'],
    ['a size with a prefix', '0x5\r\nHello\r\n'],
    ['a size with a sign', '+5\r\nHello\r\n'],
    ['a space in front of a size', ' 5\r\nHello\r\n'],
    ['a size of too many digits', '0000000000005\r\n'],
    ['a line that ends in LF only', '5\nHello\r\n'],
    ['an extension that ends in LF only', '5;a\nHello\r\n'],
    ['a CR that nothing follows', '5\rHello\r\n'],
    ['data that is longer than its size', '5\r\nHello!\r\n'],
    ['data that ends in LF only', '5\r\nHello\n'],
    ['a trailer that ends in LF only', '0\r\nA: b\n\r\n'],
    ['an end in LF only', '0\r\n\n'],
    ['an extension without an end', `5;${'a'.repeat(5000)}`],
    ['trailers without an end', `0\r\n${'A: b\r\n'.repeat(5000)}`],
  ])('with %s is malformed, however it is split', (_what, body) => {
    expect(() => decode([body])).toThrow(NetworkError)
    expect(() => decode([...body])).toThrow(NetworkError)
  })
})
