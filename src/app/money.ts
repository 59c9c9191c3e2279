import type { BudgetAlerted, Event } from '../core/events.ts'
import type { EventLog } from '../core/ports.ts'
import type { CancelTimer, World } from '../core/world.ts'
import { Ledger } from '../ledger/ledger.ts'
import { type Moment, momentsOf } from '../ledger/moment.ts'
import type { LedgerRules } from '../ledger/rules.ts'
import type { KeptState } from '../storage/store.ts'
import type { AlertWebhook } from './alert-webhook.ts'

/** How often holds are looked through for those whose lease ran out. */
const SWEEP_MS = 10_000

/** The ledger of this process, with its clock, its place in the store, and what it decides by itself. */
export class Money {
  readonly ledger = new Ledger()
  readonly moment: () => Moment
  readonly #world: World
  #cancelSweep: CancelTimer | undefined
  /** What happened before there was a log to write it to: at the start, when the holds of a crash are booked. */
  readonly #early: Event[] = []

  constructor(world: World, rules: LedgerRules) {
    this.#world = world
    this.moment = momentsOf(world)
    this.apply(rules)
    this.#listen((event) => this.#early.push(event))
  }

  apply(rules: LedgerRules): void {
    this.ledger.apply(rules, this.moment())
  }

  /** How the store keeps the ledger beside the log. */
  get state(): KeptState {
    return {
      name: 'ledger',
      version: 1,
      text: () => this.ledger.storedText(this.moment()),
      restore: (text) => this.ledger.restoreText(text, this.moment()),
      fold: (event) => this.ledger.fold(event),
      written: (event) => this.ledger.written(event),
      resolveCrashed: (openCalls) => this.ledger.resolveCrashed(this.moment(), openCalls),
    }
  }

  /** Writes from now on what the ledger decides by itself, tells of alerts, and looks after leases. */
  begin(log: EventLog, webhook: AlertWebhook): void {
    const write = (event: Event) => {
      log.keep(event)
      if (event.type === 'budget.alerted') webhook.send(event)
    }
    for (const event of this.#early.splice(0)) write(event)
    this.#listen(write)
    this.#sweepLater()
  }

  close(): void {
    this.#cancelSweep?.()
  }

  #listen(write: (event: Event) => void): void {
    this.ledger.listener = {
      onAlert: (alert: Omit<BudgetAlerted, 'type'>) => write({ type: 'budget.alerted', ...alert }),
      onExpired: (booked) => write(booked),
    }
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#world.after(SWEEP_MS, () => {
      this.ledger.expireDue(this.moment())
      this.#sweepLater()
    })
  }
}
