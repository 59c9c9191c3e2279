import { expect, test } from 'bun:test'
import { chatAnswer, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { chanceFor } from './lab/chance.ts'
import { Crowd } from './lab/crowd.ts'
import { expectComplete, expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause } from './lab/until.ts'

const PIECES = Array.from({ length: 20 }, (_, index) => `word${index} `)

test('a gateway that stood still for three seconds under load goes on: no call is lost, broken or made twice', async () => {
  const chance = chanceFor('SIGSTOP')
  await using upstream = await fakeUpstream(
    chatAnswer({ pieces: PIECES, content: 'whole', usage: { inputTokens: 7, outputTokens: 20 }, pauseMs: 20 }),
  )
  await using lab = await openLab({ baseUrl: upstream.baseUrl })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const crowd = new Crowd({ origin: gateway.origin, key, members: 100, chance, streams: 0.8 })
  await pause(700)
  gateway.signal('SIGSTOP')
  await pause(3000)
  gateway.signal('SIGCONT')
  await pause(700)
  const calls = await inTime('the calls of a gateway that goes on', crowd.leave())

  expect(calls.filter(({ isComplete }) => !isComplete).map(({ status, failure, text }) => ({ status, failure, text }))).toEqual([])
  expect(upstream.requests.length).toBe(calls.length)
  expect(await gateway.liveCalls()).toBe(0)
  const books = await readSettledBooks(lab.dataFolder)
  expectWhole(books)
  expectComplete(books, calls)
  expectRecorded(books, upstream.requests)
  expect(books.ended.length).toBe(calls.length)
  expect(new Set(books.ended.map(({ outcome }) => outcome))).toEqual(new Set(['ok']))
  await expectExactSpend(gateway, books)
}, 60_000)
