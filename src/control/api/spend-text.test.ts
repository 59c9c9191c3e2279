import { expect, test } from 'bun:test'
import { encodeSpendCsv, encodeSpendJson } from './spend-text.ts'

const ROW = { calls: 3, inputTokens: 10, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 5, unpricedCalls: 0 }

test.each([
  [123n, '0.000000123'],
  [1_000_000_000n, '1'],
  [300_000_000n, '0.3'],
  [9_007_199_254_740_993n, '9007199.254740993'],
  [0n, '0'],
])('%p nano-USD are written as %s, digit by digit', (costNanoUsd, written) => {
  const text = encodeSpendJson(['team'], [{ team: 'support', ...ROW, costNanoUsd }])
  expect(text).toContain(`"costUsd":${written},"costNanoUsd":"${costNanoUsd}"}`)
})

test('JSON has a row a line, and null where a dimension is not known', () => {
  const text = encodeSpendJson(['team', 'label:feature'], [{ team: undefined, 'label:feature': 'a"b', ...ROW, costNanoUsd: 5n }])
  expect(text.split('\n')).toHaveLength(4)
  expect(JSON.parse(text)).toEqual([{ team: null, 'label:feature': 'a"b', ...ROW, costUsd: 5e-9, costNanoUsd: '5' }])
  expect(encodeSpendJson(['team'], [])).toBe('[]\n')
})

test('what is unpriced is not shown as $0', () => {
  const unpriced = { team: 'support', ...ROW, unpricedCalls: 3, costNanoUsd: 0n }
  expect(encodeSpendJson(['team'], [unpriced])).toContain('"costUsd":null,')
  expect(encodeSpendCsv(['team'], [unpriced])).toEndWith('support,3,10,0,0,5,3,\r\n')
})

test('CSV quotes what needs it, and turns no name into a formula', () => {
  const rows = ['a,b', 'say "hi"', '=HYPERLINK("x")', '＝1+1', undefined].map((team) => ({ team, ...ROW, costNanoUsd: 1_500_000_000n }))
  expect(encodeSpendCsv(['team'], rows).split('\r\n')).toEqual([
    'team,calls,inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,unpricedCalls,costUsd',
    '"a,b",3,10,0,0,5,0,1.5',
    '"say ""hi""",3,10,0,0,5,0,1.5',
    `"'=HYPERLINK(""x"")",3,10,0,0,5,0,1.5`,
    "'＝1+1,3,10,0,0,5,0,1.5",
    ',3,10,0,0,5,0,1.5',
    '',
  ])
})
