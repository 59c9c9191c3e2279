import type { CallStarted, Event } from '../../core/events.ts'
import { FIRST_HASH } from '../chain.ts'
import { OpenCalls } from '../open-calls.ts'
import type { Seal } from './seal.ts'

/** What a segment came to: it stays when the segment is trimmed. */
export interface SegmentTotals {
  calls: number
  /** Decimal: JSON has no integers of this size. */
  costNanoUsd: string
  outcomes: Record<string, number>
}

/** The segment that is written to now. */
export interface OpenSegment {
  readonly id: number
  readonly firstSeq: number
  /** Hash of the batch before its first, hexadecimal. */
  readonly previousHash: string
  sizeBytes: number
  events: number
  /** Time of its first batch; 0 while it has none. */
  firstAtMs: number
  earliestMs: number
  readonly totals: SegmentTotals
}

interface SavedState {
  readonly seq: number
  readonly atMs: number
  readonly hash: string
  /** Events in the last batch. */
  readonly lastEvents: number
  readonly segment: OpenSegment
  readonly openCalls: readonly CallStarted[]
}

/** What is known of the log's end without reading it: where it ends, the open segment, and the calls that run. Saved now and then. */
export class JournalState {
  readonly #open: OpenCalls
  readonly #segment: OpenSegment
  /** Kept apart while it is added to. */
  #costNanoUsd: bigint
  #seq: number
  #atMs: number
  #hash: string
  #lastEvents: number

  constructor(saved: SavedState) {
    this.#open = new OpenCalls(saved.openCalls)
    this.#segment = saved.segment
    this.#costNanoUsd = BigInt(saved.segment.totals.costNanoUsd)
    this.#seq = saved.seq
    this.#atMs = saved.atMs
    this.#hash = saved.hash
    this.#lastEvents = saved.lastEvents
  }

  /** An empty log. */
  static empty(): JournalState {
    return new JournalState({ seq: 0, atMs: 0, hash: FIRST_HASH, lastEvents: 0, segment: emptySegment(1, 1, FIRST_HASH), openCalls: [] })
  }

  static read(text: string): JournalState {
    // Written by `text` below, into our own database.
    return new JournalState(JSON.parse(text) as SavedState)
  }

  /** The same end of the log, with an empty segment that begins there. */
  nextSegment(): JournalState {
    return new JournalState({ ...this.#saved(), segment: emptySegment(this.#segment.id + 1, this.#seq + 1, this.#hash) })
  }

  /** The state when the open segment began; it does not know itself which calls were open then. */
  segmentBegin(openCalls: readonly CallStarted[]): JournalState {
    const { id, firstSeq, previousHash } = this.#segment
    const segment = emptySegment(id, firstSeq, previousHash)
    return new JournalState({ seq: firstSeq - 1, atMs: this.#atMs, hash: previousHash, lastEvents: 0, segment, openCalls })
  }

  /** For storage. */
  text(): string {
    return JSON.stringify(this.#saved())
  }

  get seq(): number {
    return this.#seq
  }

  /** When the last batch was written; 0 in an empty log. */
  get atMs(): number {
    return this.#atMs
  }

  /** Hash of the last batch, hexadecimal. */
  get hash(): string {
    return this.#hash
  }

  get lastEvents(): number {
    return this.#lastEvents
  }

  /** Its size and ages, which change with every batch. Its totals are as of the last `closing`. */
  get segment(): Readonly<OpenSegment> {
    return this.#segment
  }

  /** The open segment with its totals brought up to date. */
  closing(): Readonly<OpenSegment> {
    this.#segment.totals.costNanoUsd = this.#costNanoUsd.toString()
    return this.#segment
  }

  /** Calls started and not ended, oldest first. */
  get openCalls(): readonly CallStarted[] {
    return this.#open.list()
  }

  take(seal: Seal, events: readonly Event[], sizeBytes: number): void {
    const segment = this.#segment
    this.#seq = seal.seq
    this.#atMs = seal.atMs
    this.#hash = seal.hash
    this.#lastEvents = events.length
    segment.sizeBytes += sizeBytes
    segment.events += events.length
    if (segment.firstAtMs === 0) segment.firstAtMs = seal.atMs
    if (seal.earliestMs < segment.earliestMs) segment.earliestMs = seal.earliestMs
    for (const event of events) this.#takeEvent(event, segment.totals)
  }

  #takeEvent(event: Event, totals: SegmentTotals): void {
    this.#open.take(event)
    if (event.type !== 'call.ended') return
    totals.calls++
    totals.outcomes[event.outcome] = (totals.outcomes[event.outcome] ?? 0) + 1
    if (event.costNanoUsd !== undefined && Number.isSafeInteger(event.costNanoUsd)) this.#costNanoUsd += BigInt(event.costNanoUsd)
  }

  #saved(): SavedState {
    const { seq, atMs, hash, lastEvents, openCalls } = this
    return { seq, atMs, hash, lastEvents, openCalls, segment: this.closing() }
  }
}

function emptySegment(id: number, firstSeq: number, previousHash: string): OpenSegment {
  return {
    id,
    firstSeq,
    previousHash,
    sizeBytes: 0,
    events: 0,
    firstAtMs: 0,
    earliestMs: Number.MAX_SAFE_INTEGER,
    totals: { calls: 0, costNanoUsd: '0', outcomes: {} },
  }
}
