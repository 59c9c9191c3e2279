import { expect, test } from 'bun:test'
import { lineAt, readSource } from './source-text.ts'

test.each([
  ['a comment', 'a // b\nc', 'a     \nc', 'a     \nc'],
  ['a block', 'a /* b\n */ c', 'a     \n    c', 'a     \n    c'],
  ['a string with an escaped quote', `a 'b\\'//c' d`, `a 'b\\'//c' d`, "a '      ' d"],
  ['a string that looks like a comment', 'a "/*" b', 'a "/*" b', 'a "  " b'],
  ['a template with code in it', 'a `b$@c({ d: `e` })}f` g', 'a `b$@c({ d: `e` })}f` g', 'a ` $@c({ d: ` ` })} ` g'],
  ['a regular expression', "x = /['/*]+\\//g.y", "x = /['/*]+\\//g.y", 'x = /        /g.y'],
  ['a regular expression after return', "return /'/ //z", "return /'/    ", 'return / /    '],
  ['a division', "a / b / 'c'", "a / b / 'c'", "a / b / ' '"],
  ['a division after a bracket', "f(a) / 2 // '", 'f(a) / 2     ', 'f(a) / 2     '],
])('%s is told from code', (_name, rawText, codeText, bareText) => {
  // Written with @, because a placeholder in a string is what the linter takes for a mistake.
  const [raw = '', code = '', bare = ''] = [rawText, codeText, bareText].map((text) => text.replace('$@', '${'))
  expect(readSource(raw)).toEqual({ raw, code, bare })
})

test('lines count from 1', () => {
  expect([lineAt('a\nb\nc', 0), lineAt('a\nb\nc', 2), lineAt('a\nb\nc', 4)]).toEqual([1, 2, 3])
})
