import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Usage } from '../../core/events.ts'
import { BUILT_IN_PROVIDERS, openBook } from './book.ts'
import { charge, chargeAtMost } from './charge.ts'
import { checkTable } from './check-table.ts'
import { isTierKnown } from './rates.ts'
import type { Price, PriceTable } from './types.ts'

const builtIn: PriceTable = JSON.parse(readFileSync(new URL('table.json', import.meta.url), 'utf8'))
const book = openBook(() => ({ version: 'table:test', table: builtIn }))
const NOON = Date.UTC(2026, 10, 21, 12)

/** Nano-USD a million tokens. */
const usd = (amount: number) => Math.round(amount * 1e9)
const price: Price = { input: usd(2), output: usd(8), version: 'test' }

function cost(of: Price | undefined, usage: Usage, atMs = NOON): number | 'unpriced' {
  const charged = charge(of, usage, atMs)
  return charged.type === 'priced' ? charged.costNanoUsd : 'unpriced'
}

test('the providers of the built-in table are known without reading it', () => {
  expect([...BUILT_IN_PROVIDERS].toSorted()).toEqual(Object.keys(builtIn.providers).toSorted())
  let reads = 0
  const lazy = openBook(() => ({ version: `read ${++reads}`, table: builtIn }), BUILT_IN_PROVIDERS)
  expect([lazy.find('sandbox', 'gpt-4o'), reads]).toEqual([undefined, 0])
  expect([lazy.find('openai', 'gpt-4o') === undefined, reads]).toEqual([false, 1])
})

test('the built-in table is in order', () => {
  expect(checkTable(builtIn, '-')).toMatchObject({ type: 'table', table: { version: builtIn.version } })
  expect(builtIn.version).toMatch(/^\d{4}-\d{2}-\d{2}$/)
})

