import type { Ending, Reply } from '../core/reply.ts'
import type { TestPart } from './pipeline-plan.ts'

/** One thing that must happen exactly once, and before what is outside of it. */
export interface Watched {
  readonly what: string
  readonly inner: Watched[]
  runs: number
  /** Whether the stages behind it accepted. */
  isAccepted: boolean
  ending: Ending | undefined
}

interface WatchedReply {
  readonly where: string
  readonly reply: Reply<TestPart>
  ends: number
  isResolved: boolean
}

/** Looks at a pipeline from all sides, and notes whatever is not as promised. */
export class PipelineWatch {
  readonly violations: string[] = []
  readonly #watched: Watched[] = []
  readonly #replies = new Map<Reply<TestPart>, WatchedReply>()
  readonly #finalChecks: (() => void)[] = []

  /** Why the call cannot have ended `ok`. */
  readonly faults: string[] = []

  note(violation: string): void {
    this.violations.push(violation)
  }

  /** Runs when the pipeline has come to rest. */
  atRest(check: () => void): void {
    this.#finalChecks.push(check)
  }

  /** Begins to watch an `onEnd`, or a hold and its settlement. */
  open(what: string, outer: Watched | undefined): Watched {
    const watched: Watched = { what, inner: [], runs: 0, isAccepted: false, ending: undefined }
    this.#watched.push(watched)
    outer?.inner.push(watched)
    return watched
  }

  /** It ran: all that is inside must have run before. */
  ran(watched: Watched, ending: Ending): void {
    watched.runs++
    watched.ending = ending
    for (const inner of watched.inner) if (inner.runs === 0) this.note(`${watched.what} ended before ${inner.what}, which is inside`)
  }

  /** Watches a reply for its one ending. A reply that was seen before is not watched twice. */
  see(reply: Reply<TestPart>, where: string): void {
    if (this.#replies.has(reply)) return
    const entry: WatchedReply = { where, reply, ends: 0, isResolved: false }
    this.#replies.set(reply, entry)
    reply.addOnEnd(() => {
      entry.ends++
      return undefined
    })
    reply.ended.then(
      () => {
        entry.isResolved = true
      },
      () => this.note(`ended of ${where} rejected`),
    )
  }

  /** Everything must be over now. */
  finish(): readonly string[] {
    for (const check of this.#finalChecks) check()
    for (const { what, runs } of this.#watched) if (runs !== 1) this.note(`${what} ran ${runs} times`)
    for (const { where, ends, isResolved, reply } of this.#replies.values()) {
      if (ends !== 1 || !isResolved || reply.ending === undefined)
        this.note(`the reply of ${where} ended ${ends} times, resolved: ${isResolved}`)
    }
    return this.violations
  }
}
