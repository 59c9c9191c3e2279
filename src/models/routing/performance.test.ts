import { expect, test } from 'bun:test'
import { expectedMs, isDegraded, observe, type Performance, slowMs, unmeasured } from './performance.ts'

const SECOND = 1000

/** Observations a second apart. */
function observed(firstTokens: readonly number[], from: Performance = unmeasured(), beganMs = 0): Performance {
  return firstTokens.reduce((all, firstTokenMs, index) => observe(all, { firstTokenMs }, beganMs + index * SECOND), from)
}

test('the 95th percentile is of the latest 64, and of none where fewer than ten are known', () => {
  const rising = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index)
  expect(slowMs(observed(rising(9)), 'stream')).toBeUndefined()
  expect(slowMs(observed(rising(10)), 'stream')).toBe(10)
  expect(slowMs(observed(rising(20)), 'stream')).toBe(19)
  expect(slowMs(observed(rising(64, 101), observed(rising(100))), 'stream')).toBe(161)
  expect(slowMs(observed(rising(64)), 'whole')).toBeUndefined()
  let wholes = unmeasured()
  for (const wholeMs of rising(20)) wholes = observe(wholes, { wholeMs }, wholeMs)
  expect(slowMs(wholes, 'whole')).toBe(19)
})

test('newer observations count more, and after a pause still more', () => {
  const steady = observed(Array.from({ length: 100 }, () => 100))
  const after = (pauseMs: number) => observe(steady, { firstTokenMs: 1100 }, 99 * SECOND + pauseMs).recent.firstTokenMs
  expect(after(SECOND)).toBeCloseTo(300, 5)
  expect(after(60 * SECOND)).toBeCloseTo(600, 5)
  expect(after(3600 * SECOND)).toBeCloseTo(1100, 5)
})

test('slower than usual by a factor, in the first token or in tokens a second, is degraded; what is seldom called is not', () => {
  const steady = observed(Array.from({ length: 100 }, () => 100))
  const slow = observed(
    Array.from({ length: 20 }, () => 1000),
    steady,
    100 * SECOND,
  )
  expect([isDegraded(steady, 3), isDegraded(slow, 3), isDegraded(slow, 20)]).toEqual([false, true, false])
  expect(isDegraded(observed([1, 1, 1, 5000]), 3)).toBe(false)
  const tokens = (tokensPerSecond: number) => ({ ...steady, usual: { tokensPerSecond: 90 }, recent: { tokensPerSecond } })
  expect([isDegraded(tokens(31), 3), isDegraded(tokens(29), 3)]).toEqual([false, true])
})

test('the expected time is that of the first token and of the others', () => {
  expect(expectedMs(unmeasured(), 100)).toBeUndefined()
  expect(expectedMs({ ...unmeasured(), recent: { firstTokenMs: 200, tokensPerSecond: 50 } }, 100)).toBe(2200)
  expect(expectedMs({ ...unmeasured(), recent: { tokensPerSecond: 50 } }, 100)).toBe(2000)
})
