import type { Database } from 'bun:sqlite'
import { GatewayError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { inSlices, type Steps } from '../in-slices.ts'
import type { ProjectionFeed } from '../projection-feed.ts'
import { isBusy } from './database.ts'
import { folderFailure } from './failure.ts'
import type { JournalReader, Segment } from './journal-reader.ts'

const LOOK_MS = 3_600_000
const FIRST_LOOK_MS = 10_000
/** Batches removed in one step. */
const STEP_BATCHES = 16

/** What trimming needs. */
export interface TrimOptions {
  readonly database: Database
  readonly folder: string
  readonly reader: JournalReader
  readonly feed: ProjectionFeed
  readonly log: EventLog
  readonly world: World
  /** Whole segments that closed longer ago than this are removed. */
  readonly retentionMs: number
  readonly onWrote: (bytes: number) => void
  readonly report: (problem: GatewayError) => void
}

/**
 * Removes segments past their retention. First what they came to goes into the base of the projections, then their batches go, then
 * `log.trimmed` says so; the segment's row stays, with its totals and hashes. Each step can be broken off and done again.
 */
export class Trimmer {
  readonly #options: TrimOptions
  #cancel: CancelTimer | undefined
  #isClosed = false

  constructor(options: TrimOptions) {
    this.#options = options
    this.#lookIn(FIRST_LOOK_MS)
  }

  /** Removes what is past its retention now. Returns the number of segments that went. */
  async trim(): Promise<number> {
    const { world, reader, retentionMs } = this.#options
    const beforeMs = world.now() - retentionMs
    let trimmed = 0
    for (const segment of reader.segments()) {
      if (segment.state === 'trimmed') continue
      // Oldest first, and without holes: the chain goes on from the last one that went.
      if (segment.closedAtMs >= beforeMs || this.#isClosed) break
      if (!(await inSlices(this.#remove(segment), world)) || this.#isClosed) break
      await this.#say(segment)
      trimmed++
    }
    return trimmed
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  *#remove(segment: Segment): Steps<boolean> {
    const { feed, database, onWrote } = this.#options
    if (segment.state === 'closed') {
      if (!(yield* feed.foldIntoBase(segment.firstSeq, segment.lastSeq))) return false
      this.#setState(segment, 'trimming')
    }
    const sql = `DELETE FROM batches WHERE seq IN (SELECT seq FROM batches WHERE seq <= ? ORDER BY seq LIMIT ${STEP_BATCHES})`
    const statement = database.query(sql)
    while (!this.#isClosed) {
      try {
        const { changes } = statement.run(segment.lastSeq)
        if (changes === 0) return true
        onWrote(changes * 4096)
      } catch (thrown) {
        if (!isBusy(thrown)) throw thrown
      }
      yield
    }
    return false
  }

  async #say(segment: Segment): Promise<void> {
    const { log, world } = this.#options
    await log.append({ type: 'log.trimmed', atMs: world.now(), segment: segment.id, events: segment.events, lastHash: segment.lastHash })
    this.#setState(segment, 'trimmed')
  }

  #setState(segment: Segment, state: Segment['state']): void {
    this.#options.database.query('UPDATE segments SET state = ? WHERE id = ?').run(state, segment.id)
  }

  #lookIn(ms: number): void {
    this.#cancel = this.#options.world.after(ms, () => {
      this.trim()
        .catch((thrown) => {
          // A close in the middle: the next start does it again.
          if (!this.#isClosed) this.#options.report(this.#failure(thrown))
        })
        .finally(() => {
          if (!this.#isClosed) this.#lookIn(LOOK_MS)
        })
    })
  }

  #failure(thrown: unknown): GatewayError {
    const { message } = folderFailure(this.#options.folder, thrown)
    return new GatewayError('internal', `Old segments of the log could not be removed; it is tried again in an hour. ${message}`, {
      cause: thrown,
    })
  }
}
