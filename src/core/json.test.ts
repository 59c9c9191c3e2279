import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isObject, scanTopLevel, spliceText } from './json.ts'

const DEPTH = 64
const WANTED = new Set(['model', 'stream', 'messages', 'é"\\'])

/** The values that a scan found, parsed; or the type of what it found instead. */
function found(text: string, wanted: ReadonlySet<string> = WANTED) {
  const scan = scanTopLevel(text, wanted, DEPTH)
  if (scan.type !== 'object') return scan.type
  return Object.fromEntries([...scan.keys].map(([key, span]) => [key, JSON.parse(text.slice(span.from, span.to))]))
}

describe('finding keys', () => {
  test.each<[string, string, unknown]>([
    ['a string', '{"model":"m"}', { model: 'm' }],
    ['white space everywhere', ' \t\r\n{ \n"model"\t:\r\n "m" \n,\t"stream" : true\n} \n', { model: 'm', stream: true }],
    [
      'values of every kind',
      '{"model":null,"stream":-1.5e3,"messages":[{"a":[1]},2]}',
      { model: null, stream: -1500, messages: [{ a: [1] }, 2] },
    ],
    ['the same key further down', '{"x":{"model":"no"},"y":[{"model":"no"}],"model":"yes"}', { model: 'yes' }],
    ['a key as a value', '{"x":"model","model":"stream"}', { model: 'stream' }],
    ['brackets, commas and quotes inside strings', '{"x":"}],\\"model\\":1,{","model":"a\\"b\\\\"}', { model: 'a"b\\' }],
    ['a key written with escapes', '{"\\u006dodel":"m","\\u00e9\\"\\\\":1}', { model: 'm', 'é"\\': 1 }],
    ['a key that only begins alike', '{"model2":1,"mode":2,"Model":3}', {}],
    ['no keys', '{}', {}],
    ['no keys, with space', '{ \n }', {}],
    ['keys of the prototype', '{"__proto__":{"model":1},"constructor":2,"model":3}', { model: 3 }],
  ])('%s', (_name, text, values) => {
    expect<unknown>(found(text)).toEqual(values)
  })

  test.each<[string, string]>([
    ['[1]', 'not-an-object'],
    ['"model"', 'not-an-object'],
    ['1', 'not-an-object'],
    ['', 'not-an-object'],
    ['"{"', 'not-an-object'],
    ['\uFEFF{}', 'not-an-object'],
    [`${'['.repeat(DEPTH + 1)}${']'.repeat(DEPTH + 1)}`, 'too-deep'],
    [`{"x":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`, 'too-deep'],
    [`{"x":${'['.repeat(DEPTH - 1)}${']'.repeat(DEPTH - 1)}}`, 'object'],
    [`{"x":"${'['.repeat(DEPTH + 1)}"}`, 'object'],
  ])('%p is %s', (text, type) => {
    expect<string>(scanTopLevel(text, WANTED, DEPTH).type).toBe(type)
  })

  test('nesting without an end is found too deep long before its end', () => {
    expect(scanTopLevel('{"x":'.repeat(100_000), WANTED, DEPTH)).toEqual({ type: 'too-deep' })
  })

  test.each<[what: string, textOf: (pieces: number) => string]>([
    ['members of the object', (pieces) => `{${'"a":1,'.repeat(pieces - 1)}"a":1}`],
    ['members below', (pieces) => `{"x":[${'{"a":1},'.repeat((pieces - 3) / 2)}{}]}`],
    ['lists', (pieces) => `{"x":[${'[],'.repeat(pieces - 3)}[]]}`],
    ['lists outside of an object', (pieces) => `[${'[],'.repeat(pieces - 1)}1]`],
    ['members outside of an object', (pieces) => `[{${'"a":1,'.repeat(pieces - 1)}"a":1}]`],
  ])('too many %s are found before they are parsed; as many as may be are taken', (_what, textOf) => {
    expect(scanTopLevel(textOf(1003), WANTED, DEPTH, 1000)).toEqual({ type: 'too-many' })
    expect(scanTopLevel(textOf(997), WANTED, DEPTH, 1000).type).not.toBe('too-many')
    // A colon within a text is none between a key and its value.
    expect(scanTopLevel(`{"x":"${':['.repeat(1000)}"}`, WANTED, DEPTH, 1000).type).toBe('object')
  })

  test('where a key can be inserted is just after the brace, and it says whether a comma is needed', () => {
    expect(scanTopLevel('  { "a":1}', WANTED, DEPTH)).toMatchObject({ inside: 3, isEmpty: false })
    expect(scanTopLevel('{ }', WANTED, DEPTH)).toMatchObject({ inside: 1, isEmpty: true })
  })

  test.each<[string, string, readonly string[]]>([
    ['a key that stands twice', '{"model":1,"model":2}', ['model']],
    ['a key that stands three times is named once', '{"model":1,"model":2,"model":3}', ['model']],
    ['a key that stands twice, once escaped', '{"model":1,"\\u006d\\u006Fdel":2}', ['model']],
    ['two such keys', '{"model":1,"stream":1,"stream":2,"model":2}', ['stream', 'model']],
    ['keys that nobody reads', '{"x":1,"x":2}', []],
    ['a key once more further down', '{"model":{"model":1}}', []],
  ])('%s', (_name, text, duplicates) => {
    expect(scanTopLevel(text, WANTED, DEPTH)).toMatchObject({ type: 'object', duplicates })
  })

  test('text that is no JSON makes it neither hang nor throw', () => {
    for (const text of ['{"model', '{"model"', '{"model":', '{"model":"a\\', '{"a":1}}}', '{]', '{,,,', '{"\\u00":1,"model":2}', '{:::}']) {
      expect(scanTopLevel(text, WANTED, DEPTH).type).toBe('object')
    }
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ um1') }), (text) =>
        expect(scanTopLevel(text, WANTED, DEPTH).type).toBeString(),
      ),
    )
  })

  test('a long run of backslashes or quotes costs no more than its length', () => {
    const text = `{"x":"${'\\\\'.repeat(200_000)}","y":"${'\\"'.repeat(200_000)}","model":1}`
    expect(found(text)).toEqual({ model: 1 })
  })
})

