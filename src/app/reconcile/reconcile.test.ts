import { expect, test } from 'bun:test'
import { compare } from './drift.ts'
import { readExport } from './read-export.ts'

const NONE = { costNanoUsd: undefined, inputTokens: undefined, outputTokens: undefined }
const SECONDS = Date.UTC(2026, 10, 20) / 1000

test.each([
  [
    'costs of OpenAI, by line item',
    {
      data: [{ start_time: SECONDS, results: [{ amount: { value: 0.0612345, currency: 'usd' }, line_item: 'gpt-4o-2024-08-06, input' }] }],
    },
    { model: 'gpt-4o-2024-08-06', costNanoUsd: 61_234_500n },
  ],
  [
    'usage of OpenAI, by model',
    { data: [{ start_time: SECONDS, results: [{ model: 'gpt-4o', input_tokens: 1000, input_cached_tokens: 800, output_tokens: 500 }] }] },
    { model: 'gpt-4o', inputTokens: 1000, outputTokens: 500 },
  ],
  [
    'the cost report of Anthropic, in cents',
    { data: [{ starting_at: '2026-11-20T00:00:00Z', results: [{ currency: 'USD', amount: '123.78912', model: 'claude-opus-4-5' }] }] },
    { model: 'claude-opus-4-5', costNanoUsd: 1_237_891_200n },
  ],
  [
    'the usage report of Anthropic, whose input lies in parts',
    {
      data: [
        {
          starting_at: '2026-11-20T00:00:00Z',
          results: [
            {
              model: 'claude-opus-4-5',
              uncached_input_tokens: 100,
              cache_read_input_tokens: 20,
              cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
              output_tokens: 50,
            },
          ],
        },
      ],
    },
    { model: 'claude-opus-4-5', inputTokens: 127, outputTokens: 50 },
  ],
])('an export is read: %s', (_what, file, expected) => {
  expect(readExport(JSON.stringify(file), 'e.json')).toEqual([{ day: '2026-11-20', ...NONE, ...expected }])
})

test('CSV is read by the names of its columns', () => {
  const text = '\ufeffDate,Model,"Cost (USD)",Input Tokens\r\n2026-11-20,"a, b",1.5,10\r\n2026-11-20T01:00:00Z,c,0.000000001,0\r\n'
  expect(readExport(text, 'e.csv')).toEqual([
    { day: '2026-11-20', model: 'a, b', costNanoUsd: 1_500_000_000n, inputTokens: 10, outputTokens: undefined },
    { day: '2026-11-20', model: 'c', costNanoUsd: 1n, inputTokens: 0, outputTokens: undefined },
  ])
})

test.each([
  ['{', 'e: is no JSON'],
  ['{"a":1}', 'e: has no list "data"'],
  ['{"data":[{"results":[]}]}', 'e: data[0] says no day'],
  [`{"data":[{"start_time":${SECONDS},"results":[{"input_tokens":1}]}]}`, 'e: data[0].results[0] names no model'],
  [`{"data":[{"start_time":${SECONDS},"results":[{"model":"m","input_tokens":-1}]}]}`, 'e: data[0].results[0].input_tokens is -1'],
  [`{"data":[{"start_time":${SECONDS},"results":[{"model":"m","amount":{"value":1,"currency":"eur"}}]}]}`, 'is in eur, not in US dollars'],
  [`{"data":[{"start_time":${SECONDS},"results":[{"model":"m","amount":{"value":-1,"currency":"usd"}}]}]}`, 'has an amount that is none'],
  ['day,model\n', 'e:1: needs the columns day and model, and cost_usd'],
  ['day,model,cost\n2026-11-20,m,1\nsoon,m,1\n', 'e:3: "soon" is no day'],
  ['day,model,cost\n2026-11-20,m,-1\n', 'e:2: "-1" is no amount'],
  ['day,model,input_tokens\n2026-11-20,m,1.5\n', 'e:2: "1.5" is no number of tokens'],
])('an export that cannot be read is refused with its place: %j', (text, message) => {
  expect(() => readExport(text, 'e')).toThrow(message)
})

const counted = { day: '2026-11-20', model: 'gpt-4o', costNanoUsd: 1_000_000_000n, unpricedCalls: 0, inputTokens: 100, outputTokens: 10 }
const exported = {
  day: '2026-11-20',
  model: 'gpt-4o-2024-08-06',
  costNanoUsd: 800_000_000n,
  inputTokens: undefined,
  outputTokens: undefined,
}

test('snapshots and their model are one line, by cost where it is told', () => {
  expect(compare([counted], [exported, { ...exported, costNanoUsd: 200_000_000n }])).toEqual([
    {
      day: '2026-11-20',
      model: 'gpt-4o',
      unit: 'nanoUsd',
      counted: 1_000_000_000n,
      invoiced: 1_000_000_000n,
      percent: 0,
      unpricedCalls: 0,
    },
  ])
})

test('tokens are compared where no cost is told; the largest drift comes first; what one side has alone drifts wholly', () => {
  const usage = { ...exported, costNanoUsd: undefined, inputTokens: 90, outputTokens: 10 }
  const drifts = compare([counted, { ...counted, model: 'ours-only' }], [usage, { ...usage, model: 'theirs-only' }])
  expect(drifts.map(({ model, unit, percent }) => [model, unit, percent])).toEqual([
    ['ours-only', 'tokens', Infinity],
    ['theirs-only', 'tokens', -100],
    ['gpt-4o', 'tokens', 10],
  ])
})
