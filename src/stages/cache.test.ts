import { describe, expect, test } from 'bun:test'
import type { AnswerCache, CachedAnswer } from '../core/answer-cache.ts'
import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { Reply } from '../core/reply.ts'
import { collect, type Handler, replyOf } from '../core/stage.ts'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.ts'
import { openTestCall, type TestCall } from '../testing/open-test-call.ts'
import { type CacheDeps, type CachePlan, cache, replayTimed } from './cache.ts'

/** A cache that a test can look into. */
class ListCache implements AnswerCache {
  readonly answers: CachedAnswer[] = []
  readonly failures = 0

  find(keys: readonly string[], nowMs: number): CachedAnswer | undefined {
    return this.answers.find((answer) => answer.keys.some((key) => keys.includes(key)) && answer.expiresAtMs > nowMs)
  }

  findSimilar(likeness: { readonly context: string }) {
    const answer = this.answers.find((each) => each.likeness?.context === likeness.context)
    return answer === undefined ? undefined : { answer, similarity: 0.97 }
  }

  keep(answer: CachedAnswer): void {
    this.answers.push(answer)
  }

  drop(id: string): void {
    this.answers.splice(0, this.answers.length, ...this.answers.filter((answer) => answer.id !== id))
  }

  async purge(): Promise<number> {
    return this.answers.splice(0).length
  }

  async size() {
    return { entries: this.answers.length, bytes: 0 }
  }
}

const PLAN: CachePlan = {
  exactKey: 'exact',
  otherKeys: () => ['canonical'],
  scope: 'team:support',
  ttlMs: 60_000,
  isRefresh: false,
  maxBytes: 100,
}

const bytes = (text: string) => new TextEncoder().encode(text)

function lab(plan: Partial<CachePlan> = {}, changes: Partial<CacheDeps<string, string>> = {}) {
  const store = new ListCache()
  const world: FakeWorld = fakeWorld()
  const stage = cache<string, string>({
    cache: () => store,
    planOf: () => ({ ...PLAN, ...plan }),
    bytesOf: bytes,
    isWorthKeeping: () => true,
    describe: () => ({ model: 'mini', provider: 'openai', target: 'gpt', wire: 'openai-chat', isStream: false }),
    replay: (call, _input, { parts }) =>
      replyOf(
        parts.map((part) => new TextDecoder().decode(part.bytes)),
        call.signal,
      ),
    ...changes,
  })
  const ask = async (next: Handler<string, string>, call: TestCall = openTestCall({ world })) => {
    const { parts } = await collect(await stage(call, 'question', next))
    return { parts, fact: call.record.facts.cache, cost: call.record.facts.costNanoUsd }
  }
  return { store, stage, ask, world }
}

/** Work that counts how often it was done. */
function work(parts: readonly string[], costNanoUsd = 500) {
  const seen = { times: 0 }
  const next: Handler<string, string> = async (call) => {
    seen.times++
    await call.record.start()
    return replyOf(parts, call.signal, { outcome: 'ok', costNanoUsd })
  }
  return { next, seen }
}

/** Work whose parts a test gives out. */
function slowWork(world: FakeWorld) {
  const parts: string[] = []
  let wake = () => {}
  let isOver = false
  const cancelled: GatewayError[] = []
  const seen = { times: 0 }
  const next: Handler<string, string> = async (call) => {
    seen.times++
    const pull = async (): Promise<string | undefined> => {
      while (parts.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve))
      return parts.shift()
    }
    return new Reply<string>({ pull, cancel: (reason) => cancelled.push(reason) }, call.signal)
  }
  const give = async (part: string | undefined) => {
    if (part === undefined) isOver = true
    else parts.push(part)
    wake()
    await world.settle()
  }
  return { next, give, cancelled, seen }
}

