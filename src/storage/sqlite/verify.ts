import { chainHash, hexOf } from '../chain.ts'
import type { Steps } from '../in-slices.ts'
import type { Verification } from '../store.ts'
import type { BatchRow, JournalReader, Segment } from './journal-reader.ts'

/** Places that know how far the log reached, apart from its batches. */
export interface KnownEnd {
  readonly seq: number
  /** Who says so, for the message. */
  readonly source: string
}

type Broken = Extract<Verification, { type: 'broken' }>

/** Walks the chain from its first batch, or from the last trimmed segment, to its present end. */
export function* verifyChain(reader: JournalReader, knownEnds: readonly KnownEnd[]): Steps<Verification> {
  const segments = reader.segments()
  const trimmed = checkTrimmed(segments)
  if (trimmed !== undefined && 'type' in trimmed) return trimmed
  const walk = new Walk(trimmed?.lastSeq ?? 0, trimmed === undefined ? reader.firstHash : Buffer.from(trimmed.lastHash, 'hex'))
  const kept = new Map(segments.filter((segment) => segment.state === 'closed').map((segment) => [segment.lastSeq, segment]))
  const lastSeq = reader.lastSeq
  for (let rows = reader.rowsAfter(walk.seq); rows.length > 0 && walk.seq < lastSeq; rows = reader.rowsAfter(walk.seq)) {
    for (const row of rows) {
      const problem = walk.step(row) ?? walk.checkSegment(kept.get(row.seq))
      if (problem !== undefined) return problem
    }
    yield
  }
  const furthest = knownEnds.find((end) => end.seq > walk.seq)
  if (furthest !== undefined)
    return missing(walk.seq + 1, `The log ends at batch ${walk.seq}, but ${furthest.source} knows batch ${furthest.seq}.`)
  return { type: 'intact', batches: walk.batches, events: walk.events, lastHash: hexOf(walk.hash) }
}

class Walk {
  seq: number
  hash: Uint8Array
  batches = 0
  events = 0

  constructor(seq: number, hash: Uint8Array) {
    this.seq = seq
    this.hash = hash
  }

  step(row: BatchRow): Broken | undefined {
    const wanted = this.seq + 1
    if (row.seq !== wanted) return missing(wanted, `Batch ${wanted} is missing; the next that is there is ${row.seq}.`)
    const hash = chainHash(this.hash, row.payload)
    if (Buffer.compare(hash, row.hash) !== 0)
      return missing(wanted, `Batch ${wanted} is not what was written, or does not follow the one before.`)
    this.seq = row.seq
    this.hash = hash
    this.batches++
    this.events += row.eventCount
    return undefined
  }

  checkSegment(segment: Segment | undefined): Broken | undefined {
    if (segment === undefined || segment.lastHash === hexOf(this.hash)) return undefined
    return missing(segment.lastSeq, `Segment ${segment.id} ended with another hash than batch ${segment.lastSeq} has.`)
  }
}

/** Checks that the trimmed segments, of which only their rows are left, follow one another. Returns the last of them. */
function checkTrimmed(segments: readonly Segment[]): Segment | Broken | undefined {
  let previous: Segment | undefined
  for (const segment of segments) {
    if (segment.state === 'closed') break
    const isNext = previous === undefined || (segment.firstSeq === previous.lastSeq + 1 && segment.previousHash === previous.lastHash)
    if (!isNext) return missing(segment.firstSeq, `Segment ${segment.id}, which was trimmed, does not follow segment ${previous?.id}.`)
    previous = segment
  }
  return previous
}

function missing(batch: number, reason: string): Broken {
  return { type: 'broken', batch, reason }
}
