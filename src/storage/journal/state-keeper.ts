import { GatewayError } from '../../core/errors.ts'
import type { AttemptBooked, CallStarted, Event } from '../../core/events.ts'
import { type BatchSource, decodeEvents } from '../batch.ts'
import { causeText } from '../cause-text.ts'
import type { KeptState } from '../store.ts'
import type { JournalIndex } from './journal-index.ts'

/** The state is stored after this many events: what a start after a crash folds again. */
const SAVE_EVENTS = 10_000
/** A large state is stored more seldom: an event for so many characters of it, so that storing it stays a small part of the work. */
const CHARACTERS_AN_EVENT = 30

/** What keeping a state beside the log needs. */
interface StateKeeperOptions {
  readonly state: KeptState
  readonly index: JournalIndex
  readonly source: BatchSource
  readonly onSaved: (bytes: number) => void
  readonly report: (problem: GatewayError) => void
}

interface Saved {
  readonly version: number
  /** Number of the last batch whose events are in the text. */
  readonly seq: number
  readonly hash: string | undefined
}

/** As it was kept before the text stood by itself. */
interface SavedWhole extends Saved {
  readonly text: string
}

/** Stores a state that follows the log now and then, and at a start brings it up to the end of the log. */
export class StateKeeper {
  readonly #options: StateKeeperOptions
  #unsavedEvents = 0
  #savedLength = 0

  /** Restores the state, and folds what the log has beyond it. */
  constructor(options: StateKeeperOptions) {
    this.#options = options
    const { state, source } = options
    for (let seq = this.#restore(), batches = source.batchesAfter(seq); batches.length > 0; batches = source.batchesAfter(seq)) {
      for (const batch of batches) for (const event of decodeEvents(batch.text)) state.fold(event)
      seq = batches.at(-1)?.seq ?? seq
    }
  }

  /** Ends what the process that died had open. */
  resolveCrashed(openCalls: readonly CallStarted[]): readonly AttemptBooked[] {
    return this.#options.state.resolveCrashed(openCalls)
  }

  /**
   * Hears of a batch that was just written. What the state knows beyond it (an attempt that was booked, of a call that goes on) it knows as
   * that, and again when it meets it in the log.
   */
  take(events: readonly Event[]): void {
    for (const event of events) this.#options.state.written(event)
    this.#unsavedEvents += events.length
    if (this.#unsavedEvents < Math.max(SAVE_EVENTS, this.#savedLength / CHARACTERS_AN_EVENT)) return
    try {
      this.save()
    } catch (thrown) {
      // Nothing is lost: the log has it all, and the next batch tries again.
      this.#options.report(
        new GatewayError('internal', `The balances of budgets could not be stored; it is tried again. ${causeText(thrown)}`),
      )
    }
  }

  save(): void {
    const { state, index, source, onSaved } = this.#options
    const saved: Saved = { version: state.version, seq: source.lastSeq, hash: source.hashAt(source.lastSeq) }
    const text = state.text()
    index.keep(state.name, JSON.stringify(saved), text)
    this.#unsavedEvents = 0
    this.#savedLength = text.length
    onSaved(text.length + 4096)
  }

  /** @returns the number of the batch up to which the state is whole */
  #restore(): number {
    const { state, index, source, report } = this.#options
    const kept = index.kept(state.name)
    const beforeFirst = source.firstSeq - 1
    if (kept === undefined) return beforeFirst
    const { saved, text } = readKept(kept)
    const hash = source.hashAt(saved.seq)
    const isElsewhere = saved.seq > source.lastSeq || (hash !== undefined && saved.hash !== undefined && hash !== saved.hash)
    if (saved.version !== state.version) return beforeFirst
    if (isElsewhere) {
      report(
        new GatewayError(
          'conflict',
          `The stored balances of budgets belong to another log than the folder holds; they are made anew from it.`,
        ),
      )
      return beforeFirst
    }
    state.restore(text)
    return Math.max(saved.seq, beforeFirst)
  }
}

function readKept({ head, text }: { readonly head: string | undefined; readonly text: string }): {
  readonly saved: Saved
  readonly text: string
} {
  // Written by `save`, into our own database.
  if (head !== undefined) return { saved: JSON.parse(head) as Saved, text }
  const whole = JSON.parse(text) as SavedWhole
  return { saved: whole, text: whole.text }
}
