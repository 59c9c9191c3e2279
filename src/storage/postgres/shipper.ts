import { GatewayError } from '../../core/errors.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import type { LocalLog } from '../journal/local-log.ts'
import type { StoreCondition } from '../store.ts'
import { atMost } from './at-most.ts'
import type { Pool } from './pool.ts'
import { nextShipment, PlaceMoved, ship } from './shipment.ts'
import type { PostgresTallies } from './tallies.ts'
import { findShipped, type ShippedTo } from './writer.ts'

/** Batches wait this long for company: what another replica sees is later by this. */
const GATHER_MS = 50
const RETRY_FIRST_MS = 200
const RETRY_LAST_MS = 5000
/** How long a read waits for what this process has written: past it, the answer is without the last of it. */
const READ_WAIT_MS = 2000
/** How long a stop tries to ship what is left. It stays in the journal and is shipped by the next start. */
const CLOSE_WAIT_MS = 5000
const LOCK_WAIT_MS = 5000
/** Where the journal went another way, a part of it is read again. */
const FIND_MS = 60_000

/** What shipping needs. */
export interface ShipperOptions {
  readonly pool: Pool
  readonly local: LocalLog
  readonly nodeId: string
  readonly tallies: () => PostgresTallies
  readonly world: World
  /** Whose time the waits for the database run in. */
  readonly socketWorld: World
  readonly report: (problem: GatewayError) => void
}

/**
 * Ships the journal to PostgreSQL in the background, in order, from the files: what waits costs no memory. A failure is tried again after
 * 0.2 to 5 seconds, for as long as it takes.
 */
export class Shipper {
  readonly #options: ShipperOptions
  /** As far as this process was told. */
  #place: ShippedTo | undefined
  /** Whether the database must be asked for the place: at first, and where it is not known whether a shipment went through. */
  #isUncertain = true
  #running: Promise<void> | undefined
  #cancel: CancelTimer | undefined
  #retryMs = RETRY_FIRST_MS
  #failure: GatewayError | undefined
  #isClosed = false

  constructor(options: ShipperOptions) {
    this.#options = options
  }

  /** Number of the last batch that is in the database, as far as this process was told. */
  get shippedSeq(): number {
    return this.#place?.seq ?? 0
  }

  /** What waits, and what keeps it waiting. */
  condition(): StoreCondition {
    const { pool, local, socketWorld } = this.#options
    const unshippedEvents = local.eventCount - (this.#place?.events ?? 0)
    const wait = `${unshippedEvents} ${unshippedEvents === 1 ? 'event waits' : 'events wait'} to be shipped`
    const { silence } = pool
    if (silence !== undefined) {
      const seconds = Math.round((socketWorld.monotonicMs() - silence.sinceMs) / 1000)
      return { unshippedEvents, detail: `PostgreSQL has not answered for ${seconds} s; ${wait}.` }
    }
    return this.#failure === undefined ? { unshippedEvents } : { unshippedEvents, detail: `${this.#failure.message} ${wait}.` }
  }

  /** Says that there is something to ship. */
  wake(): void {
    // While a try fails, its own timer decides.
    if (this.#failure === undefined && this.#running === undefined && !this.#isClosed) this.#runIn(GATHER_MS)
  }

  /**
   * Ships what is in the journal now, so that a read sees it.
   * @throws store_unavailable where the database does not take it
   */
  async catchUp(): Promise<void> {
    const { local, socketWorld } = this.#options
    const seq = local.reader.lastSeq
    await atMost(READ_WAIT_MS, socketWorld, this.#shipTo(seq))
  }

  /** Tries no more: for a start that failed. */
  abandon(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  /** Ships what is left, as far as it goes in a few seconds, and says what could not be shipped. */
  async close(): Promise<void> {
    const { local, socketWorld, report } = this.#options
    this.abandon()
    // Its failure is what the report below tells of.
    await atMost(CLOSE_WAIT_MS, socketWorld, this.#shipTo(local.reader.lastSeq)).catch(() => {})
    const { unshippedEvents } = this.condition()
    if (unshippedEvents > 0) report(leftBehind(unshippedEvents))
  }

  /** Goes on until this batch is there. A run that was on its way may have begun before it; its failure is not this one's. */
  async #shipTo(seq: number): Promise<void> {
    await this.#running?.catch(() => {})
    while (this.shippedSeq < seq || this.#isUncertain) await this.#run()
  }

  #runIn(ms: number): void {
    this.#cancel ??= this.#options.world.after(ms, () => {
      this.#cancel = undefined
      // What failed is noted, and tried again.
      this.#run().catch(() => {})
    })
  }

  /** One run at a time; whoever asks meanwhile waits for it. */
  #run(): Promise<void> {
    this.#running ??= this.#shipAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #shipAll(): Promise<void> {
    try {
      // What comes in the meantime goes with the next run: a reader that waits for this one must not wait for ever.
      const end = this.#options.local.reader.lastSeq
      do await this.#shipNext()
      while (this.shippedSeq < end || this.#isUncertain)
      this.#onShipped()
    } catch (thrown) {
      this.#onFailed(thrown)
      throw thrown
    }
  }

  async #shipNext(): Promise<void> {
    const { pool, local, world } = this.#options
    const tallies = this.#options.tallies()
    const from = this.#place === undefined || this.#isUncertain ? await this.#findPlace() : this.#place
    this.#place = from
    this.#isUncertain = false
    const shipment = await nextShipment(local.reader, from.seq, tallies.fold(), world)
    if (shipment === undefined) return
    try {
      this.#place = await pool.transaction(async (sql) => {
        await sql.unsafe(`SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`)
        return ship(sql, shipment, from, tallies, world.now())
      })
    } catch (thrown) {
      this.#isUncertain = true
      if (!(thrown instanceof PlaceMoved)) throw thrown
    }
  }

  #findPlace(): Promise<ShippedTo> {
    const { pool, nodeId, local, world, report } = this.#options
    return pool.transaction((sql) => findShipped({ sql, nodeId, local, world, report }), FIND_MS)
  }

  #onShipped(): void {
    this.#failure = undefined
    this.#retryMs = RETRY_FIRST_MS
    if (this.#options.local.reader.lastSeq > this.shippedSeq && !this.#isClosed) this.#runIn(GATHER_MS)
  }

  #onFailed(thrown: unknown): void {
    const { world, report } = this.#options
    const failure = thrown instanceof GatewayError ? thrown : new GatewayError('internal', 'Shipping failed.', { cause: thrown })
    if (this.#failure === undefined) report(failure)
    this.#failure = failure
    if (this.#isClosed) return
    // Replicas that lost the same database must not all come back to it at one time.
    const waitMs = this.#retryMs * (0.5 + world.random() / 2)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS)
    this.#runIn(waitMs)
  }
}

function leftBehind(events: number): GatewayError {
  const what = events === 1 ? '1 event is' : `${events} events are`
  return new GatewayError(
    'store_unavailable',
    `${what} not in PostgreSQL yet. They are in the journal; the next start of this folder ships them.`,
  )
}
