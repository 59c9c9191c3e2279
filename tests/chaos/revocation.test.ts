import { expect, test } from 'bun:test'
import { chatAnswer, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { type ClientCall, call, errorIn } from './lab/client.ts'
import { expectComplete, expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import { runCli } from './lab/gateway-process.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'

const STREAMS = 50
/** What the promise says, from the moment at which the command is done. */
const WITHIN_MS = 1000
/** Four seconds: far more than the promise leaves. */
const SCRIPT = {
  pieces: Array.from({ length: 200 }, (_, index) => `word${index} `),
  usage: { inputTokens: 5, outputTokens: 200 },
  pauseMs: 20,
}

test('50 streams of a key end within a second of its revocation and say why, and those of another key go on', async () => {
  await using upstream = await fakeUpstream(chatAnswer(SCRIPT))
  await using lab = await openLab({ baseUrl: upstream.baseUrl })
  const gateway = await lab.gateway()
  const [revoked, kept] = [await gateway.createKey(), await gateway.createKey('search')]
  const open = (key: string) => Array.from({ length: STREAMS }, () => call({ origin: gateway.origin, key, isStream: true }))
  const [cut, others] = [open(revoked.key), open(kept.key)]
  const load = new Load(() => call({ origin: gateway.origin, key: revoked.key, isStream: false }))
  await until('all streams are in the middle', () => [...cut, ...others].every(({ text }) => text.includes('"word2 "')))

  const done = await runCli(['keys', 'revoke', revoked.id, '--json', '--config', lab.start.configFile])
  const doneMs = performance.now()
  expect(done.code).toBe(0)
  // The 50 streams, and the one whole call that may run at that moment.
  expect(JSON.parse(done.out).endedCalls).toBeOneOf([STREAMS, STREAMS + 1])
  await inTime('the streams of the revoked key', Promise.all(cut.map(({ over }) => over)), WITHIN_MS)
  console.error(`revocation: the last of ${STREAMS} streams ended ${Math.round(performance.now() - doneMs)} ms after the command was done`)
  for (const one of cut) expect(errorIn(one.text)).toMatchObject({ code: 'key_revoked', request_id: one.requestId ?? 'none' })
  expect(others.every(({ failure }) => failure === undefined)).toBe(true)
  const late = await call({ origin: gateway.origin, key: revoked.key, isStream: true }).over
  expect({ status: late.status, code: errorIn(late.text)?.code }).toEqual({ status: 401, code: 'key_revoked' })

  await inTime('the streams of the other key', Promise.all(others.map(({ over }) => over)))
  const loaded = await load.stop()
  expect(others.filter(({ isComplete }) => !isComplete)).toEqual([])
  const books = await readSettledBooks(lab.dataFolder)
  expectWhole(books)
  expectComplete(books, [...others, ...loaded])
  expectRecorded(books, upstream.requests)
  await expectExactSpend(gateway, books)
  for (const { traceId } of cut)
    expect(books.endedOf(traceId)).toMatchObject({ outcome: 'cancelled', errorCode: 'key_revoked', attempts: 1 })
  for (const { traceId, isComplete } of loaded) {
    if (!isComplete) expect(books.endedOf(traceId)).toMatchObject({ errorCode: 'key_revoked' })
  }
  expect(books.events.find((event) => event.type === 'key.revoked')).toMatchObject({ keyId: revoked.id })
}, 60_000)

/** One client that calls again and again, also while its key is revoked. */
class Load {
  readonly #calls: ClientCall[] = []
  readonly #running: Promise<void>
  #isOver = false

  constructor(make: () => ClientCall) {
    this.#running = this.#run(make)
  }

  async stop(): Promise<readonly ClientCall[]> {
    this.#isOver = true
    await this.#running
    return this.#calls
  }

  async #run(make: () => ClientCall): Promise<void> {
    while (!this.#isOver) {
      const made = make()
      this.#calls.push(made)
      await made.over
      await pause(5)
    }
  }
}
