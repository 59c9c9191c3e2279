import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { EscapeLane, readEscapes } from './escapes.ts'

test.each([
  ['{"to":"ada\\u0040example.com"}', '{"to":"ada@example.com"}'],
  ['\\u731e\\u9E70', '猞鹰'],
  ['a \\\\u0040 is written so', 'a \\\\u0040 is written so'],
  ['\\u0022 \\u005c \\u000a \\ud83d\\ude00', '\\u0022 \\u005c \\u000a \\ud83d\\ude00'],
  ['\\n\\u0041\\"\\u0042', '\\nA\\"B'],
  ['\\u12', '\\u12'],
  ['\\u00zz \\', '\\u00zz \\'],
])('%s', (text, expected) => {
  expect(readEscapes(text)).toBe(expected)
})

test('what is read means the same, however the stream is cut', () => {
  const written = fc
    .string({ maxLength: 20 })
    .map((text) =>
      JSON.stringify(text).replace(/[a-f@\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
    )
  fc.assert(
    fc.property(written, fc.array(fc.nat({ max: 40 }), { maxLength: 5 }), (json, cuts) => {
      const lane = new EscapeLane()
      const places = [0, ...cuts.map((cut) => cut % (json.length + 1)).sort((left, right) => left - right), json.length]
      const out = places
        .slice(1)
        .map((to, index) => lane.push(json.slice(places[index], to)))
        .join('')
      expect(out + lane.end()).toBe(readEscapes(json))
      expect(JSON.parse(readEscapes(json))).toBe(JSON.parse(json))
    }),
    { numRuns: 500 },
  )
})
