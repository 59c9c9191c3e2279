import { describe, expect, test } from 'bun:test'
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
  for (const mark of ['', '\ufeff']) {
    expect(readExport(mark + JSON.stringify(file), 'e.json')).toEqual([{ day: '2026-11-20', ...NONE, ...expected }])
  }
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
  ['day,model,cost,currency\n2026-11-20,m,1,eur\n', 'e:2: is in eur, not in US dollars'],
  ['start_time_iso,amount_value,line_item\n2026-11-20T00:00:00+00:00,1,\n', 'e:2: names no model; export it by model'],
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

describe('what dashboards export is read as it is', () => {
  const exportsOf: readonly (readonly [
    string,
    string,
    readonly (readonly [string, bigint | undefined, number | undefined, number | undefined])[],
  ])[] = [
    [
      'costs of OpenAI, by line item, with a day without any',
      `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id,organization_name
1795132800,1795219200,2026-11-20T00:00:00+00:00,2026-11-21T00:00:00+00:00,0.8958740000000000,usd,"gpt-5-mini-2025-08-07, input",,org-1,Acme
1795132800,1795219200,2026-11-20T00:00:00+00:00,2026-11-21T00:00:00+00:00,5.2e-07,usd,"gpt-5-mini-2025-08-07, cached input",,org-1,Acme
1795219200,1795305600,2026-11-21T00:00:00+00:00,2026-11-22T00:00:00+00:00,,,,,,
`,
      [
        ['gpt-5-mini-2025-08-07', 895_874_000n, undefined, undefined],
        ['gpt-5-mini-2025-08-07', 520n, undefined, undefined],
      ],
    ],
    [
      'usage of OpenAI, with numbers of several kinds',
      `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
1795132800,1795132860,2026-11-20T00:00:00+00:00,2026-11-20T00:01:00+00:00,proj_1,3.0,,key_1,gpt-5-mini-2025-08-07,,default,4212,1673.0,1024,3188
1795132860,1795132920,2026-11-20T00:01:00+00:00,2026-11-20T00:02:00+00:00,,,,,,,,,,,
`,
      [['gpt-5-mini-2025-08-07', undefined, 4212, 1673]],
    ],
    [
      'costs of Anthropic, by the names that people read, and a search',
      `usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2026-11-20,Claude Haiku 4.5,Default,key,message,≤ 200k,input_no_cache,0.05,0.05,token,not_available,,apikey_1,active
2026-11-20,,Default,key,message,,,0.02,0.02,web_search,,,apikey_1,active
`,
      [
        ['Claude Haiku 4.5', 50_000_000n, undefined, undefined],
        ['web_search', 20_000_000n, undefined, undefined],
      ],
    ],
    [
      'tokens of Anthropic, whose input lies in four columns',
      `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-11-20,claude-sonnet-4-20250514,key,Default,standard,≤ 200k,100000,10,20,3000,5000,10,not_available,
`,
      [['claude-sonnet-4-20250514', undefined, 103_030, 5000]],
    ],
  ]

  test.each(exportsOf)('%s', (_what, text, expected) => {
    const lines = readExport(text, 'e.csv').map(({ day, model, costNanoUsd, inputTokens, outputTokens }) => [
      ...[day, model, costNanoUsd, inputTokens, outputTokens],
    ])
    expect(lines).toEqual(expected.map((line) => ['2026-11-20', ...line]))
  })

  test('pages of their APIs, with what is no tokens of a model, and amounts that a program wrote', () => {
    const openai = {
      object: 'page',
      data: [
        {
          object: 'bucket',
          start_time: SECONDS,
          end_time: SECONDS + 86_400,
          results: [
            {
              object: 'organization.costs.result',
              amount: { value: 5.2e-7, currency: 'usd' },
              line_item: 'gpt-5-mini-2025-08-07, cached input',
              project_id: null,
            },
            {
              object: 'organization.costs.result',
              amount: { value: '0.0300000000000000001', currency: 'usd' },
              line_item: 'web search tool calls',
            },
          ],
        },
        { object: 'bucket', start_time: SECONDS + 86_400, end_time: SECONDS + 172_800, results: [] },
      ],
      has_more: false,
      next_page: null,
    }
    expect(readExport(JSON.stringify(openai), 'e').map(({ model, costNanoUsd }) => [model, costNanoUsd])).toEqual([
      ['gpt-5-mini-2025-08-07', 520n],
      ['web search tool calls', 30_000_000n],
    ])
    const anthropic = {
      data: [
        {
          starting_at: '2026-11-20T00:00:00Z',
          ending_at: '2026-11-21T00:00:00Z',
          results: [
            {
              currency: 'USD',
              amount: '123.45',
              cost_type: 'tokens',
              token_type: 'output_tokens',
              model: 'claude-opus-4-5',
              workspace_id: null,
            },
            { currency: 'USD', amount: '2', cost_type: 'web_search', token_type: null, model: null, description: 'Web Search Usage' },
          ],
        },
      ],
      has_more: false,
    }
    expect(readExport(JSON.stringify(anthropic), 'e').map(({ model, costNanoUsd }) => [model, costNanoUsd])).toEqual([
      ['claude-opus-4-5', 1_234_500_000n],
      ['web_search', 20_000_000n],
    ])
  })

  test('and the names that people read are those of the models', () => {
    const [line] = compare(
      [{ ...counted, model: 'claude-haiku-4-5-20251001', costNanoUsd: 50_000_000n }],
      [{ ...exported, model: 'Claude Haiku 4.5', costNanoUsd: 50_000_000n }],
    )
    expect(line).toMatchObject({ model: 'claude-haiku-4-5', counted: 50_000_000n, invoiced: 50_000_000n, percent: 0 })
  })
})
