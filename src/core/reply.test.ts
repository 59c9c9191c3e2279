import { expect, test } from 'bun:test'
import { fakeWorld } from '../testing/fake-world.ts'
import { GatewayError } from './errors.ts'
import { applyOnEnd, type Ending, type PartSource, Reply } from './reply.ts'

const CLOSED = new GatewayError('client_closed', 'The client left.')
const BROKEN = new GatewayError('provider_truncated', 'Cut.')
const never = () => new AbortController().signal
const { settle } = fakeWorld()

function sourceOf(parts: readonly string[], more: Partial<PartSource<string>> = {}): PartSource<string> {
  let position = 0
  return { pull: async () => parts[position++], cancel: () => {}, ...more }
}

const hanging = (more: Partial<PartSource<string>> = {}): PartSource<string> => sourceOf([], { pull: () => new Promise(() => {}), ...more })

test('parts come in order, then the end, for ever', async () => {
  const reply = new Reply(sourceOf(['a', 'b']), never())
  expect([await reply.next(), await reply.next(), reply.ending]).toEqual(['a', 'b', undefined])
  expect([await reply.next(), await reply.next(), reply.ending]).toEqual([undefined, undefined, { outcome: 'ok' }])
  expect(await reply.ended).toEqual({ outcome: 'ok' })
})

test('nothing is pulled before somebody reads', async () => {
  let pulls = 0
  const source = sourceOf(['a'], {
    pull: async () => {
      pulls++
      return 'a'
    },
  })
  const reply = new Reply(source, never())
  await settle()
  expect(pulls).toBe(0)
  await reply.next()
  await settle()
  expect(pulls).toBe(1)
})

test('a pull that rejects, or throws, ends the reply with its error', async () => {
  for (const pull of [() => Promise.reject(BROKEN), () => fail(BROKEN)]) {
    const reply = new Reply(sourceOf([], { pull }), never())
    expect(await reply.next()).toBeUndefined()
    expect(await reply.ended).toEqual({ outcome: 'broken', error: BROKEN })
  }
})

test('what is thrown and not ours ends the reply as a fault of the gateway', async () => {
  const cause = new TypeError('x is undefined')
  const reply = new Reply(sourceOf([], { pull: () => Promise.reject(cause) }), never())
  await reply.next()
  expect(reply.ending).toMatchObject({ outcome: 'broken', error: { code: 'internal', cause } })
})

test('a source that cannot say how it ended ends the reply broken', async () => {
  const reply = new Reply(sourceOf([], { ending: () => fail(BROKEN) }), never())
  const ran: Ending[] = []
  reply.addOnEnd((ending) => void ran.push(ending))
  expect(await reply.next()).toBeUndefined()
  expect(ran).toEqual([{ outcome: 'broken', error: BROKEN }])
})

test('asking for a part while another is awaited is a fault of the reader, and harms nothing', async () => {
  const reply = new Reply(sourceOf(['a', 'b']), never())
  const first = reply.next()
  expect(String(await reply.next().catch((thrown: unknown) => thrown))).toContain('while another call of it waits')
  expect([await first, await reply.next()]).toEqual(['a', 'b'])
})

test('parts that are there at once come as those that are waited for, and are tapped as those', async () => {
  const parts = ['a', 'b']
  const seen: string[] = []
  const reply = new Reply(sourceOf([], { pull: () => parts.shift() }), never())
  reply.addTap((part) => void seen.push(part))
  expect([await reply.next(), await reply.next(), await reply.next()]).toEqual(['a', 'b', undefined])
  expect([reply.ending, seen]).toEqual([{ outcome: 'ok' }, ['a', 'b']])
})

test('parts that are there can be taken without waiting, and are tapped as all are', async () => {
  const parts = ['a', 'b', 'c']
  const seen: string[] = []
  const reply = new Reply<string>({ pull: () => parts.shift(), isReady: () => parts.length > 0, cancel: () => {} }, never())
  reply.addTap((part) => void seen.push(part))
  expect([reply.takeReady(), await reply.next(), reply.takeReady()]).toEqual(['a', 'b', 'c'])
  expect([reply.takeReady(), reply.ending, seen]).toEqual([undefined, undefined, ['a', 'b', 'c']])
  expect([await reply.next(), reply.ending, reply.takeReady()]).toEqual([undefined, { outcome: 'ok' }, undefined])
})

test('nothing is taken of a source that does not say that it is ready, nor while a part is awaited', async () => {
  expect(new Reply(sourceOf(['a']), never()).takeReady()).toBeUndefined()
  const reply = new Reply(hanging({ isReady: () => true }), never())
  void reply.next()
  expect([reply.takeReady(), reply.ending]).toEqual([undefined, undefined])
})

test('a part that is taken and fails ends the reply, as does a source that was not ready after all', () => {
  const failing = new Reply(sourceOf([], { pull: () => fail(BROKEN), isReady: () => true }), never())
  expect([failing.takeReady(), failing.ending]).toEqual([undefined, { outcome: 'broken', error: BROKEN }])
  const lying = new Reply(hanging({ isReady: () => true }), never())
  expect([lying.takeReady(), lying.ending]).toMatchObject([undefined, { outcome: 'broken', error: { code: 'internal' } }])
})

