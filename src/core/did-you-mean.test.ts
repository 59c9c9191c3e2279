import { expect, test } from 'bun:test'
import { didYouMean, nearestWord } from './did-you-mean.ts'

const KNOWN = ['openai', 'groq', 'mistral', 'apiKey', 'baseUrl', 'name', 'id']

test.each([
  ['opnai', 'openai', 'a letter left out'],
  ['nmae', 'name', 'two letters swapped'],
  ['groqq', 'groq', 'a letter too many'],
  ['api_key', 'apiKey', 'another way to join words'],
  ['BaseURL', 'baseUrl', 'other capitals'],
  ['mistrul', 'mistral', 'a wrong letter'],
])('%s means %s: %s', (word, meant) => {
  expect(nearestWord(word, KNOWN)).toBe(meant)
  expect(didYouMean(word, KNOWN)).toBe(`; did you mean "${meant}"?`)
})

test.each(['anthropic', 'zzz', 'x'])('%s means none of them', (word) => {
  expect(didYouMean(word, KNOWN)).toBe('')
})

test('the first of two equally near words wins', () => {
  expect(nearestWord('cat', ['bat', 'hat'])).toBe('bat')
})

test('a very long word is compared in bounded time', () => {
  expect(nearestWord('a'.repeat(100_000), KNOWN)).toBeUndefined()
})
