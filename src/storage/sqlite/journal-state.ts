import type { CallStarted, Event } from '../../core/events.ts'
import { OpenCalls } from '../open-calls.ts'

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
  bytes: number
  events: number
  /** Time of its first batch; 0 while it has none. */
  firstAtMs: number
  earliestMs: number
  readonly totals: SegmentTotals
}

/** One batch, as the state takes it in. */
export interface StateBatch {
  readonly seq: number
  readonly atMs: number
  readonly earliestMs: number
  readonly bytes: number
  readonly events: readonly Event[]
}

interface SavedState {
  readonly seq: number
  readonly segment: OpenSegment
  readonly openCalls: readonly CallStarted[]
}

/** What is known of the log's end without reading it: the open segment, and the calls that run. Saved now and then, folded on from there. */
export class JournalState {
  readonly #open: OpenCalls
  readonly #segment: OpenSegment
  /** Kept apart while it is added to. */
  #costNanoUsd: bigint
  seq: number

  constructor(saved: SavedState) {
    this.#open = new OpenCalls(saved.openCalls)
    this.#segment = saved.segment
    this.#costNanoUsd = BigInt(saved.segment.totals.costNanoUsd)
    this.seq = saved.seq
  }

  /** The state just after a segment: an empty one is open. */
  static after(
    segment: { readonly id: number; readonly lastSeq: number; readonly lastHash: string },
    openCalls: readonly CallStarted[],
  ): JournalState {
    return new JournalState({
      seq: segment.lastSeq,
      openCalls,
      segment: emptySegment(segment.id + 1, segment.lastSeq + 1, segment.lastHash),
    })
  }

  static read(text: string): JournalState {
    // Written by `text` below, into our own database.
    return new JournalState(JSON.parse(text) as SavedState)
  }

  /** For storage. */
  text(): string {
    return JSON.stringify({ seq: this.seq, segment: this.segment(), openCalls: this.openCalls } satisfies SavedState)
  }

  /** The open segment; its cost is brought up to date by asking. */
  segment(): OpenSegment {
    this.#segment.totals.costNanoUsd = this.#costNanoUsd.toString()
    return this.#segment
  }

  /** Bytes in the open segment, and the time of its first batch: asked after every batch. */
  get segmentBytes(): number {
    return this.#segment.bytes
  }

  get segmentFirstAtMs(): number {
    return this.#segment.firstAtMs
  }

  /** Calls started and not ended, oldest first. */
  get openCalls(): readonly CallStarted[] {
    return this.#open.list()
  }

  take(batch: StateBatch): void {
    const segment = this.#segment
    this.seq = batch.seq
    segment.bytes += batch.bytes
    segment.events += batch.events.length
    if (segment.firstAtMs === 0) segment.firstAtMs = batch.atMs
    if (batch.earliestMs < segment.earliestMs) segment.earliestMs = batch.earliestMs
    for (const event of batch.events) this.#takeEvent(event, segment.totals)
  }

  #takeEvent(event: Event, totals: SegmentTotals): void {
    this.#open.take(event)
    if (event.type !== 'call.ended') return
    totals.calls++
    totals.outcomes[event.outcome] = (totals.outcomes[event.outcome] ?? 0) + 1
    if (event.costNanoUsd !== undefined && Number.isSafeInteger(event.costNanoUsd)) this.#costNanoUsd += BigInt(event.costNanoUsd)
  }
}

function emptySegment(id: number, firstSeq: number, previousHash: string): OpenSegment {
  return {
    id,
    firstSeq,
    previousHash,
    bytes: 0,
    events: 0,
    firstAtMs: 0,
    earliestMs: Number.MAX_SAFE_INTEGER,
    totals: { calls: 0, costNanoUsd: '0', outcomes: {} },
  }
}
