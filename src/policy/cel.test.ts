import { describe, expect, test } from 'bun:test'
import { compileCel } from './cel.ts'

function holds(expression: string, context: Readonly<Record<string, string>>): boolean | string {
  const compiled = compileCel(expression, { text: 'string' })
  return compiled.type === 'compiled' ? compiled.holds(context) : compiled.message
}

describe('matches', () => {
  test.each([
    ['text.matches("^x+$")', 'xxx', true],
    ['text . matches ("^x+$")', 'xyx', false],
    ['text.matches("x") && text.matches("y")', 'xy', true],
    ["text.matches('''q''')", 'q', true],
    ['"abc".matches(text)', 'b', true],
    ['text == "a.matches(b)"', 'a.matches(b)', true],
    ['text == r"\\.matches("', '\\.matches(', true],
  ])('%s of %s is %p', (expression, text, expected) => {
    expect(holds(expression, { text })).toBe(expected)
  })

  test('knows no pattern that goes back: those of RE2 alone, in which this one is linear', () => {
    expect(holds('text.matches("^(x+)+$")', { text: `${'x'.repeat(4000)}!` })).toBe(false)
    expect(holds('text.matches("(a)\\\\1")', { text: 'aa' })).toBe(false)
  })

  test('of a text that is too long does not hold', () => {
    expect(holds('text.matches("x")', { text: 'x'.repeat(5000) })).toBe(false)
  })
})

test('what fails on what it is given does not hold', () => {
  expect(holds('text.matches("(")', { text: 'x' })).toBe(false)
  expect(holds('text == "x"', {})).toBe(false)
})

test.each([
  ['text ==', /./],
  ['text', /must say true or false/],
  ['other == "x"', /other/],
  [`text == "${'x'.repeat(4000)}"`, /longer than 4000/],
])('%s is refused', (expression, message) => {
  expect(holds(expression, { text: 'x' })).toMatch(message)
})
