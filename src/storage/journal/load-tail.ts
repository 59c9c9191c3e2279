import { join } from 'node:path'
import type { CallStarted } from '../../core/events.ts'
import { decodeEvents } from '../batch.ts'
import { chainHash } from '../chain.ts'
import { OpenCalls } from '../open-calls.ts'
import { BlockList } from './blocks.ts'
import type { JournalFiles } from './files.ts'
import type { JournalIndex } from './journal-index.ts'
import { JournalState } from './journal-state.ts'
import { scanFile } from './scan-file.ts'

/** The end of the log, as far as the open segment goes. */
export interface Tail {
  readonly state: JournalState
  readonly blocks: BlockList
  /**
   * Bytes after the last batch that can be trusted: one that was being written when the process died, of which nobody was told, or what a
   * power cut left.
   */
  readonly unfinishedBytes: number
  /** Number of the batch that the saved state knows and the file has not: its end was cut off. */
  readonly cutOffSeq?: number
}

/** The file of a segment. */
export function segmentPath(folder: string, segment: number): string {
  return join(folder, 'journal', `${String(segment).padStart(8, '0')}.jsonl`)
}

/** Finds the end of the log: the saved state, and what the open segment's file has beyond it. */
export function loadTail(folder: string, index: JournalIndex, files: JournalFiles): Tail {
  const saved = index.state()
  const state = saved === undefined ? JournalState.empty() : JournalState.read(saved)
  const { id, firstSeq, sizeBytes } = state.segment
  const all = { fromSeq: firstSeq, toSeq: state.seq, sinceMs: 0, untilMs: Number.POSITIVE_INFINITY }
  const blocks = new BlockList(id, index.blocks(id, all))
  const present = fileSize(segmentPath(folder, id), files)
  if (present < sizeBytes) return { ...rescan(folder, state, index, files), cutOffSeq: state.seq }
  return present === sizeBytes ? { state, blocks, unfinishedBytes: 0 } : scanOn(folder, state, blocks, files)
}

/** Takes in what the file has beyond the state, as long as each batch follows the one before. */
function scanOn(folder: string, state: JournalState, blocks: BlockList, files: JournalFiles): Tail {
  const file = files.open(segmentPath(folder, state.segment.id), 'read')
  const tail = () => ({ state, blocks, unfinishedBytes: file.sizeBytes - state.segment.sizeBytes })
  try {
    for (const { batches } of scanFile(file, state.segment.sizeBytes)) {
      for (const batch of batches) {
        if (batch.seq !== state.seq + 1 || batch.seal.hash !== chainHash(state.hash, batch.hashedBytes)) return tail()
        state.take(batch.seal, decodeEvents(batch.text), batch.sizeBytes)
        blocks.add(batch.seal, batch.sizeBytes)
      }
    }
    return tail()
  } finally {
    file.close()
  }
}

/** The open segment from its beginning, with the calls that the segments before it left open: slow, but after a power cut only. */
function rescan(folder: string, state: JournalState, index: JournalIndex, files: JournalFiles): Tail {
  const begin = state.segmentBegin(openCallsBefore(folder, index, files))
  const blocks = new BlockList(begin.segment.id)
  if (fileSize(segmentPath(folder, begin.segment.id), files) === 0) return { state: begin, blocks, unfinishedBytes: 0 }
  return scanOn(folder, begin, blocks, files)
}

function openCallsBefore(folder: string, index: JournalIndex, files: JournalFiles): readonly CallStarted[] {
  const open = new OpenCalls()
  for (const segment of index.segments()) {
    if (segment.state !== 'closed') continue
    const file = files.open(segmentPath(folder, segment.id), 'read')
    try {
      for (const { batches } of scanFile(file, 0)) {
        for (const batch of batches) for (const event of decodeEvents(batch.text)) open.take(event)
      }
    } finally {
      file.close()
    }
  }
  return open.list()
}

function fileSize(path: string, files: JournalFiles): number {
  try {
    const file = files.open(path, 'read')
    try {
      return file.sizeBytes
    } finally {
      file.close()
    }
  } catch (thrown) {
    // A segment's file is made with its first batch.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return 0
    throw thrown
  }
}
