import type { RecostReport } from '../control/price-desk.ts'
import type { CallEnded, CallRecosted, Event } from '../core/events.ts'
import type { EventLog, EventReader, LogPosition } from '../core/ports.ts'
import type { PriceBook } from '../models/prices/book.ts'
import { charge } from '../models/prices/charge.ts'

interface RecostDeps {
  readonly now: () => number
  readonly reader: EventReader
  readonly log: EventLog
  readonly book: PriceBook
  /** Which known provider one of the configuration is. */
  readonly kindOf: (provider: string) => string
  /** Takes a correction into the balances of budgets, in the turn in which it is queued for the log. */
  readonly fold: (event: Event) => void
}

interface RecostSpan {
  readonly sinceMs: number
  readonly untilMs?: number | undefined
  readonly isDryRun: boolean
}

const SLICE = 2000
const FLUSH_MS = 10_000

/** What was added to a call's cost since, and whether it has a price now. */
interface Corrected {
  nanoUsd: number
  isPriced: boolean
}

/**
 * Costs ended calls by the prices of a book. Where that differs from what they cost, with what was corrected before, the difference is
 * written as `call.recosted`: nothing is edited, and doing it again changes nothing.
 */
export async function recost(deps: RecostDeps, { sinceMs, untilMs, isDryRun }: RecostSpan): Promise<RecostReport> {
  const span = { sinceMs, ...(untilMs === undefined ? {} : { untilMs }) }
  const before = new Map<string, Corrected>()
  // Corrections stand later in the log than their calls, at any time up to now.
  await eachOf(deps.reader, { sinceMs }, 'call.recosted', (event) => {
    const known = before.get(event.callId) ?? { nanoUsd: 0, isPriced: false }
    before.set(event.callId, { nanoUsd: known.nanoUsd + event.costNanoUsd, isPriced: known.isPriced || event.resolvesUnpriced === true })
  })
  const version = deps.book.table().version
  const models = new Map<string, { provider: string; target: string; corrected: number; deltaNanoUsd: bigint }>()
  const sums = { calls: 0, corrected: 0, kept: 0, unpriced: 0, deltaNanoUsd: 0n }
  await eachOf(deps.reader, span, 'call.ended', (call) => {
    const cost = costOf(call, deps)
    if (cost === undefined) return
    sums.calls++
    if (typeof cost === 'string') {
      sums[cost]++
      return
    }
    const known = before.get(call.callId) ?? { nanoUsd: 0, isPriced: false }
    const delta = cost - (call.costNanoUsd ?? 0) - known.nanoUsd
    const resolves = call.isUnpriced === true && !known.isPriced
    if (delta === 0 && !resolves) return
    sums.corrected++
    sums.deltaNanoUsd += BigInt(delta)
    addModel(models, call, delta)
    if (!isDryRun) correct(deps, call, { delta, version, resolves })
  })
  if (!isDryRun) await deps.log.flush(FLUSH_MS)
  const sorted = [...models.values()].sort((left, right) =>
    left.deltaNanoUsd === right.deltaNanoUsd ? 0 : left.deltaNanoUsd > right.deltaNanoUsd ? -1 : 1,
  )
  return { version, ...sums, models: sorted }
}

async function eachOf<Type extends 'call.ended' | 'call.recosted'>(
  reader: EventReader,
  span: { readonly sinceMs: number; readonly untilMs?: number },
  type: Type,
  take: (event: Extract<Event, { readonly type: Type }>) => void,
): Promise<void> {
  for (let after: LogPosition | undefined; ; ) {
    const matches = (event: Event) => event.type === type
    const read = await reader.read({ ...span, ...(after === undefined ? {} : { after }), order: 'oldest-first', limit: SLICE, matches })
    for (const { event } of read) if (isOf(event, type)) take(event)
    after = read.at(-1)?.position
    if (read.length < SLICE) return
  }
}

function isOf<Type extends Event['type']>(event: Event, type: Type): event is Extract<Event, { readonly type: Type }> {
  return event.type === type
}

/** Undefined: no call that costs anything. A word: why its cost stays as it is. */
function costOf(call: CallEnded, { book, kindOf }: RecostDeps): number | 'kept' | 'unpriced' | undefined {
  const { usage, provider, target, layer, action, priceVersion, attemptLog, isEstimate, cache } = call
  if (layer !== 'models' || cache?.result === 'hit' || cache?.result === 'similar' || cache?.result === 'shared') return undefined
  const attempts =
    attemptLog ?? (provider === undefined || target === undefined ? [] : [{ provider, target, usage, costNanoUsd: call.costNanoUsd }])
  if (!attempts.some((attempt) => attempt.usage !== undefined)) return undefined
  // A price of the configuration is one that was agreed on. What was charged without knowing has no usage to cost by.
  // What was passed through names no model, only its path.
  if (priceVersion === 'configuration' || isEstimate === true || action === 'models.passthrough') return 'kept'
  let sum = 0
  for (const attempt of attempts) {
    if (attempt.usage === undefined) sum += attempt.costNanoUsd ?? 0
    else {
      const charged = charge(book.find(kindOf(attempt.provider), attempt.target), attempt.usage, call.atMs)
      if (charged.type === 'unpriced') return 'unpriced'
      sum += charged.costNanoUsd
    }
  }
  return sum
}

interface Correction {
  readonly delta: number
  readonly version: string
  readonly resolves: boolean
}

function correct({ now, log, fold }: RecostDeps, call: CallEnded, { delta, version, resolves }: Correction): void {
  const { callId, layer, action, principal, subject, provider, target, outcome } = call
  const balances = new Set(
    call.bookings?.filter(({ state }) => state === 'settled').flatMap((booking) => booking.balances.map(({ id }) => id)),
  )
  const event: CallRecosted = {
    type: 'call.recosted',
    atMs: now(),
    ...{ callId, layer, action, principal, subject, provider, target, outcome },
    calledAtMs: call.atMs,
    costNanoUsd: delta,
    priceVersion: version,
    resolvesUnpriced: resolves || undefined,
    balances: [...balances].filter((id) => id.startsWith('usd ')),
    route: call.choice?.route,
  }
  // In one turn: a state that is stored beside the log has either both or neither.
  fold(event)
  log.keep(event)
}

function addModel(
  models: Map<string, { provider: string; target: string; corrected: number; deltaNanoUsd: bigint }>,
  { provider = '', target = '' }: CallEnded,
  delta: number,
): void {
  const key = `${provider}\n${target}`
  const known = models.get(key) ?? { provider, target, corrected: 0, deltaNanoUsd: 0n }
  models.set(key, { ...known, corrected: known.corrected + 1, deltaNanoUsd: known.deltaNanoUsd + BigInt(delta) })
}
