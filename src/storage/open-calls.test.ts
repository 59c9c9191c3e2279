import { expect, test } from 'bun:test'
import type { Booking } from '../core/booking.ts'
import type { AttemptBooked, CallEnded, CallStarted } from '../core/events.ts'
import { crashedEnding } from './open-calls.ts'

const STARTED: CallStarted = {
  ...{ type: 'call.started', atMs: 1000, callId: 'call_1', layer: 'models', action: 'models.call', traceId: 't', spanId: 's' },
  ...{ principal: { organisation: 'acme', team: 'support', labels: {} }, prompt: {}, subject: 'mini' },
}

function bookedOf(attempt: number, state: Booking['state'], nanoUsd: number | undefined): AttemptBooked {
  const { callId, layer, action, principal, subject } = STARTED
  const booking: Booking = { attempt: `call_1.${attempt}`, state, atMs: 5000, nanoUsd, tokens: 9, balances: [] }
  const costNanoUsd = state === 'released' ? undefined : nanoUsd
  return { ...{ type: 'attempt.booked', atMs: 5000, callId, layer, action, principal, subject }, booking, costNanoUsd, priceVersion: 'v1' }
}

test.each<[string, readonly AttemptBooked[], Partial<Pick<CallEnded, 'costNanoUsd' | 'isEstimate' | 'isUnpriced'>>]>([
  ['is not known where nothing was held', [], {}],
  ['is what all its holds were charged', [bookedOf(1, 'expired', 70), bookedOf(2, 'expired', 30)], { costNanoUsd: 100, isEstimate: true }],
  ['is nothing where its holds were given back', [bookedOf(1, 'released', 0)], {}],
  ['is unpriced where a hold had no price', [bookedOf(1, 'expired', undefined)], { isUnpriced: true }],
  ['is unpriced where an attempt was over that had none', [bookedOf(1, 'settled', undefined)], { isUnpriced: true }],
  [
    'is both where one of two had none',
    [bookedOf(1, 'expired', 70), bookedOf(2, 'expired', undefined)],
    { costNanoUsd: 70, isEstimate: true, isUnpriced: true },
  ],
])('what a call cost whose process died %s', (_what, booked, expected) => {
  const { costNanoUsd, isEstimate, isUnpriced, ...ended } = crashedEnding(STARTED, { lastSignMs: 4000, nowMs: 9000 }, booked)
  const told = { costNanoUsd, isEstimate, isUnpriced }
  expect(told).toEqual({ costNanoUsd: undefined, isEstimate: undefined, isUnpriced: undefined, ...expected })
  expect(ended).toMatchObject({ outcome: 'broken', errorCode: 'crashed', errorSource: 'gateway', atMs: 9000, durationMs: 3000 })
  expect(ended.errorMessage).toContain('costNanoUsd' in expected ? 'its cost is an estimate' : 'nor is its cost')
})