describe('any object, however it is written', () => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 })
  const key = fc.oneof(fc.constantFrom(...WANTED), fc.string({ unit: 'grapheme', maxLength: 4 }))
  const members = fc.array(
    fc.record({
      key,
      isEscaped: fc.boolean(),
      value: fc.jsonValue({ maxDepth: 3 }),
      isIndented: fc.boolean(),
      spaces: fc.array(space, { minLength: 4, maxLength: 4 }),
    }),
    { maxLength: 8 },
  )
  const objects = members.map((list) => `{${list.map(memberText).join(',')}}`)

  test('the spans hold what JSON.parse reads, and keys are double exactly where they stand twice', () => {
    fc.assert(
      fc.property(members, (list) => {
        const text = `{${list.map(memberText).join(',')}}`
        const parsed: unknown = JSON.parse(text)
        const expected = Object.entries(isObject(parsed) ? parsed : {}).filter(([name]) => WANTED.has(name))
        expect(found(text)).toEqual(Object.fromEntries(expected))
        const twice = [...WANTED].filter((name) => list.filter((member) => member.key === name).length > 1)
        const scan = scanTopLevel(text, WANTED, DEPTH)
        expect(scan.type === 'object' && [...scan.duplicates].sort()).toEqual(twice.sort())
      }),
      { numRuns: 1000 },
    )
  })

  test('a spliced text parses to the edited object', () => {
    fc.assert(
      fc.property(objects, fc.jsonValue(), fc.jsonValue(), (text, model, added) => {
        const scan = scanTopLevel(text, WANTED, DEPTH)
        if (scan.type !== 'object') throw new Error('an object was written')
        const edits = [...scan.keys].map(([, span]) => ({ ...span, with: JSON.stringify(model) }))
        const insertion = { from: scan.inside, to: scan.inside, with: `"added":${JSON.stringify(added)}${scan.isEmpty ? '' : ','}` }
        const before: unknown = JSON.parse(text)
        const changed = Object.fromEntries([...scan.keys.keys()].map((name) => [name, model]))
        if (scan.duplicates.length > 0 || !isObject(before) || 'added' in before) return
        expect(JSON.parse(spliceText(text, [...edits, insertion]))).toEqual(JSON.parse(JSON.stringify({ added, ...before, ...changed })))
      }),
      { numRuns: 500 },
    )
  })
})

interface Member {
  readonly key: string
  readonly isEscaped: boolean
  readonly value: unknown
  readonly isIndented: boolean
  readonly spaces: readonly string[]
}

function memberText({ key, isEscaped, value, isIndented, spaces }: Member): string {
  const escaped = Array.from({ length: key.length }, (_, at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`)
  const name = isEscaped ? `"${escaped.join('')}"` : JSON.stringify(key)
  return `${spaces[0]}${name}${spaces[1]}:${spaces[2]}${JSON.stringify(value, null, isIndented ? 1 : 0)}${spaces[3]}`
}

test('edits may come in any order, insert, remove, and touch the ends', () => {
  const edits = [
    { from: 6, to: 6, with: '!' },
    { from: 0, to: 1, with: '' },
    { from: 2, to: 4, with: 'XYZ' },
  ]
  expect(spliceText('abcdef', edits)).toBe('bXYZef!')
  expect(spliceText('abc', [])).toBe('abc')
})
