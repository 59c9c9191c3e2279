import { expect, test } from 'bun:test'
import type { Hold } from '../core/booking.ts'
import type { Event } from '../core/events.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { LedgerModel, type ModelBudget } from '../testing/ledger-model.ts'
import type { SpanOf } from './balance.ts'
import { Ledger } from './ledger.ts'
import type { Moment } from './moment.ts'
import { type Span, spanAt } from './periods.ts'
import type { Budget, BudgetMode, LedgerRules } from './rules.ts'

const SCHEDULES = 100_000
const HOUR_MS = 3_600_000
const PRINCIPALS = [
  { organisation: 'acme', team: 'a', keyId: 'k1', labels: {} },
  { organisation: 'acme', team: 'a', keyId: 'k2', labels: { feature: 'x' } },
  { organisation: 'acme', team: 'b', keyId: 'k3', labels: {} },
] as const

/** Days of a zone are costly to find, and all lives are in the same ones. */
const SPANS = rememberedSpans()

function rememberedSpans(): SpanOf {
  const known = new Map<string, Span>()
  return (period, atMs) => {
    if (period.type === 'total') return spanAt(period, atMs)
    // These periods begin with whole hours.
    const name = `${period.unit} ${period.zone} ${Math.floor(atMs / HOUR_MS)}`
    const span = known.get(name) ?? spanAt(period, atMs)
    known.set(name, span)
    return span
  }
}

type Chance = (below: number) => number

function budgetOf(chance: Chance): Budget {
  const unit = (['usd', 'tokens', 'calls'] as const)[chance(3)] ?? 'usd'
  const mode: BudgetMode = (['soft', 'hard', 'strict'] as const)[chance(3)] ?? 'hard'
  const per = chance(3)
  const period =
    per === 0
      ? ({ type: 'total' } as const)
      : per === 1
        ? ({ type: 'calendar', unit: 'hour', zone: 'UTC' } as const)
        : ({ type: 'calendar', unit: 'day', zone: 'Europe/Zurich' } as const)
  return { unit, limit: chance(unit === 'calls' ? 6 : 300), mode, period, alertAt: [], unpriced: 'allow' }
}

function rulesOf(chance: Chance): LedgerRules {
  const budgets = () => Array.from({ length: 1 + chance(2) }, () => budgetOf(chance))
  return {
    accounts: [
      { kind: 'organisation', name: 'acme', budgets: budgets(), limits: [] },
      { kind: 'team', name: 'a', budgets: budgets(), limits: [] },
      { kind: 'key', budgets: budgets(), limits: [] },
      { kind: 'label', label: 'feature', budgets: budgets(), limits: [] },
    ],
    onCrash: chance(2) === 0 ? 'release' : 'charge-estimate',
  }
}

/** As `expect`, for what is asked millions of times. */
function agree(ledger: unknown, model: unknown): void {
  if (ledger !== model) throw new Error(`The ledger says ${ledger}, and the model ${model}.`)
}

/** One random life of a ledger beside a model that is too simple to be wrong. Every step is compared. */
class Life {
  readonly #chance: Chance
  readonly #rules: LedgerRules
  readonly #model: LedgerModel
  #ledger = new Ledger({ spanOf: SPANS })
  #now = Date.UTC(2026, 9, 24, 20)
  #log: Event[] = []
  /** What was stored, and how much of the log it holds. */
  #stored: { readonly text: string; readonly logLength: number } | undefined
  #attempts = 0
  readonly #holds: Hold[] = []

