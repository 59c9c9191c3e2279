import { describe, expect, test } from 'bun:test'
import { EventProbe } from './event-probe.ts'

const encoder = new TextEncoder()

function probe(text: string, size = text.length) {
  const probe = new EventProbe([['usage'], ['message', 'usage']])
  const bytes = encoder.encode(text)
  for (let at = 0; at < bytes.length; at += size) probe.push(bytes.subarray(at, at + size))
  return probe.found
}

describe('what events tell', () => {
  test.each([
    [
      'in one of them',
      'event: a\ndata: {"b64":"xx"}\n\nevent: b\ndata: {"usage":{"input_tokens":1}}\n\n',
      [{ input_tokens: 1 }, undefined],
    ],
    ['with carriage returns', 'data: {"usage":1}\r\n\r\ndata: {"x":2}\r\n\r\n', [1, undefined]],
    ['in data of several lines', 'data: {"usage":\ndata: {"a":1}\ndata: }\n\n', [{ a: 1 }, undefined]],
    [
      'bit by bit',
      'data: {"message":{"usage":{"a":1,"b":1}}}\n\ndata: {"usage":{"b":5}}\n\ndata: {"usage":{"b":null,"c":2}}\n\n',
      [
        { b: 5, c: 2 },
        { a: 1, b: 1 },
      ],
    ],
    ['where others say nothing', 'data: [DONE]\n\n: {"usage":1}\ndatum: {"usage":1}\nid:data:{"usage":1}\n\n', [undefined, undefined]],
    ['and not what was cut', 'data: {"usage":{"a":1}}\n\ndata: {"usage":{"a":2}}', [{ a: 1 }, undefined]],
    ['with data of one that is no JSON before', 'data: {"x":"\n\ndata: {"usage":3}\n\n', [3, undefined]],
  ] as const)('is read %s', (_what, text, found) => {
    expect(probe(text)).toEqual([...found])
    for (const size of [1, 2, 5]) expect([size, ...probe(text, size)]).toEqual([size, ...found])
  })
})
