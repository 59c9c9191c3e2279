import { expect, test } from 'bun:test'
import { matchesPattern } from './patterns.ts'

const ROWS: readonly (readonly [pattern: string, name: string, isMatch: boolean])[] = [
  ['gpt-5', 'gpt-5', true],
  ['gpt-5', 'gpt-5-mini', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['gpt-*', 'gpt-5', true],
  ['gpt-*', 'gpt-', true],
  ['gpt-*', 'xgpt-5', false],
  ['*-mini', 'gpt-5-mini', true],
  ['*-mini', 'gpt-5-mini-2', false],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'acb', false],
  ['ab*ba', 'aba', false],
  ['a*bb*b', 'abb', false],
  ['a**b', 'ab', true],
  ['a.b', 'axb', false],
]

test.each(ROWS)('pattern %p on %p gives %p', (pattern, name, isMatch) => {
  expect(matchesPattern(pattern, name)).toBe(isMatch)
})

test('a pattern of many stars stays fast on a long name that does not match', () => {
  expect(matchesPattern(`${'a*'.repeat(50)}b`, 'a'.repeat(100_000))).toBe(false)
})