test.each([
  ['a plain call', 'openai', 'gpt-4o', { inputTokens: 1000, outputTokens: 100 }, 3_500_000],
  ['what was read from the cache', 'openai', 'gpt-4o', { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 0 }, 2_000_000],
  [
    'writes to the cache for five minutes and for an hour',
    'anthropic',
    'claude-opus-4-5',
    { inputTokens: 1000, cacheWriteTokens: 600, cacheWrite1hTokens: 100, outputTokens: 0 },
    400 * 5_000 + 500 * 6_250 + 100 * 10_000,
  ],
  ['just below a longer context', 'openai', 'gpt-5.5', { inputTokens: 271_999, outputTokens: 1000 }, 271_999 * 5_000 + 1000 * 30_000],
  [
    'all of a request in a longer context',
    'openai',
    'gpt-5.5',
    { inputTokens: 272_000, outputTokens: 1000 },
    272_000 * 10_000 + 1000 * 45_000,
  ],
  ['at 200k of Gemini', 'gemini', 'gemini-2.5-pro', { inputTokens: 200_000, outputTokens: 0 }, 200_000 * 1_250],
  ['past 200k of Gemini', 'gemini', 'gemini-2.5-pro', { inputTokens: 200_001, outputTokens: 0 }, 200_001 * 2_500],
  [
    'sound in and out',
    'openai',
    'gpt-realtime',
    { inputTokens: 1000, audioInputTokens: 900, outputTokens: 500, audioOutputTokens: 400 },
    100 * 4_000 + 900 * 32_000 + 100 * 16_000 + 400 * 64_000,
  ],
  [
    'sound beyond what was fresh came from the cache',
    'gemini',
    'gemini-2.5-flash',
    { inputTokens: 1000, cachedInputTokens: 500, audioInputTokens: 700, outputTokens: 0 },
    500 * 1_000 + 200 * 100 + 300 * 30,
  ],
  [
    'images',
    'openai',
    'gpt-image-1',
    { inputTokens: 1000, imageInputTokens: 800, outputTokens: 10 },
    200 * 5_000 + 800 * 10_000 + 10 * 40_000,
  ],
  ['searches', 'anthropic', 'claude-opus-4-5', { inputTokens: 10, outputTokens: 1, toolCalls: 3 }, 10 * 5_000 + 25_000 + 30_000_000],
  ['a price for each request', 'perplexity', 'sonar', { inputTokens: 10, outputTokens: 10 }, 20_000 + 12_000_000],
  ['flex', 'openai', 'gpt-5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'flex' }, 1_125_000],
  ['priority', 'openai', 'gpt-5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'priority' }, 4_500_000],
  ['batch', 'anthropic', 'claude-opus-4-5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'batch' }, 3_750_000],
  ['flex of a newer model', 'openai', 'gpt-5.5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'flex' }, 4_000_000],
  ['priority of a newer model', 'openai', 'gpt-5.5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'priority' }, 20_000_000],
  ['flex of Gemini', 'gemini', 'gemini-2.5-pro', { inputTokens: 1000, outputTokens: 100, serviceTier: 'flex' }, 1_125_000],
  ['priority of Gemini', 'gemini', 'gemini-3.5-flash', { inputTokens: 1000, outputTokens: 100, serviceTier: 'priority' }, 4_320_000],
  [
    'priority of Gemini in a long context',
    'gemini',
    'gemini-3.1-pro-preview',
    { inputTokens: 300_000, outputTokens: 1000, serviceTier: 'priority' },
    300_000 * 7_200 + 1000 * 32_400,
  ],
  ['the fast speed of Anthropic', 'anthropic', 'claude-opus-5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'fast' }, 15_000_000],
  [
    'the fast speed before, in a long context',
    'anthropic',
    'claude-opus-4-6',
    { inputTokens: 300_000, outputTokens: 0, serviceTier: 'fast' },
    300_000 * 30_000,
  ],
  ['the usual tier by its name', 'openai', 'gpt-5', { inputTokens: 1000, outputTokens: 100, serviceTier: 'default' }, 2_250_000],
  ['vectors, which put nothing out', 'openai', 'text-embedding-3-small', { inputTokens: 1000 }, 20_000],
] satisfies readonly [string, string, string, Usage, number][])(
  'is priced to the nano-dollar: %s',
  (_what, provider, id, usage, expected) => {
    expect(cost(book.find(provider, id), usage)).toBe(expected)
  },
)

test('a price changes with the hour and with the day', () => {
  const flash = book.find('deepseek', 'deepseek-v4-flash')
  const usage = { inputTokens: 1_000_000, outputTokens: 0 }
  expect(cost(flash, usage, Date.UTC(2026, 7, 16, 12))).toBe(usd(0.14))
  expect(cost(flash, usage, Date.UTC(2026, 7, 17, 12))).toBe(usd(0.22))
  expect(cost(flash, usage, Date.UTC(2026, 7, 17, 1))).toBe(usd(0.44))
  expect(cost(flash, usage, Date.UTC(2026, 7, 17, 4))).toBe(usd(0.22))
  const overMidnight: Price = { ...price, periods: [{ ...price, input: usd(1), minutes: [22 * 60, 2 * 60] }] }
  expect([21, 22, 23, 0, 1, 2].map((hour) => cost(overMidnight, usage, Date.UTC(2026, 0, 2, hour)))).toEqual([
    ...[usd(2), usd(1), usd(1), usd(1), usd(1)],
    usd(2),
  ])
})

test.each([
  ['no price', undefined, { inputTokens: 1, outputTokens: 1 }],
  ['input that was not said', price, { outputTokens: 1 }],
  ['output that was not said', price, { inputTokens: 1 }],
  ['nothing that was said', price, {}],
  ['a negative count', price, { inputTokens: -1, outputTokens: 1 }],
  ['a negative part', price, { inputTokens: 10, cachedInputTokens: -5, outputTokens: 1 }],
  ['half a token', price, { inputTokens: 1.5, outputTokens: 1 }],
  ['no number', price, { inputTokens: Number.NaN, outputTokens: 1 }],
  ['endless output', price, { inputTokens: 1, outputTokens: Number.POSITIVE_INFINITY }],
  ['more than anybody can use', price, { inputTokens: 1, outputTokens: 1e12 }],
  ['a tool whose price is not known', price, { inputTokens: 1, outputTokens: 1, toolCalls: 1 }],
  [
    'a tier of service whose price is not known',
    { ...price, serviceTiers: { flex: 50 } },
    { inputTokens: 1, outputTokens: 1, serviceTier: 'scale' },
  ],
  [
    'a tier with the name of what every object has',
    { ...price, serviceTiers: {} },
    { inputTokens: 1, outputTokens: 1, serviceTier: 'constructor' },
  ],
] satisfies readonly [string, Price | undefined, Usage][])('is unpriced, never free: %s', (_what, of, usage) => {
  expect(cost(of, usage)).toBe('unpriced')
})

test('a price without tiers of service holds for each of them', () => {
  expect(cost(price, { inputTokens: 1000, outputTokens: 0, serviceTier: 'scale' })).toBe(2_000_000)
})

test('parts that are more than the whole are charged as the whole', () => {
  const cheap: Price = { ...price, cachedInput: usd(0.5), audioInput: usd(1) }
  expect(cost(cheap, { inputTokens: 100, cachedInputTokens: 1000, outputTokens: 0 })).toBe(100 * 500)
  expect(cost(cheap, { inputTokens: 100, audioInputTokens: 1000, outputTokens: 0 })).toBe(100 * 1000)
  expect(cost(price, { inputTokens: 0, outputTokens: 10, reasoningTokens: 99, audioOutputTokens: 99 })).toBe(10 * 8000)
})

test('sums are exact where floating point is not', () => {
  const fine: Price = { input: 1, output: 999_999_999_999, version: 'test' }
  expect(cost(fine, { inputTokens: 499_999, outputTokens: 0 })).toBe(0)
  expect(cost(fine, { inputTokens: 500_000, outputTokens: 0 })).toBe(1)
  expect(cost(fine, { inputTokens: 0, outputTokens: 1_000_000_000 })).toBe(999_999_999_999_000)
  // 10^9 tokens at more than nine dollars each: no number here holds it.
  expect(cost({ ...fine, output: 9_007_199_254_740_991 }, { inputTokens: 0, outputTokens: 1_000_000_000 })).toBe('unpriced')
})

test('what a call may cost is never less than what it costs, at any time and however its input is made up', () => {
  const prices = ['gpt-5.5', 'gpt-5', 'gpt-4o'].map((id) => book.find('openai', id))
  prices.push(
    book.find('anthropic', 'claude-sonnet-4-5'),
    book.find('anthropic', 'claude-opus-4-6'),
    book.find('deepseek', 'deepseek-v4-pro'),
    book.find('perplexity', 'sonar'),
  )
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.constantFrom(...prices.filter((each) => each !== undefined)),
      fc.nat(1_000_000),
      fc.nat(100_000),
      fc.tuple(share, share, share, share),
      fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2028, 0, 1) }),
      fc.constantFrom(undefined, 'priority', 'flex', 'fast', 'batch', 'default'),
      (of, most, mostOut, [used, cached, written, hour], atMs, named) => {
        const serviceTier = named === undefined || isTierKnown(of, named) ? named : undefined
        const inputTokens = Math.floor(most * used)
        const cacheWriteTokens = Math.floor(inputTokens * written)
        const usage = {
          inputTokens,
          outputTokens: Math.floor(mostOut * cached),
          cachedInputTokens: Math.floor((inputTokens - cacheWriteTokens) * cached),
          cacheWriteTokens,
          cacheWrite1hTokens: Math.floor(cacheWriteTokens * hour),
          ...(serviceTier === undefined ? {} : { serviceTier }),
        }
        const charged = cost(of, usage, atMs)
        const bound = chargeAtMost(of, {
          ...{ inputTokens: most, outputTokens: mostOut, mayKeepForAnHour: true },
          serviceTiers: serviceTier === undefined ? [] : [serviceTier],
        })
        return typeof charged === 'number' && bound !== undefined && charged <= bound
      },
    ),
    { numRuns: 2000 },
  )
})

test('units are charged each, and not at all where the price names none', () => {
  const pages: Price = { input: 0, output: 0, unit: 1_000_000, version: 'test' }
  const usage: Usage = { inputTokens: 0, outputTokens: 0, units: 3 }
  expect(charge(pages, usage, NOON)).toMatchObject({ costNanoUsd: 3_000_000, lines: [{ kind: 'unit', tokens: 3 }] })
  expect([cost(price, usage), cost(pages, { ...usage, units: 1.5 }), cost(pages, { ...usage, units: -1 })]).toEqual([
    'unpriced',
    'unpriced',
    'unpriced',
  ])
})

const FULL: Price = {
  ...{ input: usd(2), output: usd(8), cachedInput: usd(1), cacheWrite: usd(3), cacheWrite1h: usd(5), reasoning: usd(9), version: 'test' },
}

// A part that is larger than its whole is as large as that: never less is charged than the whole, and never more than it comes to.
test.each<[string, Usage, number]>([
  ['read from the cache', { inputTokens: 10, cachedInputTokens: 99, outputTokens: 0 }, 10 * 1_000],
  ['written for an hour', { inputTokens: 10, cacheWriteTokens: 4, cacheWrite1hTokens: 99, outputTokens: 0 }, 6 * 2_000 + 4 * 5_000],
  ['written', { inputTokens: 10, cachedInputTokens: 4, cacheWriteTokens: 99, outputTokens: 0 }, 4 * 1_000 + 6 * 3_000],
  ['thought', { inputTokens: 0, outputTokens: 10, reasoningTokens: 99 }, 10 * 9_000],
])('a provider that says more was %s than there was is charged for what there was', (_what, usage, expected) => {
  expect(cost(FULL, usage)).toBe(expected)
})

test.each([
  [false, 10 * 3_000 + 10 * 9_000],
  [true, 10 * 5_000 + 10 * 9_000],
])('the most that tokens can cost is that of their dearest kind; for an hour where that may be asked for: %p', (mayKeepForAnHour, most) => {
  expect(chargeAtMost(FULL, { inputTokens: 10, outputTokens: 10, mayKeepForAnHour, serviceTiers: [] })).toBe(most)
})
