import type { EventReader, LoggedEvent, LogPosition, LogQuery } from '../../core/ports.ts'
import { timeOfId, type World } from '../../core/world.ts'
import type { BatchSource } from '../batch.ts'
import { inSlices, type Steps } from '../in-slices.ts'
import { eventsOfCall, selectEvents } from '../log-query.ts'
import { codeOf } from '../sqlite/database.ts'
import type { Block } from './blocks.ts'
import { type FileBatch, splitBatches } from './file-batch.ts'
import type { JournalFiles } from './files.ts'
import type { BlockRange, JournalIndex } from './journal-index.ts'
import type { JournalState } from './journal-state.ts'
import { segmentPath } from './load-tail.ts'

/** The end of the log as its writer knows it, or as it was found. */
export interface JournalEnd {
  readonly state: JournalState
  /** Blocks of the open segment. */
  readonly openBlocks: readonly Block[]
}

/** What a reader needs. */
export interface JournalReaderOptions {
  readonly folder: string
  readonly index: JournalIndex
  readonly files: JournalFiles
  readonly end: JournalEnd
  readonly world: World
}

interface Wanted extends BlockRange {
  readonly order: LogQuery['order']
  readonly mentions: string | undefined
}

const EVERYTHING: BlockRange = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER, sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER }

/** Reads the log, a block at a time; the index says which blocks can hold what is asked for. */
export class JournalReader implements EventReader, BatchSource {
  readonly #options: JournalReaderOptions

  constructor(options: JournalReaderOptions) {
    this.#options = options
  }

  get firstSeq(): number {
    const { index, end } = this.#options
    return index.segments().find((segment) => segment.state === 'closed')?.firstSeq ?? end.state.segment.firstSeq
  }

  get lastSeq(): number {
    return this.#options.end.state.seq
  }

  async end(): Promise<LogPosition> {
    const { seq, lastEvents } = this.#options.end.state
    return { batch: seq, index: Math.max(0, lastEvents - 1) }
  }

  batchesAfter(seq: number): readonly FileBatch[] {
    const block = this.#blockWith(seq + 1)
    return block === undefined ? [] : this.#readBlock(block).filter((batch) => batch.seq > seq)
  }

  hashAt(seq: number): string | undefined {
    const { state } = this.#options.end
    if (seq === state.seq) return state.hash
    const block = this.#blockWith(seq)
    return block === undefined ? undefined : this.#readBlock(block).find((batch) => batch.seq === seq)?.seal.hash
  }

  read(query: LogQuery): Promise<readonly LoggedEvent[]> {
    const { after, before, sinceMs, untilMs, order, mentions } = query
    const batches = this.#batches({
      fromSeq: after?.batch ?? EVERYTHING.fromSeq,
      toSeq: before?.batch ?? EVERYTHING.toSeq,
      // What happened at a time stands in a batch that was written then or later.
      sinceMs: sinceMs ?? EVERYTHING.sinceMs,
      // A batch that begins at or after `until` holds nothing before it; a later batch may, where an event was kept for a while.
      untilMs: untilMs ?? EVERYTHING.untilMs,
      order,
      mentions,
    })
    return inSlices(selectEvents(batches, query), this.#options.world)
  }

  readCall(callId: string): Promise<readonly LoggedEvent[]> {
    return inSlices(this.#callSteps(callId), this.#options.world)
  }

  *#callSteps(callId: string): Steps<readonly LoggedEvent[]> {
    const beganMs = timeOfId(callId)
    const time = beganMs === undefined ? EVERYTHING : { sinceMs: beganMs, untilMs: beganMs + 1 }
    const found: LoggedEvent[] = []
    for (const batches of this.#batches({ ...EVERYTHING, ...time, order: 'oldest-first', mentions: callId })) {
      for (const batch of batches) found.push(...eventsOfCall(batch, callId))
      yield
    }
    return found
  }

  /** A block at a time; of a block that holds nothing, an empty list, so that a long search comes to a cut. */
  *#batches(wanted: Wanted): Generator<readonly FileBatch[], void> {
    const isForward = wanted.order === 'oldest-first'
    const needle = wanted.mentions === undefined ? undefined : Buffer.from(wanted.mentions)
    for (const block of this.#blocks(wanted)) {
      const bytes = this.#readIfThere(block)
      // The bytes are searched before anything is made of them: most blocks end here.
      if (bytes === undefined || (needle !== undefined && !bytes.includes(needle))) {
        yield []
        continue
      }
      const batches = splitBatches(bytes).filter((batch) => isIn(batch, wanted) && (needle === undefined || batch.mentions(needle)))
      yield isForward ? batches : batches.toReversed()
    }
  }

  *#blocks(wanted: Wanted): Generator<Block, void> {
    const { index, end } = this.#options
    const closed = index
      .segments()
      .filter((segment) => segment.state === 'closed' && isInRange(segment, wanted))
      .map((segment) => () => index.blocks(segment.id, wanted))
    // What is open now may be closed, and then trimmed, while a slow consumer takes blocks: it is asked for now.
    const open = end.openBlocks.filter((block) => isInRange(block, wanted))
    const parts = [...closed, () => open]
    const isForward = wanted.order === 'oldest-first'
    for (const blocksOf of isForward ? parts : parts.toReversed()) yield* isForward ? blocksOf() : blocksOf().toReversed()
  }

  #blockWith(seq: number): Block | undefined {
    const { index, end } = this.#options
    const { segment } = end.state
    if (seq >= segment.firstSeq) return end.openBlocks.find((block) => block.lastSeq >= seq)
    const closed = index.segments().find((segment) => segment.state === 'closed' && segment.lastSeq >= seq)
    return closed === undefined ? undefined : index.blockWith(closed.id, Math.max(seq, closed.firstSeq))
  }

  #readBlock(block: Block): readonly FileBatch[] {
    return splitBatches(this.#readBytes(block))
  }

  /** A segment may be trimmed while a long read comes to it: then it is as if it had never been asked for. */
  #readIfThere(block: Block): Buffer | undefined {
    try {
      return this.#readBytes(block)
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return undefined
      throw thrown
    }
  }

  #readBytes(block: Block): Buffer {
    const { folder, files } = this.#options
    const file = files.open(segmentPath(folder, block.segment), 'read')
    try {
      return file.read(block.fromByte, block.toByte)
    } finally {
      file.close()
    }
  }
}

function isInRange(part: Pick<Block, 'firstSeq' | 'lastSeq' | 'earliestMs' | 'lastAtMs'>, range: BlockRange): boolean {
  const { fromSeq, toSeq, sinceMs, untilMs } = range
  return part.lastSeq >= fromSeq && part.firstSeq <= toSeq && part.lastAtMs >= sinceMs && part.earliestMs < untilMs
}

function isIn(batch: FileBatch, range: BlockRange): boolean {
  const { seq, atMs, earliestMs } = batch.seal
  return seq >= range.fromSeq && seq <= range.toSeq && atMs >= range.sinceMs && earliestMs < range.untilMs
}
