import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import type { BatchSource } from '../batch.ts'
import { migrate } from '../sqlite/migrate.ts'
import type { KeptState } from '../store.ts'
import { JournalIndex } from './journal-index.ts'
import { StateKeeper } from './state-keeper.ts'

/** A log of 7 batches, of which nothing but the end is known. */
const SOURCE: BatchSource = { firstSeq: 1, lastSeq: 7, batchesAfter: () => [], hashAt: (seq) => `hash-${seq}` }

function openIndex() {
  const database = new Database(':memory:')
  migrate(database, 'journal')
  return { database, index: new JournalIndex(database) }
}

/** A keeper of a state that remembers what it was restored from. */
function openKeeper(index: JournalIndex, text: string, source = SOURCE) {
  const restored: string[] = []
  const problems: string[] = []
  const state: KeptState = {
    ...{ name: 'ledger', version: 1, text: () => text, fold: () => {}, written: () => {}, resolveCrashed: () => [] },
    restore: (kept) => void restored.push(kept),
  }
  const keeper = new StateKeeper({ state, index, source, onSaved: () => {}, report: ({ message }) => void problems.push(message) })
  return { keeper, restored, problems }
}

test('what was kept is what the next start restores', () => {
  const { index } = openIndex()
  const first = openKeeper(index, '{"balances":["a \\"quoted\\" one"]}')
  expect(first.restored).toEqual([])
  first.keeper.save()
  expect(openKeeper(index, '').restored).toEqual(['{"balances":["a \\"quoted\\" one"]}'])
})

test('what an earlier version kept, in one text with what it said about it, is restored too', () => {
  const { database, index } = openIndex()
  const whole = JSON.stringify({ version: 1, seq: 7, hash: 'hash-7', text: '{"balances":[]}' })
  database.run('INSERT INTO meta (key, value) VALUES (?, ?)', ['kept:ledger', whole])
  expect(openKeeper(index, '').restored).toEqual(['{"balances":[]}'])
})

test('what belongs to another log is not', () => {
  const { index } = openIndex()
  openKeeper(index, '{}').keeper.save()
  const { restored, problems } = openKeeper(index, '', { ...SOURCE, hashAt: () => 'another' })
  expect(restored).toEqual([])
  expect(problems[0]).toContain('belong to another log')
})
