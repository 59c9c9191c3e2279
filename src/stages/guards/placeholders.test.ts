import { describe, expect, test } from 'bun:test'
import { Placeholders, RestoringLane } from './placeholders.ts'

function hidden(): Placeholders {
  const placeholders = new Placeholders()
  placeholders.hide('EMAIL', 'ada@example.com', { isRestored: true })
  placeholders.hide('NATIONAL_ID', 'X1', { isRestored: true })
  return placeholders
}

/** As models write placeholders, and what becomes of them. */
const WRITTEN: readonly (readonly [string, string])[] = [
  ['[EMAIL_1]', 'ada@example.com'],
  ['[email_1]', 'ada@example.com'],
  ['[Email 1]', 'ada@example.com'],
  ['[EMAIL-1]', 'ada@example.com'],
  ['[ EMAIL_1 ]', 'ada@example.com'],
  ['[EMAIL\\_1]', 'ada@example.com'],
  ['\\[EMAIL\\_1\\]', '\\ada@example.com'],
  ['[NATIONAL\\_ID\\_1]', 'X1'],
  ['**[EMAIL_1]**, `[EMAIL_1]`', '**ada@example.com**, `ada@example.com`'],
  ['[EMAIL_1](mailto:[EMAIL_1])', 'ada@example.com(mailto:ada@example.com)'],
  ['[[EMAIL_1]]', '[ada@example.com]'],
  ['[EMAIL_2] [EMAIL] [EMAIL_1', '[EMAIL_2] [EMAIL] [EMAIL_1'],
  ['EMAIL_1', 'EMAIL_1'],
]

describe('placeholders', () => {
  test.each(WRITTEN)('%s', (text, expected) => {
    expect(hidden().restore(text)).toBe(expected)
  })

  test.each(WRITTEN)('%s, each character by itself', (text, expected) => {
    const lane = new RestoringLane(hidden(), (value) => value)
    expect([...text].map((character) => lane.push(character)).join('') + lane.end()).toBe(expected)
  })

  test.each(['[EMAIL_1]', '[email 1]', '[Email\\_1]'])('a %s in the caller’s own text stays theirs', (own) => {
    const placeholders = new Placeholders()
    placeholders.avoid(`Say ${own}.`)
    expect(placeholders.hide('EMAIL', 'ada@example.com', { isRestored: true })).toBe('[EMAIL_2]')
    expect(placeholders.restore(own)).toBe(own)
  })

  test('of what is not to come back stay what they are', () => {
    const placeholders = new Placeholders()
    placeholders.hide('EMAIL', 'ada@example.com', { isRestored: false })
    expect(placeholders.canRestore).toBe(false)
    expect(placeholders.restore('[EMAIL_1]')).toBe('[EMAIL_1]')
  })

  test('do not hold back more of a stream than one of them is long', () => {
    const lane = new RestoringLane(hidden(), (value) => value)
    const long = `[${'see the notes '.repeat(8)}`
    expect(lane.push(long)).toBe(long)
  })
})