describe('a question that was asked before', () => {
  test('is answered from the cache: nothing is sent, it costs nothing and says what was saved', async () => {
    const { ask, store } = lab()
    const { next, seen } = work(['a', 'b'])
    expect(await ask(next)).toEqual({ parts: ['a', 'b'], fact: { result: 'miss' }, cost: undefined })
    expect(await ask(next)).toEqual({
      parts: ['a', 'b'],
      fact: { result: 'hit', ageMs: 0, similarity: undefined, savedNanoUsd: 500 },
      cost: 0,
    })
    expect([seen.times, store.answers[0]?.keys]).toEqual([1, ['exact', 'canonical']])
  })

  test('is recorded before it is answered: without a log there is no answer', async () => {
    const { ask, stage } = lab()
    const { next } = work(['a'])
    await ask(next)
    const call = openTestCall()
    call.record.start = () => Promise.reject(new GatewayError('log_unavailable', 'The disk is full.'))
    expect(await stage(call, 'question', next).catch((error) => error.code)).toBe('log_unavailable')
  })

  test('is answered anew where the caller wants that, or wants no old answer; and the new one takes its place', async () => {
    const fresh = lab({ isRefresh: true })
    const { next, seen } = work(['a'])
    await fresh.ask(next)
    expect((await fresh.ask(next)).fact).toEqual({ result: 'refresh' })
    const young = lab({ maxAgeMs: 1000 })
    await young.ask(next)
    await young.world.advance(1000)
    expect((await young.ask(next)).fact).toMatchObject({ result: 'hit', ageMs: 1000 })
    await young.world.advance(1)
    expect((await young.ask(next)).fact).toEqual({ result: 'miss' })
    expect(seen.times).toBe(4)
  })

  test('is answered anew where the kept answer is unreadable, which is then removed', async () => {
    const { ask, store } = lab({}, { replay: () => undefined })
    const { next, seen } = work(['a'])
    await ask(next)
    expect((await ask(next)).fact).toEqual({ result: 'miss' })
    expect([seen.times, store.answers.length]).toEqual([2, 1])
  })

  test('never gets an answer of another scope, even where a store has it under the same key', async () => {
    const { ask, store } = lab()
    const { next, seen } = work(['a'])
    await ask(next)
    const [kept] = store.answers
    if (kept === undefined) throw new Error('nothing was kept')
    store.answers[0] = { ...kept, scope: 'team:search' }
    expect((await ask(next)).fact).toEqual({ result: 'miss' })
    expect(seen.times).toBe(2)
  })
})

describe('what is not kept', () => {
  const failing: Handler<string, string> = async (call) =>
    replyOf(['a'], call.signal, { outcome: 'broken', error: new GatewayError('provider_truncated', 'It was cut.') })

  test('an answer that did not end well, is too large, or is not worth it', async () => {
    const broken = lab()
    await broken.ask(failing).catch(() => undefined)
    const large = lab({ maxBytes: 3 })
    await large.ask(work(['aa', 'bb', 'c']).next)
    const filtered = lab({}, { isWorthKeeping: () => false })
    await filtered.ask(work(['a']).next)
    expect([broken, large, filtered].map(({ store }) => store.answers.length)).toEqual([0, 0, 0])
  })

  test('anything where there is no plan or no cache', async () => {
    const none = lab({}, { planOf: () => undefined })
    const off = lab({}, { cache: () => undefined })
    const { next, seen } = work(['a'])
    for (const { ask } of [none, off]) expect([(await ask(next)).fact, (await ask(next)).fact]).toEqual([undefined, undefined])
    expect(seen.times).toBe(4)
  })
})

