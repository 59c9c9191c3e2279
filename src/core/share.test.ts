import { describe, expect, test } from 'bun:test'
import { fakeWorld } from '../testing/fake-world.ts'
import { GatewayError } from './errors.ts'
import { type PartSource, Reply } from './reply.ts'
import { type ShareBounds, type Shared, share } from './share.ts'
import { collect, replyOf } from './stage.ts'

const BOUNDS: ShareBounds<string> = { maxBytes: 4, sizeOf: (part) => part.length }
const CLOSED = new GatewayError('client_closed', 'The reader left.')
const never = () => new AbortController().signal
const { settle } = fakeWorld()

/** A source that a test feeds by hand. */
class HandSource implements PartSource<string> {
  readonly cancelled: GatewayError[] = []
  pulls = 0
  #waiting: PromiseWithResolvers<string | undefined> | undefined

  pull(): Promise<string | undefined> {
    this.pulls++
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  async give(part: string | undefined): Promise<void> {
    this.#waiting?.resolve(part)
    await settle()
  }

  async fail(error: Error): Promise<void> {
    this.#waiting?.reject(error)
    await settle()
  }

  cancel(reason: GatewayError): void {
    this.cancelled.push(reason)
  }
}

function sharedBy(source: PartSource<string>, bounds = BOUNDS) {
  const seen: { signal?: AbortSignal; reply?: Reply<string>; works: number } = { works: 0 }
  const shared = share(async (signal) => {
    seen.works++
    seen.signal = signal
    seen.reply = new Reply(source, signal)
    return seen.reply
  }, bounds)
  return { shared, seen }
}

function joined(shared: Shared<string>, signal = never()): Promise<Reply<string>> {
  const joining = shared.join(signal)
  if (joining === undefined) throw new Error('nobody may join')
  return joining
}

describe('reading', () => {
  test('all readers get all parts of work that is done once, also one that joins after its end', async () => {
    const { shared, seen } = sharedBy(replySource(['a', 'b', 'c']))
    const [first, second] = await Promise.all([joined(shared), joined(shared)])
    expect((await collect(first)).parts).toEqual(['a', 'b', 'c'])
    expect((await collect(second)).parts).toEqual(['a', 'b', 'c'])
    expect((await collect(await joined(shared))).parts).toEqual(['a', 'b', 'c'])
    expect(seen.works).toBe(1)
  })

  test('past the bound nobody may join, and the slowest reader sets the pace', async () => {
    const source = new HandSource()
    const { shared } = sharedBy(source)
    const [fast, slow] = await Promise.all([joined(shared), joined(shared)])
    for (const part of ['aaa', 'bbb', 'ccc']) {
      const next = fast.next()
      await source.give(part)
      if (part !== 'ccc') expect(await next).toBe(part)
    }
    expect(source.pulls).toBe(2)
    expect([await slow.next(), source.pulls]).toEqual(['aaa', 3])
    expect(shared.join(never())).toBeUndefined()
    await source.give('ccc')
    expect([await slow.next(), await slow.next()]).toEqual(['bbb', 'ccc'])
  })

  test('a part larger than the bound goes through', async () => {
    const { shared } = sharedBy(replySource(['larger than four', 'again larger']))
    const [first, second] = await Promise.all([joined(shared), joined(shared)])
    const [one, other] = await Promise.all([collect(first), collect(second)])
    expect(one.parts).toEqual(['larger than four', 'again larger'])
    expect(other.parts).toEqual(one.parts)
  })

  test('when the slowest reader leaves, those who waited for it go on', async () => {
    const source = new HandSource()
    const { shared } = sharedBy(source)
    const [fast, slow] = await Promise.all([joined(shared), joined(shared)])
    const first = fast.next()
    await source.give('aaaaa')
    await first
    const second = fast.next()
    await settle()
    expect(source.pulls).toBe(1)
    slow.leave()
    await source.give('b')
    expect([await second, source.pulls]).toEqual(['b', 2])
  })

  test('the cost stays with the work: the ending of a reader carries none', async () => {
    const works: Reply<string>[] = []
    const shared = share(async (signal) => {
      const reply = replyOf(['a'], signal, { outcome: 'paused', resume: { token: 't', waitsFor: 'input' }, costNanoUsd: 7 })
      works.push(reply)
      return reply
    }, BOUNDS)
    const { ending } = await collect(await joined(shared))
    expect(ending).toEqual({ outcome: 'paused', resume: { token: 't', waitsFor: 'input' } })
    expect(works[0]?.ending?.costNanoUsd).toBe(7)
  })
})

describe('leaving', () => {
  test('the work is aborted with the last reader, with its reason, and not before', async () => {
    const source = new HandSource()
    const { shared, seen } = sharedBy(source)
    const [leader, follower] = await Promise.all([joined(shared), joined(shared)])
    leader.leave()
    expect([seen.signal?.aborted, source.cancelled]).toEqual([false, []])
    const next = follower.next()
    await source.give('a')
    expect(await next).toBe('a')
    follower.leave(CLOSED)
    expect([seen.signal?.reason, source.cancelled]).toEqual([CLOSED, [CLOSED]])
    expect(shared.join(never())).toBeUndefined()
  })

  test('work that does not listen to its signal is left all the same', async () => {
    const source = new HandSource()
    const deaf = new Reply(source, never())
    const reader = await joined(share(async () => deaf, BOUNDS))
    reader.leave(CLOSED)
    expect([deaf.ending?.outcome, source.cancelled]).toEqual(['cancelled', [CLOSED]])
  })

  test('work that is accepted after all have left is left at once', async () => {
    const source = new HandSource()
    const deaf = new Reply(source, never())
    const accepting = Promise.withResolvers<Reply<string>>()
    const controller = new AbortController()
    const joining = joined(
      share(() => accepting.promise, BOUNDS),
      controller.signal,
    )
    controller.abort(CLOSED)
    expect(await joining.catch((thrown: unknown) => thrown)).toBe(CLOSED)
    accepting.resolve(deaf)
    await settle()
    expect([deaf.ending?.outcome, source.cancelled]).toEqual(['cancelled', [CLOSED]])
  })

  test('a reader that leaves before anything was accepted is told at once, and the others wait on', async () => {
    const accepting = Promise.withResolvers<Reply<string>>()
    const signals: AbortSignal[] = []
    const shared = share((signal) => {
      signals.push(signal)
      return accepting.promise
    }, BOUNDS)
    const controller = new AbortController()
    const [leaving, staying] = [joined(shared, controller.signal), joined(shared)]
    controller.abort(CLOSED)
    expect(await leaving.catch((thrown: unknown) => thrown)).toBe(CLOSED)
    expect(signals[0]?.aborted).toBe(false)
    accepting.resolve(replyOf(['a'], never()))
    expect((await collect(await staying)).parts).toEqual(['a'])
  })

  test('a caller that has left already begins no work, and spoils it for nobody', async () => {
    const { shared, seen } = sharedBy(replySource(['a']))
    const joining = joined(shared, AbortSignal.abort(CLOSED))
    expect(await joining.catch((thrown: unknown) => thrown)).toBe(CLOSED)
    expect(seen.works).toBe(0)
    expect((await collect(await joined(shared))).parts).toEqual(['a'])
  })
})

describe('failing', () => {
  test('work that nobody accepted rejects for all who wait, is not aborted besides, and is joined by nobody else', async () => {
    const error = new GatewayError('provider_error', 'No.')
    const signals: AbortSignal[] = []
    const shared = share<string>((signal) => {
      signals.push(signal)
      return Promise.reject(error)
    }, BOUNDS)
    const joins = [joined(shared), joined(shared)]
    expect(await Promise.all(joins.map((joining) => joining.catch((thrown: unknown) => thrown)))).toEqual([error, error])
    expect(signals.map((signal) => signal.aborted)).toEqual([false])
    expect(shared.join(never())).toBeUndefined()
  })

  test('work that breaks in the middle breaks for all, and is joined by nobody else', async () => {
    const source = new HandSource()
    const { shared } = sharedBy(source)
    const [one, other] = await Promise.all([joined(shared), joined(shared)])
    const pending = [one.next(), other.next()]
    const error = new GatewayError('provider_truncated', 'Cut.')
    await source.fail(error)
    expect(await Promise.all(pending)).toEqual([undefined, undefined])
    expect([one.ending, other.ending]).toEqual([
      { outcome: 'broken', error },
      { outcome: 'broken', error },
    ])
    expect(shared.join(never())).toBeUndefined()
    expect(source.cancelled).toEqual([])
  })

  test('work that is ended from outside wakes a reader that waits for a slower one', async () => {
    const source = new HandSource()
    const { shared, seen } = sharedBy(source)
    const [fast, slow] = await Promise.all([joined(shared), joined(shared)])
    const first = fast.next()
    await source.give('aaaaa')
    await first
    const waiting = fast.next()
    await settle()
    const idle = new GatewayError('provider_idle_timeout', 'Too slow.')
    seen.reply?.leave(idle)
    expect(await waiting).toBeUndefined()
    expect(fast.ending).toEqual({ outcome: 'cancelled', error: idle })
    expect([await slow.next(), await slow.next()]).toEqual(['aaaaa', undefined])
  })
})

function replySource(parts: readonly string[]): PartSource<string> {
  let position = 0
  return { pull: async () => parts[position++], cancel: () => {} }
}