  constructor(chance: Chance) {
    this.#chance = chance
    this.#rules = rulesOf(chance)
    this.#model = new LedgerModel(SPANS)
    this.#ledger.apply(this.#rules, this.#at())
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#step()
      this.#compare()
    }
  }

  #at(): Moment {
    return { wallMs: this.#now, steadyMs: this.#now }
  }

  #step(): void {
    const kind = this.#chance(20)
    if (kind < 9) this.#hold()
    else if (kind < 13) this.#settle()
    else if (kind < 15) this.#release()
    else if (kind < 16) this.#expire()
    else if (kind < 18) this.#now += this.#chance(3 * HOUR_MS)
    else if (kind < 19) this.#stored = { text: this.#ledger.storedText(this.#at()), logLength: this.#log.length }
    else this.#crash()
  }

  #hold(): void {
    const principal = PRINCIPALS[this.#chance(PRINCIPALS.length)] ?? PRINCIPALS[0]
    const at = this.#at()
    const { balances } = this.#ledger.accountsOf(principal, 'run', at)
    const amounts = { nanoUsd: this.#chance(10) === 0 ? undefined : this.#chance(80), tokens: this.#chance(80) }
    const attempt = `call_${this.#attempts++}.1`
    const owner = { callId: attempt.slice(0, -2), layer: 'models', action: 'models.call', principal, subject: 'mini' } as const
    const wanted: ModelBudget[] = balances.flatMap((balance) => balance.budgets.map((budget) => ({ balance: balance.id, ...budget })))
    const isAllowed = this.#model.allows(wanted, amounts, this.#now)
    let hold: Hold | undefined
    try {
      hold = this.#ledger.hold({ attempt, owner, leaseMs: 4 * HOUR_MS, ...amounts }, balances, at)
    } catch {
      hold = undefined
    }
    agree(hold !== undefined, isAllowed)
    if (hold === undefined) return
    this.#holds.push(hold)
    this.#model.hold(hold)
    this.#log.push({ type: 'call.started', atMs: this.#now, hold, traceId: '', spanId: '', prompt: {}, ...owner })
  }

  #settle(): void {
    const hold = this.#someHold()
    if (hold === undefined) return
    // A provider may charge more than was held: then a hard budget is exceeded by that, and by no more.
    const most = this.#chance(8) === 0 ? 2 : 1
    const charge = {
      nanoUsd: hold.nanoUsd === undefined ? undefined : this.#chance(hold.nanoUsd * most + 1),
      tokens: this.#chance(hold.tokens * most + 1),
    }
    const booking = this.#ledger.settle(hold.attempt, charge, this.#at())
    const isNew = this.#model.book(hold, charge, this.#now)
    agree(booking !== undefined, isNew)
    if (booking !== undefined) this.#ended(hold, booking)
  }

  #release(): void {
    const hold = this.#someHold()
    if (hold === undefined) return
    const booking = this.#ledger.release(hold.attempt, this.#at())
    const isNew = this.#model.book(hold, undefined, this.#now)
    agree(booking !== undefined, isNew)
    if (booking !== undefined) this.#ended(hold, booking)
  }

  /** Leases that ran out: charged what they held. */
  #expire(): void {
    const due = this.#model.open().filter(({ leaseUntilMs }) => leaseUntilMs <= this.#now)
    this.#ledger.listener = { onAlert: () => {}, onExpired: (booked) => this.#write(booked) }
    this.#ledger.expireDue(this.#at())
    for (const hold of due) this.#model.book(hold, hold, this.#now)
    agree(this.#ledger.openHolds, this.#model.open().length)
  }

  #write(...events: readonly Event[]): void {
    this.#log.push(...events)
    for (const event of events) this.#ledger.written(event)
  }

  /** The process dies. What is left: the log, and what was stored. */
  #crash(): void {
    const next = new Ledger({ spanOf: SPANS })
    next.apply(this.#rules, this.#at())
    if (this.#stored !== undefined) next.restoreText(this.#stored.text, this.#at())
    // More of the log than is needed must not matter: what is known is known.
    const from = this.#stored === undefined ? 0 : this.#stored.logLength
    for (const event of this.#log.slice(from)) next.fold(event)
    const booked = next.resolveCrashed(this.#at())
    for (const hold of this.#model.open()) this.#model.book(hold, this.#rules.onCrash === 'release' ? undefined : hold, this.#now)
    this.#ledger = next
    this.#write(...booked)
    agree(next.openHolds, 0)
  }

  #ended(hold: Hold, booking: NonNullable<ReturnType<Ledger['settle']>>): void {
    const callId = hold.attempt.slice(0, -2)
    this.#write({
      type: 'call.ended',
      ...{ atMs: this.#now, callId, layer: 'models', action: 'models.call', traceId: '', spanId: '', prompt: {} },
      ...{ startedAtMs: 0, durationMs: 0, outcome: 'ok', attempts: 1, principal: PRINCIPALS[0], bookings: [booking] },
    })
  }

  /** Any hold that there ever was: to book one twice changes nothing. */
  #someHold(): Hold | undefined {
    return this.#holds[this.#chance(Math.max(1, this.#holds.length))]
  }

  #compare(): void {
    const at = this.#at()
    let held = 0
    for (const balance of this.#ledger.balances()) {
      const known = this.#model.balance(balance.id, this.#now)
      if (balance.held !== known.held || balance.exactlySettledAt(at) !== BigInt(known.settled)) {
        throw new Error(
          `${balance.id}: settled ${balance.exactlySettledAt(at)} and held ${balance.held}, not ${known.settled} and ${known.held}`,
        )
      }
      held += balance.held
      if (!this.#model.wasOvercharged(balance.id)) this.#expectBound(balance.id, balance.budgets, known)
    }
    agree(held, this.#model.totalHeld())
  }

  /** Where no provider charged more than was held, no budget but a soft one is ever exceeded, not by the least. */
  #expectBound(id: string, budgets: readonly Budget[], known: { readonly settled: number; readonly held: number }): void {
    for (const { mode, limit } of budgets) {
      if (mode !== 'soft' && known.settled + known.held > limit) throw new Error(`${id}: ${known.settled} + ${known.held} > ${limit}`)
    }
  }
}

test(`a ledger agrees with a simple model in ${SCHEDULES.toLocaleString('en')} random schedules of hold, settle, release, expire, crash and reset`, () => {
  const world = fakeWorld({ seed: 20_261_121 })
  const chance: Chance = (below) => Math.floor(world.random() * below)
  for (let schedule = 0; schedule < SCHEDULES; schedule++) {
    try {
      new Life(chance).run(6 + chance(12))
    } catch (thrown) {
      throw new Error(`Schedule ${schedule} failed.`, { cause: thrown })
    }
  }
  expect(world.random()).toBeLessThan(1)
}, 120_000)

test('a long life agrees too', () => {
  const world = fakeWorld({ seed: 7 })
  const chance: Chance = (below) => Math.floor(world.random() * below)
  for (let life = 0; life < 20; life++) new Life(chance).run(600)
  expect(world.random()).toBeLessThan(1)
}, 60_000)
