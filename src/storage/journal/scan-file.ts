import { type FileBatch, splitBatches } from './file-batch.ts'
import type { JournalFile } from './files.ts'

const CHUNK_BYTES = 1024 * 1024

/** Batches that stand one after the other, as many as one read gave. */
export interface Scanned {
  readonly batches: readonly FileBatch[]
  /** Where the last of them ends in the file. */
  readonly toByte: number
}

/** Reads a file from the beginning of a batch to its end, in parts. Whatever follows the last seal is not given out. */
export function* scanFile(file: JournalFile, fromByte: number): Generator<Scanned, void> {
  const sizeBytes = file.sizeBytes
  let from = fromByte
  let readBytes = CHUNK_BYTES
  while (from < sizeBytes) {
    const to = Math.min(sizeBytes, from + readBytes)
    const batches = splitBatches(file.read(from, to))
    const scannedBytes = batches.reduce((sum, batch) => sum + batch.sizeBytes, 0)
    from += scannedBytes
    if (scannedBytes > 0) yield { batches, toByte: from }
    // A batch may be larger than a read; at the end of the file, what is left is no batch.
    else if (to === sizeBytes) return
    readBytes = scannedBytes > 0 ? CHUNK_BYTES : readBytes * 4
  }
}
