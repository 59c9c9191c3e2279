import { GatewayError } from '../../core/errors.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { folderFailure } from '../sqlite/failure.ts'
import type { JournalFiles } from './files.ts'
import type { JournalIndex, Segment } from './journal-index.ts'
import { segmentPath } from './load-tail.ts'

const LOOK_MS = 3_600_000
const FIRST_LOOK_MS = 10_000

/** What trimming needs. */
export interface TrimOptions {
  readonly folder: string
  readonly index: JournalIndex
  readonly files: JournalFiles
  /** Makes sure that nothing is lost with a segment: it is in the base of the projections, or was shipped. False: it must stay for now. */
  readonly mayRemove: (segment: Segment) => Promise<boolean>
  /** Writes down that a segment went, where that takes anything from the log. */
  readonly record: (segment: Segment) => Promise<void>
  readonly world: World
  /** Whole segments that closed longer ago than this are removed. */
  readonly retentionMs: number
  readonly report: (problem: GatewayError) => void
}

/**
 * Removes segments past their retention. First what they came to is kept elsewhere, then their file goes, then that is written down; the segment's row stays, with its totals and hashes. Each step can be broken off and done again.
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
    const { world, index, retentionMs } = this.#options
    const beforeMs = world.now() - retentionMs
    let trimmed = 0
    for (const segment of index.segments()) {
      if (segment.state === 'trimmed') continue
      // Oldest first, and without holes: the chain goes on from the last one that went.
      if (segment.closedAtMs >= beforeMs || !(await this.#remove(segment))) break
      trimmed++
    }
    return trimmed
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  async #remove(segment: Segment): Promise<boolean> {
    const { mayRemove, record, index, files, folder } = this.#options
    if (segment.state === 'closed') {
      if (!(await mayRemove(segment)) || this.#isClosed) return false
      index.setSegmentState(segment.id, 'trimming')
    }
    files.remove(segmentPath(folder, segment.id))
    // A crash here writes it once more at the next start, rather than not at all.
    await record(segment)
    if (this.#isClosed) return false
    index.setSegmentState(segment.id, 'trimmed')
    return true
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
