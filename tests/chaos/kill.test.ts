import { expect, test } from 'bun:test'
import { type ChatStreamScript, chatAnswer, type FakeUpstream, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { type Books, countEndings, readBooks, readSettledBooks } from './lab/books.ts'
import { type Chance, chanceFor, ROUNDS } from './lab/chance.ts'
import { type ClientCall, call } from './lab/client.ts'
import { Crowd } from './lab/crowd.ts'
import { expectComplete, expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import { GatewayProcess } from './lab/gateway-process.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause } from './lab/until.ts'

const STREAMS = 200
/** A gateway that a crash left must be back before somebody calls. */
const RESTART_MS = 5000

test(
  'kill -9 during 200 streams: every started call has one ending, nothing was sent unrecorded, and the books balance',
  async () => {
    const chance = chanceFor('kill -9')
    await using upstream = await fakeUpstream((request) => answerOf(chance)(request))
    await using lab = await openLab({ baseUrl: upstream.baseUrl, config: { log: { segment: '1MB' }, bodies: { store: 'full' } } })
    const calls: ClientCall[] = []
    let gateway = await lab.gateway()
    const { key } = await gateway.createKey()
    for (let round = 1; round <= ROUNDS; round++) {
      const running = new Crowd({ origin: gateway.origin, key, members: STREAMS, chance, streams: 0.9 })
      // Long enough, now and then, for sums to be stored in the middle.
      await pause(chance.between(150, 2000))
      if (chance.next() < 0.5) {
        // A rebuild that is broken off goes on at the next start.
        gateway.control('POST', '/api/v1/spend/rebuild').catch(() => {})
        await pause(chance.between(0, 20))
      }
      const exit = await gateway.kill()
      expect(exit.signal).toBe('SIGKILL')
      calls.push(...(await inTime('the clients of a killed gateway', running.leave())))

      const restartedAtMs = performance.now()
      gateway = await lab.gateway()
      const restartMs = performance.now() - restartedAtMs
      expect(restartMs).toBeLessThan(RESTART_MS)

      const books = await readBooks(lab.dataFolder)
      expectWhole(books)
      expectComplete(books, calls)
      expectRecorded(books, upstream.requests)
      await expectExactSpend(gateway, books)
      report(round, { books, calls, restartMs, upstream })
    }
    expect((await gateway.stop()).code).toBe(0)
    expectWhole(await readBooks(lab.dataFolder))
  },
  60_000 + ROUNDS * 10_000,
)

test(
  'kill -9 at any moment of a start, the very first one too: the next start comes up, and keys and books are as they were',
  async () => {
    const chance = chanceFor('kill -9 of a start')
    await using upstream = await fakeUpstream()
    for (let round = 1; round <= ROUNDS; round++) {
      await using lab = await openLab({ baseUrl: upstream.baseUrl })
      const breakOff = async () => {
        const broken = new GatewayProcess(lab.start)
        await pause(chance.between(40, 250))
        await broken.killAtOnce()
      }
      await breakOff()
      await breakOff()
      const first = await lab.gateway()
      const { key } = await first.createKey()
      await first.kill()
      await breakOff()
      const second = await lab.gateway()
      expect((await call({ origin: second.origin, key, isStream: true }).over).isComplete).toBe(true)
      expectWhole(await readSettledBooks(lab.dataFolder))
    }
  },
  60_000 + ROUNDS * 10_000,
)

/** Streams of all lengths: from a few milliseconds to a second. */
function answerOf(chance: Chance) {
  const pieces = Array.from({ length: chance.between(1, 20) }, (_, index) => `word${index} `)
  const usage = { inputTokens: chance.between(1, 5000), outputTokens: chance.between(1, 5000) }
  return chatAnswer({ pieces, usage, content: 'whole', pauseMs: chance.between(0, 50) } satisfies ChatStreamScript)
}

interface Figures {
  readonly books: Books
  readonly calls: readonly ClientCall[]
  readonly restartMs: number
  readonly upstream: FakeUpstream
}

function report(round: number, { books, calls, restartMs, upstream }: Figures): void {
  const complete = calls.filter(({ isComplete }) => isComplete)
  const late = complete.filter(({ traceId }) => books.endedOf(traceId)?.errorCode === 'crashed').length
  const endings = JSON.stringify(countEndings(books))
  console.error(
    `round ${round}: ${calls.length} calls, ${complete.length} seen whole (${late} of them crashed before their ending was written), ` +
      `${upstream.requests.length} reached the provider, endings ${endings}, restart ${Math.round(restartMs)} ms`,
  )
}
