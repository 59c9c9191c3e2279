import { describe, expect, test } from 'bun:test'
import type { Booking } from '../core/booking.ts'
import { GatewayError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'
import type { EventLog } from '../core/ports.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { LogRecord } from './record.ts'

/** A log that a test can look into: what must not be lost apart from what may be, and how many calls it was told of that it has not. */
function lab({ isFull = false } = {}) {
  const world = fakeWorld()
  const written = { appended: [] as Event['type'][], kept: [] as Event[], unrecorded: 0 }
  const log: EventLog = {
    append: async ({ type }) => {
      if (isFull) throw new GatewayError('log_unavailable', 'The disk is full.')
      written.appended.push(type)
    },
    keep: (event) => written.kept.push(event),
    flush: async () => {},
    isWritable: !isFull,
    countUnrecorded: () => {
      written.unrecorded++
    },
  }
  const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true }
  const record = new LogRecord({ log, world, layer: 'models', action: 'models.call', trace, wire: 'openai-chat', prompt: {} })
  return { record, written, world }
}

const bookingOf = (nanoUsd: number | undefined): Booking => ({
  attempt: 'call_1.1',
  state: 'settled',
  atMs: 5,
  nanoUsd,
  tokens: 9,
  balances: [],
})

describe('the ending of a call', () => {
  test('is kept until it is on disk where the call had begun, and written once', async () => {
    const { record, written, world } = lab()
    await record.start()
    record.end({ outcome: 'ok' })
    record.end({ outcome: 'ok' })
    await world.settle()
    expect(written).toMatchObject({ appended: ['call.started'], kept: [{ type: 'call.ended', outcome: 'ok' }], unrecorded: 0 })
  })

  test('stands with its start where the call was refused before it began', async () => {
    const { record, written, world } = lab()
    record.end({ outcome: 'refused', error: new GatewayError('unauthenticated', 'No key was sent.') })
    await world.settle()
    expect(written).toEqual({ appended: ['call.started', 'call.ended'], kept: [], unrecorded: 0 })
  })

  test('is not written without a start: a call that could not be recorded is counted', async () => {
    const { record, written, world } = lab({ isFull: true })
    await record.start().catch(() => {})
    record.end({ outcome: 'refused', error: new GatewayError('log_unavailable', 'The disk is full.') })
    await world.settle()
    expect(written).toEqual({ appended: [], kept: [], unrecorded: 1 })
  })

  test('waits for work that outlives its caller', async () => {
    const { record, written, world } = lab()
    const over = Promise.withResolvers<void>()
    await record.start()
    record.awaitWork(over.promise)
    record.end({ outcome: 'cancelled', error: new GatewayError('client_closed', 'The client left.') })
    await world.settle()
    expect(written.kept).toEqual([])
    record.facts.costNanoUsd = 70
    over.resolve()
    await world.settle()
    expect(written.kept).toMatchObject([{ type: 'call.ended', outcome: 'cancelled', costNanoUsd: 70 }])
  })
})

describe('what an attempt came to after its call had ended', () => {
  test.each<[string, Booking, number | undefined]>([
    ['what was booked', bookingOf(100), 100],
    ['nothing known, where it has no price', bookingOf(undefined), undefined],
    ['nothing, where it was given back', { ...bookingOf(100), state: 'released' }, undefined],
  ])('adds to the cost of the call %s, and says how the call had ended', async (_what, booking, costNanoUsd) => {
    const { record, written, world } = lab()
    await record.start()
    record.facts.choice = { route: 'smart', strategy: 'priority', why: '', order: ['mini'] }
    record.end({ outcome: 'cancelled', error: new GatewayError('client_closed', 'The client left.') })
    record.finishLate({ booking, usage: undefined })
    await world.settle()
    const late = written.kept.find(({ type }) => type === 'attempt.booked')
    expect(late).toMatchObject({ callId: record.callId, booking, outcome: 'cancelled', route: 'smart', traceId: '1'.repeat(32) })
    expect(late).toHaveProperty('costNanoUsd', costNanoUsd)
  })

  test.each<[string, readonly boolean[], boolean | undefined, readonly (true | undefined)[]]>([
    ['where it comes to be known', [true], undefined, [true]],
    ['with the last of two', [true, true], undefined, [undefined, true]],
    ['not where one never comes to be known', [true, false], undefined, [undefined, undefined]],
    ['nor where the first never does', [false, true], undefined, [undefined, undefined]],
    ['nor where it was unpriced before', [true], true, [undefined]],
  ])('gives a call its price %s', async (_what, known, isUnpriced, resolves) => {
    const { record, written, world } = lab()
    await record.start()
    record.facts.isUnpriced = isUnpriced
    const over = known.map(() => record.awaitPrice())
    record.end({ outcome: 'cancelled', error: new GatewayError('client_closed', 'The client left.') })
    await world.settle()
    expect(written.kept).toMatchObject([{ type: 'call.ended', isUnpriced: true }])
    expect(over.map((each, index) => each(known[index] === true))).toEqual([...resolves])
  })

  test.each([
    [true, undefined],
    [false, true],
  ])('has come before a call is written: it is priced where it is known (%p)', async (isKnown, isUnpriced) => {
    const { record, written, world } = lab()
    await record.start()
    record.awaitPrice()(isKnown)
    record.end({ outcome: 'cancelled', error: new GatewayError('client_closed', 'The client left.') })
    await world.settle()
    expect(written.kept.find((event) => event.type === 'call.ended')?.isUnpriced).toBe(isUnpriced)
  })

  test('stands in the ending where the call still runs, and nowhere else', async () => {
    const { record, written } = lab()
    await record.start()
    record.finishLate({ booking: bookingOf(100), usage: undefined })
    expect(written.kept).toEqual([])
  })
})
