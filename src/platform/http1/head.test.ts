import { describe, expect, test } from 'bun:test'
import { NetworkError } from '../../core/peer-reply.ts'
import { Head } from './head.ts'

describe('the head of a reply', () => {
  test('tells its status and its fields, in whatever case they came', () => {
    const head = new Head(
      'HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nRETRY-AFTER:\t7 \r\nX-Empty:\r\nx-name: content-type: no',
    )
    expect(head.status).toBe(429)
    expect(head.isModern).toBe(true)
    expect(head.get('content-type')).toBe('text/plain')
    expect(head.get('retry-after')).toBe('7')
    expect(head.get('x-empty')).toBe('')
    expect(head.has('x-empty')).toBe(true)
    expect(head.get('type')).toBeNull()
    expect(head.get('after')).toBeNull()
    expect(head.has('x-nam')).toBe(false)
  })

  test('joins what is repeated', () => {
    const head = new Head('HTTP/1.0 200\r\na: 1\r\nB: 2\r\nA: 3\r\naa: 4')
    expect(head.isModern).toBe(false)
    expect(head.get('a')).toBe('1, 3')
    expect([...head.entries()]).toEqual([
      ['a', '1, 3'],
      ['b', '2'],
      ['aa', '4'],
    ])
  })

  test('may have no fields and no words', () => {
    const head = new Head('HTTP/1.1 204')
    expect([head.status, [...head.entries()]]).toEqual([204, []])
    expect(new Head('HTTP/1.1 200 \r\na: \xe9').get('a')).toBe('\xe9')
  })

  test.each([
    ['nothing', ''],
    ['another protocol', 'SSH-2.0-OpenSSH'],
    ['another version', 'HTTP/2.0 200 OK'],
    ['a version of one digit', 'HTTP/1 200 OK'],
    ['low letters', 'http/1.1 200 OK'],
    ['a status of two digits', 'HTTP/1.1 20 OK'],
    ['a status of four digits', 'HTTP/1.1 2000 OK'],
    ['a status of zero', 'HTTP/1.1 099 OK'],
    ['a status of letters', 'HTTP/1.1 2x0 OK'],
    ['two spaces', 'HTTP/1.1  200 OK'],
    ['a tab', 'HTTP/1.1\t200 OK'],
    ['a line that was folded', 'HTTP/1.1 200 OK\r\na: b\r\n c'],
    ['a line that was folded with a tab', 'HTTP/1.1 200 OK\r\na: b\r\n\tc: d'],
    ['a field without a colon', 'HTTP/1.1 200 OK\r\nabc'],
    ['a field without a name', 'HTTP/1.1 200 OK\r\n: b'],
    ['a space in front of the colon', 'HTTP/1.1 200 OK\r\na : b'],
    ['a space in front of the first field', 'HTTP/1.1 200 OK\r\n a: b'],
    ['a line that ends in LF only', 'HTTP/1.1 200 OK\na: b'],
    ['a line that ends in CR only', 'HTTP/1.1 200 OK\r\na: b\rc: d'],
    ['a NUL', 'HTTP/1.1 200 OK\r\na: b\0'],
    ['a bell', 'HTTP/1.1 200 OK\r\na: \x07'],
    ['a DEL', 'HTTP/1.1 200 \x7f'],
    ['too many fields', `HTTP/1.1 200 OK${'\r\na: b'.repeat(201)}`],
  ])('with %s is malformed', (_what, text) => {
    expect(() => new Head(text)).toThrow(NetworkError)
  })

  test('may have two hundred fields', () => {
    expect(new Head(`HTTP/1.1 200 OK${'\r\na: b'.repeat(200)}`).get('a')).toHaveLength(200 * 3 - 2)
  })
})