test('a pull that aborts its own call leaves no reader waiting', async () => {
  for (const pulled of [new Promise<string>(() => {}), Promise.resolve('late'), Promise.reject(BROKEN), 'at once']) {
    const controller = new AbortController()
    const pull = () => {
      controller.abort(CLOSED)
      return pulled
    }
    const reply = new Reply(sourceOf([], { pull }), controller.signal)
    expect([await reply.next(), reply.ending]).toEqual([undefined, { outcome: 'cancelled', error: CLOSED }])
  }
})

test('a reader that leaves while it waits is let go at once, and the source is told once', async () => {
  const reasons: GatewayError[] = []
  const reply = new Reply(hanging({ cancel: (reason) => void reasons.push(reason) }), never())
  const waiting = reply.next()
  reply.leave(CLOSED)
  reply.leave(BROKEN)
  expect(await waiting).toBeUndefined()
  expect([reply.ending, reasons]).toEqual([{ outcome: 'cancelled', error: CLOSED }, [CLOSED]])
})

test('leaving after the end changes nothing and cancels nothing', async () => {
  const reply = new Reply(sourceOf([], { cancel: () => fail(BROKEN) }), never())
  await reply.next()
  reply.leave()
  expect(reply.ending).toEqual({ outcome: 'ok' })
})

test('an abort ends a reply that nobody reads, and one that was aborted before it began', async () => {
  const controller = new AbortController()
  const early = new Reply(hanging(), controller.signal)
  const waiting = early.next()
  controller.abort(CLOSED)
  const late = new Reply(hanging(), controller.signal)
  expect(await waiting).toBeUndefined()
  expect([early.ending, late.ending]).toEqual([
    { outcome: 'cancelled', error: CLOSED },
    { outcome: 'cancelled', error: CLOSED },
  ])
})

test('a reply that is over listens to its signal no more', async () => {
  const { signal } = new AbortController()
  let listeners = 0
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }
  const [read, left] = [new Reply(sourceOf([]), signal), new Reply(hanging(), signal)]
  expect(listeners).toBe(2)
  await read.next()
  left.leave()
  expect(listeners).toBe(0)
})

test('a part that comes after the reader left is dropped', async () => {
  const late = Promise.withResolvers<string>()
  const seen: string[] = []
  const reply = new Reply(sourceOf([], { pull: () => late.promise }), never())
  reply.addTap((part) => void seen.push(part))
  const waiting = reply.next()
  reply.leave()
  late.resolve('late')
  expect([await waiting, await reply.next(), seen]).toEqual([undefined, undefined, []])
})

test('a source that breaks its word and throws on being cancelled keeps no hold open', async () => {
  const reply = new Reply(hanging({ cancel: () => fail(BROKEN) }), never())
  const ran: string[] = []
  reply.addOnEnd((ending) => void ran.push(ending.outcome))
  expect(() => reply.leave(CLOSED)).toThrow(BROKEN)
  expect([ran, reply.ending]).toEqual([['cancelled'], { outcome: 'cancelled', error: CLOSED }])
})

test('a reply that was left says what its source says that the work cost', async () => {
  const reply = new Reply(hanging({ costNanoUsd: () => 7 }), never())
  reply.leave(CLOSED)
  expect(await reply.ended).toEqual({ outcome: 'cancelled', error: CLOSED, costNanoUsd: 7 })
})

test('a loop over a reply that is left early leaves the reply', async () => {
  const reply = new Reply(sourceOf(['a', 'b']), never())
  for await (const part of reply) {
    expect(part).toBe('a')
    break
  }
  expect(reply.ending).toMatchObject({ outcome: 'cancelled', error: { code: 'client_closed' } })
})

test('an onEnd that is added after the end runs at once', async () => {
  const reply = new Reply(sourceOf([]), never())
  await reply.next()
  reply.addOnEnd((ending) => ({ ...ending, costNanoUsd: 3 }))
  expect(reply.ending).toEqual({ outcome: 'ok', costNanoUsd: 3 })
})

test.each<[string, Ending, Ending]>([
  ['a success becomes broken, and keeps its cost', { outcome: 'ok', costNanoUsd: 5 }, { outcome: 'broken', error: BROKEN, costNanoUsd: 5 }],
  ['a pause becomes broken', { outcome: 'paused', resume: { token: 't', waitsFor: 'input' } }, { outcome: 'broken', error: BROKEN }],
  ['an error stands', { outcome: 'cancelled', error: CLOSED }, { outcome: 'cancelled', error: CLOSED }],
])('where an onEnd throws, %s', (_name, ending, changed) => {
  expect(applyOnEnd(ending, () => fail(BROKEN))).toEqual(changed)
})

function fail(error: Error): never {
  throw error
}
