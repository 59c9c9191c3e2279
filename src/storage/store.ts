import type { GatewayError } from '../core/errors.ts'
import type { AttemptBooked, CallStarted, Event } from '../core/events.ts'
import type { ObjectStore } from '../core/kept-objects.ts'
import type { BodyStore, EventLog, EventReader, KeyRecord, KeyStore, TallyReader } from '../core/ports.ts'
import type { World } from '../core/world.ts'
import type { MakeProjection } from './projection-feed.ts'

/**
 * State that follows the log, such as the balances of budgets. It lives with its owner, who hears of everything before the log does; what is
 * stored now and then is only there to spare a start the whole log.
 */
export interface KeptState {
  readonly name: string
  /** Raised when the form of the text changes: the stored one is then made anew from the log. */
  readonly version: number
  /** All of it, as text. */
  text(): string
  restore(text: string): void
  /** Takes an event in that came after the stored text. One that is known already changes nothing. */
  fold(event: Event): void
  /** Hears of an event that is on disk now: in order, each once. */
  written(event: Event): void
  /** Ends what the process that died had open. Asked once, when all of the log was folded. @param openCalls those without an ending */
  resolveCrashed(openCalls: readonly CallStarted[]): readonly AttemptBooked[]
}

/** What every store is given. */
export interface StoreOptions {
  readonly world: World
  /** Version of the gateway, for `writer.started`. */
  readonly version: string
  /** Events of `append` that may wait at one time. 20,000 unless said. */
  readonly queueEvents?: number
  /** Bytes of bodies that may wait to be written. 64 MB unless said. */
  readonly bodyQueueBytes?: number
  /** Bytes of kept objects' content that stay at the most, the oldest going first. 1 GiB unless said; in memory 64 MB. */
  readonly objectBytes?: number
  readonly projections?: readonly MakeProjection[]
  readonly state?: KeptState
  /** Sees each event when it is on disk, in order: for metrics. Must not throw. */
  readonly onCommitted?: (event: Event) => void
  /** Takes events that could not be written before the end, one JSON event a line: stderr. */
  readonly lastResort: (line: string) => void
  /** Takes failures of background work, which ends no call: a checkpoint, a flush, a sweep. */
  readonly report: (problem: GatewayError) => void
}

/** What a check of the log's chain found. */
export type Verification =
  | {
      readonly type: 'intact'
      readonly batches: number
      readonly events: number
      /** Hash of the last batch, hexadecimal. Keep it elsewhere to prove later that the end was not cut off and written anew. */
      readonly lastHash: string
    }
  | {
      readonly type: 'broken'
      /** Number of the first batch that is not what was written. */
      readonly batch: number
      readonly reason: string
    }

/** How a store is whose truth stands in a database, behind the journal of this process. */
export interface StoreCondition {
  /** Events that are in the journal, and not in the database yet. */
  readonly unshippedEvents: number
  /** What is not as it should be. Calls go on meanwhile. */
  readonly detail?: string
}

/** An open store: one a process. */
export interface Store {
  /** Names the data folder's writer. */
  readonly nodeId: string
  /** Counts the starts on this folder. */
  readonly epoch: number
  /** Calls that a crash had left without an ending, and that were ended when this store opened. */
  readonly recoveredCalls: number
  readonly log: EventLog
  readonly reader: EventReader
  readonly keys: KeyStore
  readonly bodies: BodyStore
  readonly objects: ObjectStore
  readonly tallies: TallyReader
  /** Hears of keys that other processes make or revoke, from the opening of the store on. */
  watchKeys(hear: (key: KeyRecord) => void): void
  /** Undefined where all is kept in this process's own folder. */
  condition(): StoreCondition | undefined
  /** Walks the chain of hashes, in slices. */
  verify(): Promise<Verification>
  /** Drops the projections and folds the log again, in slices. */
  rebuild(): Promise<void>
  /** Writes what is left and closes. What cannot be written goes to `lastResort`. */
  close(): Promise<void>
}
