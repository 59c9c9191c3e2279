import { describe, expect, test } from 'bun:test'
import { parseConfigText } from './document.ts'

/** All faults of a text, each as `line:column path message`. */
function faultsOf(text: string): readonly string[] {
  return parseConfigText(text).faults.map(({ line, column, path, message }) => `${line}:${column} ${path.join('.')} ${message}`)
}

const BROKEN: readonly (readonly [string, string, string])[] = [
  ['a tab as indentation', 'a:\n\tb: 1\n', '2:1  a tab indents this line; YAML allows only spaces there'],
  [
    'a wrong indentation',
    'a:\n  b: 1\n c: 2\n',
    '3:1  the indentation of this line fits nothing above it; the keys of one mapping begin at the same column',
  ],
  ['an open brace', 'a: { b: 1\nc: 2\n', '2:1  a { or [ above is not closed before this line'],
  ['an open quote', 'a: "x\n', '2:1  a text in quotes is not closed before this place'],
  ['a key without a colon', 'models\n  a: 1\n', '1:1  there is a key without a colon here'],
  [
    'two colons on a line',
    'a: b: c\n',
    '1:4  a second "key: value" begins on this line; put it on its own line, or the whole value in quotes',
  ],
  ['a reserved character', 'a: @x\n', '1:4  a value cannot begin with this character; put the value in quotes'],
  ['two documents', 'a: 1\n---\nb: 2\n', '2:1  a second document begins here; a configuration is one document'],
  [
    'a comma that is missing',
    'a: ["b" "c"]\n',
    '1:9  something is missing before this place: a comma, a space, or a closing quote, ] or }',
  ],
  ['a brace too many', '{"a": 1}}', '1:9  this is not expected here; a comma, quote or bracket is missing before it, or is one too many'],
  ['a wrong escape', 'a: "\\q"\n', '1:5  this is no escape of a double-quoted text; write \\\\ for a backslash, or use single quotes'],
  [
    'an alias of nothing',
    'a: *hunter2\n',
    '1:4  a value that begins with * is an alias, and there is no such anchor; put the value in quotes',
  ],
  ['a tag', 'a: !hunter2 x\n', '1:13  a tag (!name) has no meaning here; put a value that begins with ! in quotes'],
  ['a key that is no word', '? [a, b]\n: c\n', '1:3  a key is a word here, and this is none'],
  ['a key that every object has', '__proto__: { a: 1 }\n', '1:1  a key may not be called __proto__'],
]

describe('a text that cannot be read', () => {
  test.each(BROKEN)('%s', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual([fault])
    expect(parseConfigText(text).isReadable).toBe(false)
  })

  test('is never quoted, for it may hold a secret', () => {
    for (const text of ['a: "b" hunter2\n', 'a: *hunter2\n', 'a: !hunter2 x\n', 'a: @hunter2\n', 'a: |hunter2\n', 'a: "\\hunter2"\n']) {
      expect(faultsOf(text)).toHaveLength(1)
      expect(faultsOf(text).join()).not.toContain('unter2')
    }
  })

  test('is refused where it is nested without end', () => {
    expect(faultsOf('['.repeat(50_000)).join()).toEndWith('is nested too deeply to be read')
  })

  test('is refused where its aliases multiply', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`
    const text = level('a', 'x') + level('b', '*a') + level('c', '*b') + level('d', '*c')
    expect(faultsOf(text)).toEqual(['1:1  its aliases (*name) unfold to too much; write the values out'])
  })
})

describe('a key that stands twice', () => {
  test.each([
    ['YAML', 'a: 1\nb: 2\na: 3\n', '3:1 a stands twice; the first is on line 1'],
    ['JSON', '{\n  "a": { "b": 1,\n    "b": 2 }\n}', '3:5 a.b stands twice; the first is on line 2'],
    ['a list', 'l:\n  - x: 1\n    x: 2\n', '3:5 l.0.x stands twice; the first is on line 2'],
  ])('is found in %s', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual([fault])
    expect(parseConfigText(text).isReadable).toBe(true)
  })
})

describe('a text that can be read', () => {
  test.each([
    ['words that older YAML took for booleans', 'a: off\nb: yes\n', { a: 'off', b: 'yes' }],
    ['words, also where a directive asks for older YAML', '%YAML 1.1\n---\na: off\n', { a: 'off' }],
    ['JSON that is indented with tabs', '{\n\t"a": {\n\t\t"b": [1,\n\t\t2]\n\t}\n}\n', { a: { b: [1, 2] } }],
    ['a byte order mark and Windows line ends', '\uFEFFa: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['keys that are numbers', '1: x\n', { '1': 'x' }],
    ['anchors and merges', 'x: &b { q: 1, r: 2 }\ny:\n  <<: *b\n  r: 3\n', { x: { q: 1, r: 2 }, y: { q: 1, r: 3 } }],
    ['nothing but a comment', '# nothing\n', null],
  ])('holds %s', (_what, text, value) => {
    expect(faultsOf(text)).toEqual([])
    expect(parseConfigText(text).value).toEqual(value)
  })
})

describe('the place of a path', () => {
  const document = parseConfigText('x: &b { q: 1, r: 2 }\ny:\n  <<: *b\n  r: 3\nl:\n  - a: 1\n  - { b: 2 }\n')

  test.each([
    ['a value', ['y', 'r'], '4:6'],
    ['the key of a mapping', ['y'], '2:1'],
    ['a value that was merged in', ['y', 'q'], '1:12'],
    ['an item of a list', ['l', 1], '7:5'],
    ['a value in an item', ['l', 1, 'b'], '7:10'],
    ['the item, where a key of it is missing', ['l', 1, 'zz'], '7:5'],
    ['the list, where an item is missing', ['l', 7], '5:1'],
    ['the top, where nothing of it is there', ['nope'], '1:1'],
  ])('is that of %s', (_what, path, place) => {
    const { line, column } = document.placeOf(path)
    expect(`${line}:${column}`).toBe(place)
  })

  test('is that of the key, where the key itself is meant', () => {
    expect(document.placeOfKey(['l', 1, 'b'])).toMatchObject({ line: 7, column: 7 })
  })
})
