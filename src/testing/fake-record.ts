import { ANONYMOUS } from '../core/call.ts'
import type { CallFacts, CallRecord } from '../core/events.ts'

/** What a test can decide about a record. */
export interface FakeRecordOptions {
  readonly callId?: string
  readonly facts?: Partial<CallFacts>
  /** What writing `call.started` does: reject for a log that cannot be written, or wait. */
  readonly onStart?: () => Promise<void>
}

/** A record that counts. */
export interface FakeRecord extends CallRecord {
  /** How often `start` was asked to write: a second time does nothing more. */
  readonly startCalls: number
  /** Whether `call.started` is on disk. */
  readonly isStarted: boolean
}

/** Makes the record of a call, without a log behind it. */
export function fakeRecord(options: FakeRecordOptions = {}): FakeRecord {
  const facts: CallFacts = { principal: ANONYMOUS, prompt: {}, attempts: 0, ...options.facts }
  return new CountingRecord(options.callId ?? 'call_00000000000000000000000000', facts, options.onStart ?? (async () => {}))
}

class CountingRecord implements FakeRecord {
  readonly callId: string
  readonly facts: CallFacts
  readonly #onStart: () => Promise<void>
  #starting: Promise<void> | undefined
  action = 'models.call'
  readonly elapsedMs = 0
  startCalls = 0
  isStarted = false

  constructor(callId: string, facts: CallFacts, onStart: () => Promise<void>) {
    this.callId = callId
    this.facts = facts
    this.#onStart = onStart
  }

  awaitWork(): void {}
  finishLate(): void {}
  awaitPrice(): () => undefined {
    return () => undefined
  }

  start(): Promise<void> {
    this.startCalls++
    this.#starting ??= this.#onStart().then(() => {
      this.isStarted = true
    })
    return this.#starting
  }
}
