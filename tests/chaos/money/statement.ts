import type { Booking, Hold } from '../../../src/core/booking.ts'
import type { Event } from '../../../src/core/events.ts'
import type { Invoice } from './invoicing-provider.ts'

/** One attempt: what it held, what it was booked with, and for which call. */
export interface BookedAttempt {
  readonly traceId: string
  readonly hold: Hold
  readonly booking: Booking | undefined
  readonly isCrashed: boolean
}

/** Reads every attempt out of the log. */
export function readAttempts(events: readonly Event[]): readonly BookedAttempt[] {
  const holds = new Map<string, { readonly traceId: string; readonly hold: Hold }>()
  const bookings = new Map<string, { readonly booking: Booking; readonly isCrashed: boolean }[]>()
  const traces = new Map<string, string>()
  for (const event of events) {
    if (event.type === 'call.started') traces.set(event.callId, event.traceId)
    if (event.type === 'call.started' || event.type === 'attempt.held') {
      if (event.hold !== undefined) holds.set(event.hold.attempt, { traceId: traces.get(event.callId) ?? '', hold: event.hold })
    }
    const booked = event.type === 'call.ended' ? (event.bookings ?? []) : event.type === 'attempt.booked' ? [event.booking] : []
    const isCrashed = event.type === 'call.ended' && event.errorCode === 'crashed'
    for (const booking of booked)
      bookings.set(booking.attempt, [
        ...(bookings.get(booking.attempt) ?? []),
        { booking, isCrashed: isCrashed || booking.state === 'expired' },
      ])
  }
  return [...holds.values()].map(({ traceId, hold }) => {
    const booked = bookings.get(hold.attempt) ?? []
    if (booked.length > 1) throw new Error(`${hold.attempt} was booked ${booked.length} times.`)
    return { traceId, hold, booking: booked[0]?.booking, isCrashed: booked[0]?.isCrashed ?? false }
  })
}

/** The books beside the invoice, in nano-USD. */
export interface Statement {
  readonly attempts: number
  readonly unbooked: number
  readonly ledger: number
  readonly invoice: number
  /** Of calls whose attempts all ended with usage, or were refused: these must be equal. */
  readonly exact: { readonly calls: number; readonly ledger: number; readonly invoice: number; readonly differing: readonly string[] }
  /** Of calls that were running at a crash. */
  readonly crashed: {
    readonly calls: number
    readonly ledger: number
    readonly invoice: number
    readonly estimates: number
    readonly outside: readonly string[]
  }
  /** Of calls that broke off or were left by their client, or whose usage was never said. */
  readonly estimated: {
    readonly calls: number
    readonly ledger: number
    readonly invoice: number
    readonly estimates: number
    readonly outside: readonly string[]
  }
  /** Billed, and in no book. */
  readonly unknown: readonly string[]
}

/** Compares every call of the log with what the provider bills for it. */
export function compare(attempts: readonly BookedAttempt[], { byTrace, total }: Invoice): Statement {
  const calls = Map.groupBy(attempts, ({ traceId }) => traceId)
  const exact = { calls: 0, ledger: 0, invoice: 0, differing: [] as string[] }
  const crashed = { calls: 0, ledger: 0, invoice: 0, estimates: 0, outside: [] as string[] }
  const estimated = { calls: 0, ledger: 0, invoice: 0, estimates: 0, outside: [] as string[] }
  for (const [traceId, own] of calls) {
    const ledger = sum(own.map(({ booking }) => booking?.nanoUsd))
    const held = sum(own.map(({ hold }) => hold.nanoUsd))
    const invoice = byTrace.get(traceId) ?? 0
    const line = `${traceId}: ledger ${ledger}, invoice ${invoice}, held ${held}`
    const unsure = own.some(({ isCrashed }) => isCrashed) ? crashed : own.some(({ booking }) => booking?.isEstimate) ? estimated : undefined
    const kind = unsure ?? exact
    kind.calls++
    kind.ledger += ledger
    kind.invoice += invoice
    if (unsure === undefined) {
      if (ledger !== invoice) exact.differing.push(line)
      continue
    }
    unsure.estimates += held
    if (ledger < invoice || ledger > held) unsure.outside.push(line)
  }
  return {
    attempts: attempts.length,
    unbooked: attempts.filter(({ booking }) => booking === undefined).length,
    ledger: sum(attempts.map(({ booking }) => booking?.nanoUsd)),
    invoice: total,
    ...{ exact, crashed, estimated },
    unknown: [...byTrace].filter(([traceId, nanoUsd]) => nanoUsd > 0 && !calls.has(traceId)).map(([traceId]) => traceId),
  }
}

function sum(amounts: readonly (number | undefined)[]): number {
  return amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0)
}