describe('equal questions at one time', () => {
  test('are one question: each has its own answer, one pays', async () => {
    const { stage, world } = lab()
    const slow = slowWork(world)
    const calls = [openTestCall({ world }), openTestCall({ world }), openTestCall({ world })]
    const replies = calls.map((call) => stage(call, 'question', slow.next).then(collect))
    await world.settle()
    await slow.give('a')
    await slow.give('b')
    await slow.give(undefined)
    expect((await Promise.all(replies)).map(({ parts }) => parts.join(''))).toEqual(['ab', 'ab', 'ab'])
    expect(slow.seen.times).toBe(1)
    expect(calls.map(({ record }) => record.facts.cache?.result)).toEqual(['miss', 'shared', 'shared'])
    expect(calls.map(({ record }) => record.facts.costNanoUsd)).toEqual([undefined, 0, 0])
  })

  test('go on when the one who began it leaves, and end when nobody is left', async () => {
    const { stage, store, world } = lab()
    const slow = slowWork(world)
    const [leader, follower] = [openTestCall({ world }), openTestCall({ world })]
    const first = await stage(leader, 'question', slow.next)
    const second = await stage(follower, 'question', slow.next)
    await slow.give('a')
    first.leave()
    await world.settle()
    expect(slow.cancelled).toEqual([])
    expect(await second.next()).toBe('a')
    second.leave()
    await world.settle()
    expect([slow.cancelled.length, store.answers.length]).toEqual([1, 0])
  })

  test('that come when the last one has left are asked anew', async () => {
    const { stage, ask, world } = lab()
    const slow = slowWork(world)
    const leader = openTestCall({ world })
    const reply = await stage(leader, 'question', slow.next)
    leader.abort(new GatewayError('client_closed', 'The client left.'))
    await world.settle()
    expect(reply.ending?.outcome).toBe('cancelled')
    expect((await ask(work(['b']).next)).parts).toEqual(['b'])
  })

  test('all hear of it where nothing was accepted', async () => {
    const { stage, world } = lab()
    const refuse = Promise.withResolvers<Reply<string>>()
    const next: Handler<string, string> = () => refuse.promise
    const asked = [0, 1].map(() => stage(openTestCall({ world }), 'question', next).catch((error) => error.code))
    await world.settle()
    refuse.reject(new GatewayError('provider_unreachable', 'It is not there.'))
    expect(await Promise.all(asked)).toEqual(['provider_unreachable', 'provider_unreachable'])
  })
})

describe('like questions', () => {
  const similar = (context: string | undefined) => ({
    threshold: 0.9,
    likenessOf: async () => (context === undefined ? undefined : { context, vector: Float32Array.from([1]) }),
  })

  test('get the answer of the most alike, and are told how alike it is', async () => {
    const { store, ask } = lab({ similar: similar('c') })
    const { next } = work(['a'])
    await ask(next)
    const [kept] = store.answers
    if (kept === undefined) throw new Error('nothing was kept')
    store.answers[0] = { ...kept, keys: ['another question'] }
    expect((await ask(next)).fact).toMatchObject({ result: 'similar', similarity: 0.97, savedNanoUsd: 500 })
  })

  test('are only equal questions where their meaning cannot be found out', async () => {
    const broken = lab({ similar: { threshold: 0.9, likenessOf: () => Promise.reject(new Error('the embedder is down')) } })
    const unfit = lab({ similar: similar(undefined) })
    const { next } = work(['a'])
    for (const { ask, store } of [broken, unfit]) {
      expect([(await ask(next)).fact?.result, (await ask(next)).fact?.result]).toEqual(['miss', 'hit'])
      expect(store.answers[0]?.likeness).toBeUndefined()
    }
  })
})

test('an answer can be given out with the pauses that it first had', async () => {
  const world = fakeWorld()
  const call: Call = openTestCall({ world })
  const reply = replayTimed(call, [
    { part: 'a', afterMs: 0 },
    { part: 'b', afterMs: 300 },
  ])
  expect(await reply.next()).toBe('a')
  let isThere = false
  const second = reply.next().then((part) => {
    isThere = true
    return part
  })
  await world.advance(299)
  await world.settle()
  expect(isThere).toBe(false)
  await world.advance(1)
  expect(await second).toBe('b')
})
