import { expect, test } from 'bun:test'
import { readSet } from './read-set.ts'
import { formatScores, Scores } from './scores.ts'

test('what is found, missed and wrong is counted by type and language', () => {
  const [one, two] = readSet(
    '{"text":"a b c d","lang":"en","expects":[{"type":"X","from":0,"to":3},{"type":"Y","from":4,"to":5}]}\n{"text":"clean","lang":"de","expects":[]}',
  )
  const scores = new Scores()
  if (one === undefined || two === undefined) throw new Error('the set has two lines')
  const mistakes = [
    ...scores.take(one, [
      { type: 'X', from: 0, to: 2 },
      { type: 'X', from: 2, to: 3 },
    ]),
    ...scores.take(two, [{ type: 'X', from: 0, to: 5 }]),
  ]
  expect(mistakes.map(({ mistake, type, text }) => [mistake, type, text])).toEqual([
    ['missed', 'Y', 'c'],
    ['wrong', 'X', 'clean'],
  ])
  expect(formatScores(scores.all()).split('\n')[1]).toBe('X             *         0.500     1.000     0.000     1         0         1')
})

test('a place that is not in its text is refused', () => {
  expect(() => readSet('{"text":"a","lang":"en","expects":[{"type":"X","from":0,"to":2}]}')).toThrow('line 1')
})
