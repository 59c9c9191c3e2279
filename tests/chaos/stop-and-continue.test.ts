import { expect, test } from 'bun:test'
import { chatAnswer, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { chanceFor } from './lab/chance.ts'
import { call, errorIn } from './lab/client.ts'
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

test('more calls at one moment than the queue of the log takes: the rest is refused, told why, and counted', async () => {
  await using upstream = await fakeUpstream(chatAnswer({ content: 'whole', usage: { inputTokens: 1, outputTokens: 1 } }))
  await using lab = await openLab({ baseUrl: upstream.baseUrl, config: { log: { queue: 100 } } })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  // While it stands still they gather at its door, and then they all come in at once.
  gateway.signal('SIGSTOP')
  const made = Array.from({ length: 600 }, () => call({ origin: gateway.origin, key, isStream: false }))
  await pause(500)
  gateway.signal('SIGCONT')
  const calls = await inTime('the calls', Promise.all(made.map(({ over }) => over)))

  const refused = calls.filter(({ isComplete }) => !isComplete)
  for (const { status, text, requestId = 'none' } of refused) {
    expect({ status, ...errorIn(text) }).toMatchObject({ status: 503, code: 'log_unavailable', request_id: requestId })
  }
  const books = await readSettledBooks(lab.dataFolder)
  expectWhole(books)
  expectComplete(books, calls)
  expectRecorded(books, upstream.requests)
  expect(upstream.requests.length).toBe(calls.length - refused.length)
  const gaps = books.events.filter((event) => event.type === 'log.gap')
  expect(refused.length).toBeGreaterThan(0)
  expect(gaps.reduce((sum, gap) => sum + gap.refusedCalls, 0)).toBe(refused.length)
  console.error(`full queue: ${refused.length} of ${calls.length} calls refused`)
}, 60_000)
