import { describe, expect, test } from 'bun:test'
import type { Json } from '../../../core/json.ts'
import { JsonProbe, type Pointer } from './json-probe.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function probe(
  text: string,
  pointers: readonly Pointer[],
  sizes: (at: number) => number = () => text.length,
): readonly (Json | undefined)[] {
  const probe = new JsonProbe(pointers)
  const all = bytes(text)
  for (let at = 0; at < all.length; ) {
    const size = Math.max(1, sizes(at))
    probe.push(all.subarray(at, at + size))
    at += size
  }
  return probe.found
}

const USAGE: readonly Pointer[] = [['usage']]

describe('a value is found', () => {
  test.each([
    ['at the top', '{"usage":{"input_tokens":3}}', USAGE, { input_tokens: 3 }],
    ['among others, with spaces', '{ "data" : [ {"usage":1} ] , "usage" : 7 , "x" : null }', USAGE, 7],
    ['behind a long text with quotes and backslashes', `{"data":"\\"usage\\":{}\\\\","usage":"yes \\\\"}`, USAGE, 'yes \\'],
    ['whose key is escaped', '{"u\\u0073age":true}', USAGE, true],
    ['that stands twice: the last one', '{"usage":1,"usage":2}', USAGE, 2],
    [
      'below others',
      '{"meta":{"usage":1,"billed_units":{"search_units":4}},"search_units":9}',
      [['meta', 'billed_units', 'search_units']],
      4,
    ],
    ['with letters of several bytes', '{"ü":"é","usage":{"ß":"ü"}}', USAGE, { ß: 'ü' }],
    ['that is a list', '{"usage":[1,{"a":[2]}]}', USAGE, [1, { a: [2] }]],
    ['with keys like those that are looked for', '{"usage":{"usage":{"usage":1}}}', USAGE, { usage: { usage: 1 } }],
  ] as const)('%s', (_what, text, pointers, value) => {
    expect(probe(text, pointers)).toEqual([value])
    for (const size of [1, 2, 3, 7]) expect([size, ...probe(text, pointers, () => size)]).toEqual([size, value])
  })
})

describe('a value is not found', () => {
  test.each([
    ['that is not there', '{"other":1}'],
    ['in a list', '[{"usage":1}]'],
    ['deeper', '{"a":{"usage":1}}'],
    ['that is a text', '{"a":"usage","b":"{\\"usage\\":1}"}'],
    ['that was cut', '{"usage":{"input_tokens":3'],
    ['that is no JSON', '{"usage":{input:3}}'],
    ['that is too long', `{"usage":"${'x'.repeat(20_000)}"}`],
  ] as const)('%s', (_what, text) => {
    expect(probe(text, USAGE)).toEqual([undefined])
    expect(probe(text, USAGE, () => 1)).toEqual([undefined])
  })
})

test('any cut of a text gives what JSON.parse gives', () => {
  const texts = ['\\', '"', '\\\\"', 'a{b}[c]:,', '\n', 'é', '']
  for (const [index, one] of texts.entries()) {
    const value = { [one]: one, list: [one, { usage: one }], usage: { [one]: [one, index, null] }, after: { usage: one } }
    const text = JSON.stringify(value)
    for (let cut = 1; cut < text.length; cut++) expect(probe(text, USAGE, (at) => (at === 0 ? cut : text.length))).toEqual([value.usage])
  }
})

test('each byte is looked at a bounded number of times, however the text is made', () => {
  // Counted, not timed: every look at a byte goes through the array's own getter or a search that began where the last one ended.
  const looksAt = (size: number) => {
    const all = bytes(`{"data":"${'\\"'.repeat(size)}${'\\\\'.repeat(size)}","usage":1}`)
    let looks = 0
    const counted = new Proxy(all, {
      get: (target, name) => {
        if (typeof name === 'string' && /^\d+$/.test(name)) looks++
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const probe = new JsonProbe(USAGE)
    probe.push(counted)
    expect(probe.found).toEqual([1])
    return looks
  }
  expect(looksAt(2000) / looksAt(1000)).toBeLessThan(2.1)
})
