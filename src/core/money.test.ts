import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { costOfItems, formatUsd, parseUsd } from './money.ts'

test.each([
  ['0', 0],
  ['5', 5_000_000_000],
  ['500.00', 500_000_000_000],
  ['0.25', 250_000_000],
  ['0.000000001', 1],
  ['1.5e-7', 150],
  ['1E-9', 1],
  ['25e-1', 2_500_000_000],
  ['2.5e3', 2_500_000_000_000],
  ['5e+3', 5_000_000_000_000],
  ['12.5e0', 12_500_000_000],
  ['0.1000000000000', 100_000_000],
  ['9007199.254740991', Number.MAX_SAFE_INTEGER],
])('%s dollars are %d nano-dollars', (text, nano) => {
  expect(parseUsd(text)).toBe(nano)
})

test.each(['', ' ', '.5', '5.', '-1', '+1', '1,000', '$5', '1.2.3', 'NaN', 'Infinity', '0x10', '5 ', '1e', 'e5', '1e999', '١'])(
  '%p is no amount',
  (text) => {
    expect(parseUsd(text)).toBeUndefined()
  },
)

test.each([
  ['finer than a nano-dollar', '0.0000000001'],
  ['finer than a nano-dollar, with an exponent', '1e-10'],
  ['above what a number holds exactly', '9007199.254740992'],
  ['far above it', '1e99'],
])('an amount that is %s is refused rather than rounded', (_what, text) => {
  expect(parseUsd(text)).toBeUndefined()
})

test.each([
  [0, '0'],
  [5_000_000_000, '5'],
  [12_000, '0.000012'],
  [1, '0.000000001'],
  [-1_500_000_000, '-1.5'],
  [-1, '-0.000000001'],
  [123_456_789_012_345_678_901n, '123456789012.345678901'],
])('%p nano-dollars print as %s', (nano, text) => {
  expect(formatUsd(nano)).toBe(text)
})

test('what is printed reads back as the same amount', () => {
  fc.assert(fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(2_000_000_000)), (nano) => expect(parseUsd(formatUsd(nano))).toBe(nano)))
})

test('a number of JavaScript reads as the decimal it prints, never as its binary fraction', () => {
  const decimals = fc.tuple(fc.nat(999_999), fc.nat(9))
  fc.assert(
    fc.property(decimals, ([digits, places]) => expect(parseUsd(String(Number(`${digits}e-${places}`)))).toBe(digits * 10 ** (9 - places))),
  )
})

test.each([
  [0, 0],
  [499_999, 0],
  [500_000, 1],
  [1_499_999, 1],
  [1_500_000, 2],
  [2_000_000, 2],
])('%p millionths of a nano-dollar round half up to %d', (millionths, nano) => {
  expect(costOfItems([{ tokens: millionths, nanoUsd: 1 }])).toBe(nano)
})

test('the cost of a call is the exact rational sum, rounded half up once, in numbers and past them', () => {
  const price = fc.oneof(fc.nat(1_000_000), fc.nat(1_000_000_000_000))
  const kinds = fc.array(fc.record({ tokens: fc.nat(10_000_000), nanoUsd: price }), { maxLength: 5 })
  fc.assert(
    fc.property(kinds, (used) => {
      // Half up of the rational n / 10^6 is floor((2n + 10^6) / (2 * 10^6)).
      const numerator = used.reduce((sum, { tokens, nanoUsd }) => sum + BigInt(tokens) * BigInt(nanoUsd), 0n)
      expect(BigInt(costOfItems(used))).toBe((2n * numerator + 1_000_000n) / 2_000_000n)
    }),
    { numRuns: 1000 },
  )
})

test('around the sums that a number still holds exactly, not one nano-dollar is lost', () => {
  const [tokens, price] = [2 ** 21, 2 ** 31 - 2]
  fc.assert(
    fc.property(fc.integer({ min: -3_000_000, max: 3_000_000 }), (offset) => {
      const millionths = 2 ** 52 + offset
      const rest = millionths - tokens * price
      const cost = costOfItems([
        { tokens, nanoUsd: price },
        { tokens: 1, nanoUsd: rest },
      ])
      expect(BigInt(cost)).toBe((BigInt(millionths) + 500_000n) / 1_000_000n)
    }),
  )
})

test('a million calls of a fraction of a nano-dollar each sum without drift', () => {
  // 3 tokens at $0.15 a million: 450 nano-dollars exactly; as floats the sum would drift.
  const cost = costOfItems([{ tokens: 3, nanoUsd: 150_000_000 }])
  let total = 0n
  for (let call = 0; call < 1_000_000; call++) total += BigInt(cost)
  expect(formatUsd(total)).toBe('0.45')
})
