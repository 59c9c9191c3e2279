import type { WrittenBatch } from '../batch.ts'
import { readSeal, SEAL_START, SEAL_TAIL_BYTES, type Seal } from './seal.ts'

const SEAL_AFTER_EVENT = Buffer.from(`\n${SEAL_START}`)
const LINE_FEED = 10

/** A batch as it stands in a file: its events and its seal. */
export class FileBatch implements WrittenBatch {
  readonly seal: Seal
  readonly #bytes: Buffer
  readonly #eventBytes: number
  #text: string | undefined

  /** @param bytes the batch, seal included; the first `eventBytes` of them are its events */
  constructor(seal: Seal, bytes: Buffer, eventBytes: number) {
    this.seal = seal
    this.#bytes = bytes
    this.#eventBytes = eventBytes
  }

  get seq(): number {
    return this.seal.seq
  }

  get sizeBytes(): number {
    return this.#bytes.length
  }

  /** Made where it is asked for: a check of the chain needs the bytes only. */
  get text(): string {
    this.#text ??= this.#bytes.toString('utf8', 0, this.#eventBytes)
    return this.#text
  }

  /** What its hash covers, after the hash before it. */
  get hashedBytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#bytes.length - SEAL_TAIL_BYTES)
  }

  /** Its lines, without the seal. */
  get eventBytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#eventBytes)
  }

  mentions(needle: Uint8Array): boolean {
    return this.#bytes.subarray(0, this.#eventBytes).includes(needle)
  }
}

/** Cuts bytes, which begin where a batch begins, into batches. What follows the last seal is left out: an unfinished batch, or damage. */
export function splitBatches(bytes: Buffer): readonly FileBatch[] {
  const batches: FileBatch[] = []
  let from = 0
  let searchAt = 0
  for (;;) {
    const sealAt = bytes.indexOf(SEAL_AFTER_EVENT, searchAt) + 1
    const end = sealAt === 0 ? -1 : bytes.indexOf(LINE_FEED, sealAt)
    if (end === -1) return batches
    const seal = readSeal(bytes.toString('latin1', sealAt, end))
    searchAt = end
    // A damaged seal closes nothing: its batch and the next look like one, whose hash is wrong.
    if (seal === undefined) continue
    batches.push(new FileBatch(seal, bytes.subarray(from, end + 1), sealAt - from))
    from = end + 1
  }
}
