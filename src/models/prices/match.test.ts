import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { openBook } from './book.ts'
import { compileRows } from './match.ts'
import type { PriceTable } from './types.ts'

const rows = [
  { id: 'fox', match: ['fox-turbo'], input: 1, output: 1 },
  { id: 'fox-mini', match: ['fox-mini*'], input: 2, output: 2 },
  { id: 'fox-mini-audio', match: ['fox-mini-audio*'], except: ['*-tts'], input: 3, output: 3 },
  { id: 'owl', match: ['owl-####', '*owl-v*'], input: 4, output: 4 },
  { id: 'fox-2025-01-01', input: 5, output: 5 },
]
const find = compileRows(rows)

test.each([
  ['its own id', 'fox', 'fox'],
  ['its own id in capitals', 'FOX', 'fox'],
  ['an alias', 'fox-turbo', 'fox'],
  ['a dated snapshot', 'fox-2026-02-03', 'fox'],
  ['a dated snapshot of Anthropic', 'fox-20260203', 'fox'],
  ['a dated snapshot on Vertex', 'fox@20260203', 'fox'],
  ['the latest', 'fox-turbo-latest', 'fox'],
  ['a snapshot with a price of its own', 'fox-2025-01-01', 'fox-2025-01-01'],
  ['the longest pattern', 'fox-mini-audio-preview', 'fox-mini-audio'],
  ['a pattern, where the longer one leaves it out', 'fox-mini-audio-tts', 'fox-mini'],
  ['digits', 'owl-1234', 'owl'],
  ['a part of it', 'eu.zoo.owl-v2:0', 'owl'],
  ['nothing: no such beginning', 'foxes', undefined],
  ['nothing: no date', 'fox-2026', undefined],
  ['nothing: a letter for a digit', 'owl-12a4', undefined],
  ['nothing: what every object has', 'constructor', undefined],
])('an id is matched by %s', (_what, id, expected) => {
  expect(find(id)?.id).toBe(expected)
})

const table: PriceTable = JSON.parse(readFileSync(new URL('table.json', import.meta.url), 'utf8'))
const book = openBook(() => ({ version: 'table:test', table }))

test.each([
  ['openai', 'gpt-4o-2024-11-20', 2_500_000_000],
  ['openai', 'gpt-6-sol-2026-11-01', book.find('openai', 'gpt-6-sol')?.input],
  ['anthropic', 'claude-opus-4-5-20251101', 5_000_000_000],
  ['bedrock', 'eu.anthropic.claude-opus-4-5-20251101-v1:0', 5_500_000_000],
  ['vertex', 'gemini-2.5-pro', 1_250_000_000],
  ['vertex', 'claude-opus-4-5@20251101', 5_000_000_000],
  ['vertex-anthropic', 'claude-opus-4-5@20251101', 5_000_000_000],
  ['azure', 'gpt-4.1', 2_000_000_000],
  ['openrouter', 'deepseek/deepseek-r1:free', 0],
  ['openai', 'gpt-unheard-of', undefined],
  ['openai', 'x'.repeat(300), undefined],
  ['somebody', 'gpt-4o', undefined],
  ['constructor', 'gpt-4o', undefined],
])('the price of %s %s is found', (provider, id, input) => {
  expect(book.find(provider, id)?.input).toBe(input)
})
