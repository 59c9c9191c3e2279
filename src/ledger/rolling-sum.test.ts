import { expect, test } from 'bun:test'
import { fakeWorld } from '../testing/fake-world.ts'
import { RollingSum } from './rolling-sum.ts'

const MINUTE_MS = 60_000

test('what was added leaves after the length of the window, a sixtieth later at the latest', () => {
  const sum = new RollingSum(MINUTE_MS)
  sum.add(500, 7)
  expect(sum.total(500 + MINUTE_MS)).toBe(7)
  expect(sum.total(500 + MINUTE_MS + 1000)).toBe(0)
})

test('no window of its length ever holds more than was let in', () => {
  const world = fakeWorld({ seed: 3 })
  const limit = 50
  const sum = new RollingSum(MINUTE_MS)
  const let_in: number[] = []
  for (let nowMs = 0; nowMs < 20 * MINUTE_MS; nowMs += Math.floor(world.random() * 900)) {
    if (sum.total(nowMs) + 1 > limit) continue
    sum.add(nowMs, 1)
    let_in.push(nowMs)
  }
  for (const [index, startMs] of let_in.entries()) {
    const inWindow = let_in.slice(index).findIndex((atMs) => atMs > startMs + MINUTE_MS)
    expect(inWindow === -1 ? let_in.length - index : inWindow).toBeLessThanOrEqual(limit)
  }
  // And it is not shy: nearly all that could be let in was.
  expect(let_in.length).toBeGreaterThan(20 * limit * 0.95)
})

test('it says when there is room', () => {
  const sum = new RollingSum(MINUTE_MS)
  sum.add(1000, 3)
  sum.add(30_500, 4)
  expect(sum.atMost(31_000, 7)).toBe(31_000)
  expect(sum.atMost(31_000, 4)).toBe(62_000)
  expect(sum.atMost(31_000, 0)).toBe(91_000)
  expect(sum.total(61_999)).toBe(7)
  expect(sum.total(62_000)).toBe(4)
})

test('time that goes back stands still, and a leap forward empties it', () => {
  const sum = new RollingSum(MINUTE_MS)
  sum.add(100_000, 5)
  expect(sum.total(40_000)).toBe(5)
  sum.add(40_000, 1)
  expect(sum.total(100_000)).toBe(6)
  expect(sum.total(100_000_000)).toBe(0)
})

test('it is stored and taken back, and stays at the largest exact number', () => {
  const sum = new RollingSum(MINUTE_MS)
  expect(sum.entries()).toEqual([])
  sum.add(5000, 2)
  sum.add(9000, Number.MAX_SAFE_INTEGER)
  const again = new RollingSum(MINUTE_MS)
  again.restore(sum.entries())
  expect(again.total(9000)).toBe(Number.MAX_SAFE_INTEGER)
  expect(again.entries()).toEqual(sum.entries())
})

test('a correction counts in its own step as long as that counts, and in no other', () => {
  const sum = new RollingSum(MINUTE_MS)
  sum.add(61_000, 5)
  sum.correct(1000, 2)
  expect(sum.total(61_000)).toBe(7)
  sum.correct(0, 2)
  expect(sum.total(61_000)).toBe(7)
  sum.correct(62_000, 2)
  expect(sum.total(61_000)).toBe(7)
  expect(sum.total(62_000)).toBe(5)
})
