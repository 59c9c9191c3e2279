import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { encodeTime, timeOfId } from './world.ts'

const LAST_MS = 2 ** 48 - 1
const RANDOM = '0123456789ABCDEF'

test('times are ten characters that sort as the times do', () => {
  const times = fc.integer({ min: 0, max: LAST_MS })
  fc.assert(
    fc.property(times, times, (left, right) => {
      expect(encodeTime(left)).toHaveLength(10)
      expect(encodeTime(left) < encodeTime(right)).toBe(left < right)
    }),
  )
})

test('the time of an id reads back', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: LAST_MS }), (ms) => expect(timeOfId(`call_${encodeTime(ms)}${RANDOM}`)).toBe(ms)))
})

test.each([
  '',
  'call_',
  `${encodeTime(1)}${RANDOM}`,
  `call_${encodeTime(1)}${RANDOM}X`,
  `call_${encodeTime(1)}IIIIIIIIIIIIIIII`,
  `CALL_${encodeTime(1)}${RANDOM}`,
])('%p is no id of ours', (text) => {
  expect(timeOfId(text)).toBeUndefined()
})
