import { existsSync } from 'node:fs'
import { chainHash, FIRST_HASH } from '../chain.ts'
import type { Steps } from '../in-slices.ts'
import type { Verification } from '../store.ts'
import type { FileBatch } from './file-batch.ts'
import type { JournalFiles } from './files.ts'
import type { JournalIndex, Segment } from './journal-index.ts'
import type { JournalState } from './journal-state.ts'
import { segmentPath } from './load-tail.ts'
import { scanFile } from './scan-file.ts'

/** Places that know how far the log reached, apart from its files. */
export interface KnownEnd {
  readonly seq: number
  /** Who says so, for the message. */
  readonly source: string
}

/** What a check needs. */
export interface VerifyOptions {
  readonly folder: string
  readonly index: JournalIndex
  readonly files: JournalFiles
  /** The end of the log, when the check begins. */
  readonly state: JournalState
  readonly knownEnds: readonly KnownEnd[]
}

type Broken = Extract<Verification, { type: 'broken' }>

/** Walks the chain from its first batch, or from the last trimmed segment, to its present end. Trusts the files only, not their index. */
export function* verifyChain(options: VerifyOptions): Steps<Verification> {
  const segments = options.index.segments()
  const trimmed = checkTrimmed(segments)
  if (trimmed !== undefined && 'type' in trimmed) return trimmed
  const { id, firstSeq } = options.state.segment
  const lastSeq = options.state.seq
  const walk = new Walk(trimmed?.lastSeq ?? 0, trimmed?.lastHash ?? FIRST_HASH)
  for (const segment of segments) {
    if (segment.state !== 'closed') continue
    const problem = (yield* walk.file(options, segment.id, segment.lastSeq)) ?? walk.checkEnd(segment)
    if (problem !== undefined && isGone(options.index, segment)) {
      // It was trimmed while the check ran: its row speaks for it.
      walk.jump(segment)
      continue
    }
    if (problem !== undefined) return problem
  }
  const problem = lastSeq < firstSeq ? undefined : yield* walk.file(options, id, lastSeq)
  if (problem !== undefined) return problem
  const further = options.knownEnds.find((end) => end.seq > walk.seq)
  if (further !== undefined)
    return broken(walk.seq + 1, `The log ends at batch ${walk.seq}, but ${further.source} knows batch ${further.seq}.`)
  return { type: 'intact', batches: walk.batches, events: walk.events, lastHash: walk.hash }
}

class Walk {
  seq: number
  hash: string
  batches = 0
  events = 0

  constructor(seq: number, hash: string) {
    this.seq = seq
    this.hash = hash
  }

  /** Walks one file up to the batch that must be its last; what was written after the check began is left out. */
  *file({ folder, files }: VerifyOptions, segment: number, lastSeq: number): Steps<Broken | undefined> {
    const path = segmentPath(folder, segment)
    if (!existsSync(path)) return broken(this.seq + 1, `The file of segment ${segment}, ${path}, is missing.`)
    const file = files.open(path, 'read')
    try {
      for (const { batches } of scanFile(file, 0)) {
        for (const batch of batches) {
          if (this.seq === lastSeq) return undefined
          const problem = this.#step(batch)
          if (problem !== undefined) return problem
        }
        yield
      }
    } finally {
      file.close()
    }
    return this.seq === lastSeq
      ? undefined
      : broken(this.seq + 1, `Batch ${this.seq + 1} is missing, or is damaged up to the end of ${path}.`)
  }

  /** Goes on after a segment that was trimmed. */
  jump(segment: Segment): void {
    this.seq = segment.lastSeq
    this.hash = segment.lastHash
  }

  checkEnd(segment: Segment): Broken | undefined {
    if (segment.lastHash === this.hash) return undefined
    return broken(segment.lastSeq, `Segment ${segment.id} ended with another hash than batch ${segment.lastSeq} has.`)
  }

  #step(batch: FileBatch): Broken | undefined {
    const wanted = this.seq + 1
    const hash = chainHash(this.hash, batch.hashedBytes)
    // A damaged seal makes one of two batches: the number is then that of the second, and the damage is in the first.
    if (hash !== batch.seal.hash) return broken(wanted, `Batch ${wanted} is missing, or is not what was written.`)
    if (batch.seq !== wanted) return broken(wanted, `Batch ${wanted} is missing; the next that is there is ${batch.seq}.`)
    this.seq = wanted
    this.hash = hash
    this.batches++
    this.events += batch.seal.events
    return undefined
  }
}

function isGone(index: JournalIndex, segment: Segment): boolean {
  return index.segments().some(({ id, state }) => id === segment.id && state !== 'closed')
}

/** Checks that the trimmed segments, of which only their rows are left, follow one another. Returns the last of them. */
function checkTrimmed(segments: readonly Segment[]): Segment | Broken | undefined {
  let previous: Segment | undefined
  for (const segment of segments) {
    if (segment.state === 'closed') break
    const isNext = previous === undefined || (segment.firstSeq === previous.lastSeq + 1 && segment.previousHash === previous.lastHash)
    if (!isNext) return broken(segment.firstSeq, `Segment ${segment.id}, which was trimmed, does not follow segment ${previous?.id}.`)
    previous = segment
  }
  return previous
}

function broken(batch: number, reason: string): Broken {
  return { type: 'broken', batch, reason }
}
