import type { Seal } from './seal.ts'

/** A block is closed at this size: what a reader reads at once. */
const BLOCK_BYTES = 64 * 1024

/** Some batches that stand one after the other in a file, and what they hold: the index of the log. */
export interface Block {
  readonly segment: number
  readonly firstSeq: number
  readonly lastSeq: number
  /** Where it begins in its file, and where it ends. */
  readonly fromByte: number
  readonly toByte: number
  readonly earliestMs: number
  /** When its last batch was written. */
  readonly lastAtMs: number
}

/** The blocks of the segment that is written to, in memory: some thirty kilobytes. */
export class BlockList {
  readonly #segment: number
  readonly #blocks: Block[]

  constructor(segment: number, blocks: readonly Block[] = []) {
    this.#segment = segment
    this.#blocks = [...blocks]
  }

  get all(): readonly Block[] {
    return this.#blocks
  }

  /** Takes the batch that was written at the end of the file. */
  add(seal: Omit<Seal, 'hash'>, sizeBytes: number): void {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.toByte - last.fromByte < BLOCK_BYTES) {
      this.#blocks[this.#blocks.length - 1] = {
        ...last,
        lastSeq: seal.seq,
        toByte: last.toByte + sizeBytes,
        earliestMs: Math.min(last.earliestMs, seal.earliestMs),
        lastAtMs: seal.atMs,
      }
      return
    }
    const fromByte = last?.toByte ?? 0
    const toByte = fromByte + sizeBytes
    const { seq, earliestMs, atMs } = seal
    this.#blocks.push({ segment: this.#segment, firstSeq: seq, lastSeq: seq, fromByte, toByte, earliestMs, lastAtMs: atMs })
  }
}
