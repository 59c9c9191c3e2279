import type { Booking, Hold } from '../../../src/core/booking.ts'
import type { Event } from '../../../src/core/events.ts'

/** What a log comes to, added up from its first event to its last, with nothing kept and nothing taken on trust. */
export interface StraightSum {
  /** What was charged, by the id of the balance, in its unit. */
  readonly settled: Readonly<Record<string, bigint>>
  /** Spend by team: in nano-USD, calls, tokens and calls whose price is not known. */
  readonly spend: Readonly<Record<string, Spend>>
  /** Nano-USD of bookings, corrections included, by team: of teams with budgets. */
  readonly booked: Readonly<Record<string, bigint>>
  /** Calls that limits counted. */
  readonly limited: number
  /** Holds that nobody booked, and those that were booked more than once. */
  readonly unbooked: readonly string[]
  readonly twice: readonly string[]
  /** Calls without an ending. */
  readonly open: readonly string[]
}

interface Spend {
  nanoUsd: bigint
  calls: number
  inputTokens: number
  outputTokens: number
  unpriced: number
}

/** Adds up a log. */
export function sumOf(events: readonly Event[]): StraightSum {
  const holds = new Map<string, { readonly hold: Hold; readonly team: string }>()
  const bookings = new Map<string, Booking[]>()
  const spend: Record<string, Spend> = {}
  const settled: Record<string, bigint> = {}
  const booked: Record<string, bigint> = {}
  const open = new Set<string>()
  let limited = 0
  for (const event of events) {
    if (event.type === 'call.started') {
      open.add(event.callId)
      if (event.limitTokens !== undefined) limited++
    }
    if (event.type === 'call.ended') open.delete(event.callId)
    if (event.type === 'call.started' || event.type === 'attempt.held') {
      if (event.hold !== undefined) holds.set(event.hold.attempt, { hold: event.hold, team: event.principal.team ?? '' })
    }
    for (const booking of bookingsOf(event)) bookings.set(booking.attempt, [...(bookings.get(booking.attempt) ?? []), booking])
    addSpend(spend, event)
    if (event.type !== 'call.recosted') continue
    for (const id of event.balances) settled[id] = (settled[id] ?? 0n) + BigInt(event.costNanoUsd)
    if (event.balances.length > 0) add(booked, event.principal.team, event.costNanoUsd)
  }
  for (const [attempt, { hold, team }] of holds) {
    for (const { state, nanoUsd = 0, tokens } of bookings.get(attempt) ?? []) {
      if (state === 'released') continue
      add(booked, team, nanoUsd)
      for (const id of hold.balances) {
        const amount = id.startsWith('usd ') ? nanoUsd : id.startsWith('tokens ') ? tokens : 1
        settled[id] = (settled[id] ?? 0n) + BigInt(amount)
      }
    }
  }
  const unbooked = [...holds.keys()].filter((attempt) => !bookings.has(attempt))
  const twice = [...bookings].flatMap(([attempt, each]) => (each.length > 1 ? [attempt] : []))
  return { settled, spend, booked, limited, unbooked, twice, open: [...open] }
}

function bookingsOf(event: Event): readonly Booking[] {
  if (event.type === 'call.ended') return event.bookings ?? []
  return event.type === 'attempt.booked' ? [event.booking] : []
}

function addSpend(spend: Record<string, Spend>, event: Event): void {
  if (event.type !== 'call.ended' && event.type !== 'attempt.booked' && event.type !== 'call.recosted') return
  const team = event.principal.team ?? ''
  spend[team] ??= { nanoUsd: 0n, calls: 0, inputTokens: 0, outputTokens: 0, unpriced: 0 }
  const line = spend[team]
  line.nanoUsd += BigInt(event.costNanoUsd ?? 0)
  if (event.type === 'call.ended') line.calls++
  if (event.type === 'call.ended' && event.isUnpriced === true) line.unpriced++
  if (event.type !== 'call.ended' && event.resolvesUnpriced === true) line.unpriced--
  if (event.type === 'call.recosted') return
  line.inputTokens += event.usage?.inputTokens ?? 0
  line.outputTokens += event.usage?.outputTokens ?? 0
}

function add(sums: Record<string, bigint>, team = '', amount: number): void {
  sums[team] = (sums[team] ?? 0n) + BigInt(amount)
}
