import type { Access, BodyKeeping, BodyStore, EventLog, LiveCalls } from '../core/ports.ts'
import type { Ending } from '../core/reply.ts'
import type { World } from '../core/world.ts'
import type { GuardSet } from './guards/guard-set.ts'
import type { Judges } from './guards/types.ts'
import type { MoneyDeps } from './hold.ts'

/** Bounds on what a caller may send. */
export interface RequestLimits {
  readonly jsonBodyBytes: number
  readonly jsonDepth: number
  readonly bodyDeadlineMs: number
}

/** What every layer needs of the rest of the gateway; each read of `guards` and `limits` gives the snapshot in force. */
export interface LayerDeps {
  readonly world: World
  readonly log: EventLog
  readonly live: LiveCalls
  readonly access: Access
  readonly bodies: BodyStore
  readonly bodyKeeping: BodyKeeping
  readonly guards: () => GuardSet
  /** Whom guards ask. */
  readonly judges: Judges
  readonly money: MoneyDeps
  readonly limits: () => RequestLimits
  /** Hears of every ending after it was written. */
  readonly onEnded: (callId: string, ending: Ending) => void
  /** Whether the gateway still takes calls: not while it drains. */
  readonly isOpen: () => boolean
}
