import { expect, test } from 'bun:test'
import { openBook } from './book.ts'
import { charge } from './charge.ts'
import { readTable } from './read-table.ts'
import { TABLE_FORMAT, TABLE_UNIT } from './types.ts'

const good = (models: string) =>
  `{\n "format": "${TABLE_FORMAT}",\n "unit": "${TABLE_UNIT}",\n "version": "v1",\n "source": "us",\n "providers": {\n  "zoo": { "models": [\n   ${models}\n  ] }\n }\n}`

test.each([
  ['no JSON', 'prices', 'p.json: is no JSON: '],
  ['a list', '[]', 'p.json:1:1: is no table of prices'],
  ['another object', '{"a": 1}', 'p.json:1:1: is no table of prices'],
  ['a later format', '{"format": "signalbox-prices/9"}', 'p.json:1:12 format: is "signalbox-prices/9", which this version'],
  [
    'another unit',
    good('{ "id": "fox", "input": 1, "output": 2 }').replace(TABLE_UNIT, 'EUR per token'),
    'p.json:3:10 unit: is not the unit in which prices are read',
  ],
  [
    'a negative price',
    good('{ "id": "fox", "input": -1, "output": 2 }'),
    'p.json:8:28 providers.zoo.models[0].input: is no amount of US dollars',
  ],
  [
    'a price beyond a nano-dollar',
    good('{ "id": "fox", "input": 0.12345678901, "output": 2 }'),
    'p.json:8:28 providers.zoo.models[0].input: is no',
  ],
  [
    'a price of another unit',
    good('{ "id": "fox", "input": 250000, "output": 2 }'),
    'p.json:8:28 providers.zoo.models[0].input: is more than 1000',
  ],
  ['a price of words', good('{ "id": "fox", "input": "free", "output": 2 }'), 'p.json:8:28 providers.zoo.models[0].input: is no amount'],
  ['a price left out', good('{ "id": "fox", "input": 1 }'), 'p.json:8:4 providers.zoo.models[0].output: is missing'],
  [
    'a kind that is not known',
    good('{ "id": "fox", "input": 1, "output": 1,\n "cachedinput": 1 }'),
    'p.json:9:17 providers.zoo.models[0].cachedinput: is not known; did you mean "cachedInput"?',
  ],
  [
    'tiers out of order',
    good('{ "id": "fox", "input": 1, "output": 1, "tiers": [{ "aboveInputTokens": 9, "input": 1 }, { "aboveInputTokens": 8 }] }'),
    'p.json:8:53 providers.zoo.models[0].tiers: are not in the order of their length',
  ],
  [
    'a day that is none',
    good('{ "id": "fox", "input": 1, "output": 1, "periods": [{ "from": "soon", "input": 1, "output": 1 }] }'),
    'p.json:8:66 providers.zoo.models[0].periods[0].from: is no day such as 2027-01-31',
  ],
])('a table is refused with its place: %s', (_what, text, line) => {
  const read = readTable(text, 'p.json', '-')
  expect(read.type).toBe('rejected')
  if (read.type === 'rejected') expect(read.lines[0]).toStartWith(line)
})

test('a table in the format of LiteLLM is read with its tiers of length and of service', () => {
  const text = JSON.stringify({
    sample_spec: { input_cost_per_token: 0, litellm_provider: 'one of …' },
    'gpt-9': {
      litellm_provider: 'openai',
      mode: 'chat',
      input_cost_per_token: 2.5e-6,
      output_cost_per_token: 1e-5,
      cache_read_input_token_cost: 2.5e-7,
      cache_creation_input_token_cost_above_1hr: 5e-6,
      input_cost_per_token_above_200k_tokens: 5e-6,
      input_cost_per_token_flex: 1.25e-6,
      output_cost_per_token_flex: 5e-6,
      output_cost_per_token_batches: 5e-6,
      search_context_cost_per_query: { search_context_size_medium: 0.01 },
    },
    'xai/grok-9': { litellm_provider: 'xai', mode: 'chat', input_cost_per_token: 1e-7, output_cost_per_token: 1e-7 },
    'gpt-image-9': { litellm_provider: 'openai', mode: 'image_generation', input_cost_per_pixel: 1e-7 },
    'gpt-odd': { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: '1e-7', output_cost_per_token: 1e-7 },
  })
  const read = readTable(text, 'litellm.json', '2026-11-21')
  if (read.type !== 'table') throw new Error(read.lines.join('\n'))
  expect(read.leftOut.map(({ model }) => model)).toEqual(['gpt-image-9', 'gpt-odd'])
  const book = openBook(() => ({ version: 'table:test', table: read.table }))
  const cost = (usage: Parameters<typeof charge>[1]) => {
    const charged = charge(book.find('openai', 'gpt-9'), usage, 0)
    return charged.type === 'priced' ? charged.costNanoUsd : undefined
  }
  expect(cost({ inputTokens: 1000, outputTokens: 100 })).toBe(3_500_000)
  expect(cost({ inputTokens: 300_000, outputTokens: 0 })).toBe(1_500_000_000)
  expect(cost({ inputTokens: 1000, outputTokens: 100, serviceTier: 'flex' })).toBe(1_750_000)
  expect(cost({ inputTokens: 1000, outputTokens: 100, serviceTier: 'batch' })).toBe(3_000_000)
  expect(cost({ inputTokens: 1000, outputTokens: 100, serviceTier: 'priority' })).toBeUndefined()
  expect(cost({ inputTokens: 0, outputTokens: 0, toolCalls: 2 })).toBe(20_000_000)
  expect(book.find('xai', 'grok-9')?.input).toBe(100_000_000)
})
