import { expect, test } from 'bun:test'
import { exposedName } from './tool-names.ts'

test('a name that fits stays whole, and one that does not is cut and told apart by its hash', () => {
  expect(exposedName('files', 'read')).toBe('files__read')
  expect(exposedName('s', 'x'.repeat(61))).toHaveLength(64)
  const [left, right] = [exposedName('files', `${'x'.repeat(80)}a`), exposedName('files', `${'x'.repeat(80)}b`)]
  expect([left.length, right.length]).toEqual([64, 64])
  expect(left).not.toBe(right)
  expect(left).toMatch(/^files__x+_[0-9a-f]{6}$/)
})
