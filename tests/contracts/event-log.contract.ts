import { describe, expect, test } from 'bun:test'
import type { Event } from '../../src/core/events.ts'
import { endedCall, startedCall } from './call-events.ts'
import { type StoreKind, storeMaker } from './store-contract.ts'

/** What every event log does. */
export function eventLogContract(kind: StoreKind): void {
  const open = storeMaker(kind)

  describe(`${kind.name}: writing`, () => {
    test('an append resolves when the event can be read', async () => {
      const { store, world } = await open()
      const started = startedCall(world)
      await store.log.append(started)
      expect((await store.reader.readCall(started.callId)).map(({ event }) => event)).toEqual([started])
    })

    test('what comes in one turn is one batch, in its order', async () => {
      const { store, world } = await open()
      const first = startedCall(world)
      const second = startedCall(world)
      const before = await store.reader.end()
      store.log.keep(endedCall(world, first))
      await Promise.all([store.log.append(first), store.log.append(second)])
      const read = await store.reader.read({ after: before, order: 'oldest-first', limit: 10 })
      expect(read.map(({ position }) => position)).toEqual([0, 1, 2].map((index) => ({ batch: before.batch + 1, index })))
      expect(read.map(({ event }) => event.type)).toEqual(['call.ended', 'call.started', 'call.started'])
      expect(await store.reader.end()).toEqual({ batch: before.batch + 1, index: 2 })
    })

    test('a start of the process is the first event', async () => {
      const { store } = await open()
      const [first] = await store.reader.read({ order: 'oldest-first', limit: 1 })
      expect(first?.event).toMatchObject({ type: 'writer.started', epoch: 1, version: '0.0.0-test' })
    })

    test('texts of all alphabets come back as they were', async () => {
      const { store, world } = await open()
      const started = startedCall(world, { subject: 'größe 模型 🚦 \u2028 "quoted"\n\u0000' })
      await store.log.append(started)
      expect((await store.reader.readCall(started.callId))[0]?.event).toEqual(started)
    })

    test('observers see each event once, after it is on disk', async () => {
      const { store, world, committed } = await open()
      const started = startedCall(world)
      const pending = store.log.append(started)
      expect(committed).not.toContain(started)
      await pending
      expect(committed.filter((event) => event === started)).toHaveLength(1)
    })

    test('flush resolves when what was kept is on disk', async () => {
      const { store, world } = await open()
      const ended = endedCall(world, startedCall(world))
      store.log.keep(ended)
      await store.log.flush(1000)
      expect((await store.reader.readCall(ended.callId)).map(({ event }) => event)).toEqual([ended])
    })
  })

  describe(`${kind.name}: a disk that refuses`, () => {
    test('an append is rejected and says why; the log says that it cannot be written', async () => {
      const { store, world, setFull } = await open()
      setFull(true)
      const started = startedCall(world)
      const refusal = await store.log.append(started).catch((error) => error)
      expect(refusal).toMatchObject({ code: 'log_unavailable' })
      expect(refusal.message).toContain('full')
      expect(store.log.isWritable).toBe(false)
      setFull(false)
      await world.advance(200)
      expect(await store.reader.readCall(started.callId)).toEqual([])
    })

    test('a kept event is written when there is room again, with a gap that counts the refused calls', async () => {
      const { store, world, setFull } = await open()
      const started = startedCall(world)
      await store.log.append(started)
      setFull(true)
      const fullSinceMs = world.now()
      const ended = endedCall(world, started)
      store.log.keep(ended)
      await world.settle()
      store.log.countUnrecorded()
      store.log.countUnrecorded()
      await world.advance(10_000)
      expect(store.log.isWritable).toBe(false)
      setFull(false)
      await world.advance(5000)
      expect(store.log.isWritable).toBe(true)
      await store.log.append(startedCall(world))
      const events = (await store.reader.read({ order: 'oldest-first', limit: 100 })).map(({ event }) => event)
      expect(events.filter((event) => event.type === 'call.ended')).toEqual([ended])
      const gaps = events.filter((event) => event.type === 'log.gap')
      expect(gaps).toMatchObject([{ sinceMs: fullSinceMs, refusedCalls: 2 }])
    })

    test('the next call finds the log writable again, without waiting for the timer', async () => {
      const { store, world, setFull } = await open()
      setFull(true)
      await store.log.append(startedCall(world)).catch(() => {})
      setFull(false)
      const started = startedCall(world)
      await store.log.append(started)
      expect(store.log.isWritable).toBe(true)
      expect(await store.reader.readCall(started.callId)).toHaveLength(1)
    })

    test('flush gives up after its time', async () => {
      const { store, world, setFull } = await open()
      setFull(true)
      store.log.keep(endedCall(world, startedCall(world)))
      const refusal = store.log.flush(3000).catch((error) => error)
      await world.advance(3000)
      expect(await refusal).toMatchObject({ code: 'log_unavailable' })
      setFull(false)
    })

    test('what cannot be written before the end is handed out, and nothing is lost', async () => {
      const { store, world, setFull, lastLines } = await open()
      setFull(true)
      const ended = endedCall(world, startedCall(world))
      store.log.keep(ended)
      store.log.countUnrecorded()
      await store.close()
      const events = lastLines.map((line) => JSON.parse(line) as Event)
      expect(events.map(({ type }) => type)).toEqual(['call.ended', 'writer.stopped', 'log.gap'])
      expect(events[0]).toEqual(ended)
      expect(events[2]).toMatchObject({ refusedCalls: 1 })
    })
  })

  describe(`${kind.name}: a full queue`, () => {
    test('refuses what does not fit, keeps what must not be lost, and counts', async () => {
      const { store, world } = await open({ queueEvents: 2 })
      const started = [startedCall(world), startedCall(world), startedCall(world)]
      const results = started.map((event) =>
        store.log
          .append(event)
          .then(() => 'written')
          .catch((error) => error.code),
      )
      expect(store.log.isWritable).toBe(false)
      const ended = endedCall(world, startedCall(world))
      store.log.keep(ended)
      store.log.countUnrecorded()
      expect(await Promise.all(results)).toEqual(['written', 'written', 'log_unavailable'])
      expect(store.log.isWritable).toBe(true)
      const events = (await store.reader.read({ order: 'oldest-first', limit: 100 })).map(({ event }) => event)
      expect(events).toContainEqual(ended)
      expect(events.filter((event) => event.type === 'log.gap')).toMatchObject([{ refusedCalls: 1 }])
    })
  })

  describe(`${kind.name}: after close`, () => {
    test('an append is refused, a kept event is handed out', async () => {
      const { store, world, lastLines } = await open()
      await store.close()
      expect(await store.log.append(startedCall(world)).catch((error) => error.code)).toBe('log_unavailable')
      const ended = endedCall(world, startedCall(world))
      store.log.keep(ended)
      expect(lastLines.map((line) => JSON.parse(line))).toEqual([ended])
      expect(store.log.isWritable).toBe(false)
    })
  })
}
