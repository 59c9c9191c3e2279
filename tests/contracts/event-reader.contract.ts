import { describe, expect, test } from 'bun:test'
import type { CallStarted } from '../../src/core/events.ts'
import type { LogQuery } from '../../src/core/ports.ts'
import { endedCall, startedCall } from './call-events.ts'
import { type StoreKind, storeMaker, type TestedStore } from './store-contract.ts'

const MINUTE_MS = 60_000

/** Twenty calls, one a minute, each of them two batches. */
async function writeCalls({ store, world }: TestedStore): Promise<readonly CallStarted[]> {
  const calls: CallStarted[] = []
  for (let count = 0; count < 20; count++) {
    await world.advance(MINUTE_MS)
    const started = startedCall(world)
    await store.log.append(started)
    store.log.keep(endedCall(world, started))
    await store.log.flush(1000)
    calls.push(started)
  }
  return calls
}

/** What every reader of a log does. */
export function eventReaderContract(kind: StoreKind): void {
  const open = storeMaker(kind)

  async function idsRead(query: Partial<LogQuery> & Pick<LogQuery, 'order'>): Promise<readonly number[]> {
    const tested = await open()
    const calls = await writeCalls(tested)
    const read = await tested.store.reader.read({ limit: 100, matches: (event) => event.type === 'call.ended', ...query })
    return read.map(({ event }) => calls.findIndex((call) => 'callId' in event && call.callId === event.callId))
  }

  describe(`${kind.name}: reading`, () => {
    const startMs = Date.UTC(2026, 10, 21, 12)
    const minute = (count: number) => startMs + count * MINUTE_MS

    test('goes forward, and stops at the limit', async () => {
      expect(await idsRead({ order: 'oldest-first', limit: 3 })).toEqual([0, 1, 2])
    })

    test('goes backward, and stops at the limit', async () => {
      expect(await idsRead({ order: 'newest-first', limit: 3 })).toEqual([19, 18, 17])
    })

    test('counts the limit after the match', async () => {
      expect(await idsRead({ order: 'oldest-first', limit: 0 })).toEqual([])
    })

    test('keeps to times: from the first, up to before the last', async () => {
      expect(await idsRead({ order: 'oldest-first', sinceMs: minute(5), untilMs: minute(8) })).toEqual([4, 5, 6])
      expect(await idsRead({ order: 'newest-first', sinceMs: minute(5), untilMs: minute(8) })).toEqual([6, 5, 4])
    })

    test('goes on after a position, in both directions', async () => {
      const tested = await open()
      await writeCalls(tested)
      const { reader } = tested.store
      const all = await reader.read({ order: 'oldest-first', limit: 100 })
      const middle = all[20]?.position
      if (middle === undefined) throw new Error('The log is shorter than the test wrote.')
      expect(await reader.read({ order: 'oldest-first', limit: 100, after: middle })).toEqual(all.slice(21))
      expect(await reader.read({ order: 'newest-first', limit: 100, before: middle })).toEqual(all.slice(0, 20).toReversed())
      expect(await reader.read({ order: 'oldest-first', limit: 100, after: await reader.end() })).toEqual([])
    })

    test('finds what mentions a trace', async () => {
      const tested = await open()
      const calls = await writeCalls(tested)
      const traceId = calls[7]?.traceId ?? ''
      const read = await tested.store.reader.read({ order: 'oldest-first', limit: 100, mentions: traceId })
      expect(read.map(({ event }) => event.type)).toEqual(['call.started', 'call.ended'])
    })
  })

  describe(`${kind.name}: one call`, () => {
    test('has its start and its ending, and not those of its children', async () => {
      const { store, world } = await open()
      const parent = startedCall(world)
      const child = startedCall(world, { parentId: parent.callId })
      await store.log.append(parent)
      await store.log.append(child)
      store.log.keep(endedCall(world, child))
      await world.advance(30 * MINUTE_MS)
      store.log.keep(endedCall(world, parent))
      await store.log.flush(1000)
      const events = (await store.reader.readCall(parent.callId)).map(({ event }) => event)
      expect(events.map(({ type }) => type)).toEqual(['call.started', 'call.ended'])
      expect(events.every((event) => 'callId' in event && event.callId === parent.callId)).toBe(true)
    })

    test('has what was written of it long after its end, and not that of others', async () => {
      const { store, world } = await open()
      const [call, other] = [startedCall(world), startedCall(world)]
      for (const each of [call, other]) {
        await store.log.append(each)
        store.log.keep(endedCall(world, each))
      }
      const { callId, layer, action, principal } = call
      const of = { callId, layer, action, principal }
      await world.advance(MINUTE_MS)
      const booking = { attempt: `${callId}.1`, state: 'settled', atMs: world.now(), nanoUsd: 5, tokens: 1, balances: [] } as const
      store.log.keep({ type: 'attempt.booked', atMs: world.now(), ...of, booking, costNanoUsd: 5 })
      await world.advance(24 * 60 * MINUTE_MS)
      const later = { outcome: 'ok', calledAtMs: call.atMs, costNanoUsd: -1, priceVersion: 'table:new', balances: [] } as const
      store.log.keep({ type: 'call.recosted', atMs: world.now(), ...of, ...later })
      await store.log.flush(1000)
      const types = async (id: string) => (await store.reader.readCall(id)).map(({ event }) => event.type)
      expect(await types(callId)).toEqual(['call.started', 'call.ended', 'attempt.booked', 'call.recosted'])
      expect(await types(other.callId)).toEqual(['call.started', 'call.ended'])
    })

    test('is found where its request came long before it was recorded', async () => {
      const { store, world } = await open()
      const callId = world.id('call')
      await world.advance(10 * MINUTE_MS)
      const started = startedCall(world, { callId })
      await store.log.append(started)
      expect(await store.reader.readCall(callId)).toHaveLength(1)
    })

    test('that does not exist is empty', async () => {
      const { store, world } = await open()
      expect(await store.reader.readCall(world.id('call'))).toEqual([])
      expect(await store.reader.readCall('nonsense')).toEqual([])
    })
  })
}
