import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { CallTurner, turnCalls } from './free-calls.ts'
import { FreeText } from './free-text.ts'
import type { StreamEvent } from './reply.ts'

function pieces(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...[...cuts].sort((left, right) => left - right), text.length]
  return places.slice(1).map((to, index) => text.slice(places[index], to))
}

function freed(parts: readonly string[]): readonly string[] {
  const text = new FreeText()
  return [...parts.map((part) => text.push(part)), text.end()]
}

test('free text is the same in whatever pieces its wrapping comes, and no piece ends in half of a character', () => {
  const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('*** Begin Patch\n"a\\b"\t', '😀"', '\\', '\u0001'))
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(80)), fc.boolean(), (said, cuts, isEscaped) => {
      const plain = JSON.stringify({ input: said })
      const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      const json = isEscaped ? plain.replaceAll(/[^\u0020-\u007e]/g, escaped) : plain
      const told = freed(
        pieces(
          json,
          cuts.map((cut) => Math.min(cut, json.length)),
        ),
      )
      expect(told.join('')).toBe(said)
      expect(told.filter((piece) => /[\ud800-\udbff]$/.test(piece))).toEqual([])
    }),
    { numRuns: 300, seed: 20_261_121 },
  )
})

test.each([
  ['white space before and within', ['  { ', '"input" : ', '"ab" }'], 'ab'],
  ['no wrapping at all', ['*** Begin', ' Patch'], '*** Begin Patch'],
  ['another wrapping, which is told as it came', ['{"patch":', '"a"}'], '{"patch":"a"}'],
  ['nothing', ['{', '}'], ''],
  ['cut within the text', ['{"input":"ab'], 'ab'],
  ['cut within an escape', ['{"input":"ab\\u00'], 'ab'],
  ['cut within the wrapping', ['{"inp'], '{"inp'],
  ['more white space than is waited through', [' '.repeat(300), '{"input":"a"}'], `${' '.repeat(300)}{"input":"a"}`],
])('of what models write: %s', (_what, parts, said) => {
  expect(freed(parts).join('')).toBe(said)
})

const CALLED: readonly StreamEvent[] = [
  { type: 'tool-call', candidate: 0, index: 0, id: 'c1', name: 'patch' },
  { type: 'arguments', candidate: 0, index: 0, text: '{"input":"a' },
  { type: 'tool-call', candidate: 0, index: 1, id: 'c2', name: 'f' },
  { type: 'arguments', candidate: 0, index: 1, text: '{}' },
  { type: 'arguments', candidate: 0, index: 0, text: '\\nb"}' },
  { type: 'finish', candidate: 0, stop: { type: 'tool-calls' } },
]

function turnAll(names: ReadonlySet<string> | undefined, events: readonly StreamEvent[]): readonly StreamEvent[] {
  const turner = new CallTurner(names)
  return [...events.flatMap((event) => (turner.touches(event) ? turner.turn(event) : [event])), ...turner.end()]
}

test('calls of the tools of free text alone are turned, also where their arguments alternate with others', () => {
  expect(turnAll(new Set(['patch']), CALLED)).toEqual([
    { type: 'tool-call', candidate: 0, index: 0, id: 'c1', name: 'patch', isFree: true },
    { type: 'arguments', candidate: 0, index: 0, text: 'a' },
    { type: 'tool-call', candidate: 0, index: 1, id: 'c2', name: 'f' },
    { type: 'arguments', candidate: 0, index: 1, text: '{}' },
    { type: 'arguments', candidate: 0, index: 0, text: '\nb' },
    { type: 'finish', candidate: 0, stop: { type: 'tool-calls' } },
  ])
  expect(turnAll(undefined, CALLED)).toEqual([...CALLED])
})

test('free text that nobody asked for is told as JSON', () => {
  const free: readonly StreamEvent[] = [
    { type: 'tool-call', candidate: 0, index: 0, id: 'c1', name: 'patch', isFree: true },
    { type: 'arguments', candidate: 0, index: 0, text: 'a"' },
    { type: 'arguments', candidate: 0, index: 0, text: '\n' },
  ]
  const told = turnAll(undefined, free)
  expect(told[0]).toEqual({ type: 'tool-call', candidate: 0, index: 0, id: 'c1', name: 'patch' })
  expect(told.flatMap((event) => (event.type === 'arguments' ? [event.text] : [])).join('')).toBe('{"input":"a\\"\\n"}')
})

test('a whole answer is turned in both directions, and left alone where there is nothing to turn', () => {
  const asked = { type: 'tool-call', id: 'c1', name: 'patch', arguments: '{"input":"a"}' } as const
  const free = { ...asked, arguments: 'a', isFree: true } as const
  const replyOf = (content: typeof asked | typeof free) => ({ candidates: [{ content: [content] }], losses: [] })
  expect(turnCalls(replyOf(asked), new Set(['patch']))).toEqual(replyOf(free))
  expect(turnCalls(replyOf(free), undefined)).toEqual(replyOf(asked))
  const untouched = replyOf(free)
  expect(turnCalls(untouched, new Set(['patch']))).toBe(untouched)
})
