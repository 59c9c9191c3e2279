import { chainHash, FIRST_HASH } from '../chain.ts'
import { sealHead } from '../journal/seal.ts'
import type { Verification } from '../store.ts'
import type { Pool } from './pool.ts'

const PAGE = 200

interface WriterRow {
  readonly writer: string
  readonly first_seq: string
  readonly hash_before: string
  readonly last_seq: string
  readonly hash: string
}

interface BatchRow {
  readonly seq: string
  readonly at_ms: string
  readonly earliest_ms: string
  readonly events: number
  readonly hash: string
  readonly lines: string
}

/** A chain that was walked, or where it is broken. */
type Walked = Exclude<Verification, { type: 'intact' }> | { readonly type: 'walked'; readonly batches: number; readonly events: number }

/**
 * Walks the chain of each writer in PostgreSQL, from its first batch or from where it was trimmed, up to where its writer says that it
 * ends. Trusts the lines only: a changed time or count breaks the hash as a changed line does.
 */
export async function verifyChains(pool: Pool): Promise<Verification> {
  const writers = await pool.use((sql) =>
    sql.unsafe<WriterRow[]>('SELECT writer, first_seq, hash_before, last_seq, hash FROM writers ORDER BY shipped_at_ms DESC, writer'),
  )
  let batches = 0
  let events = 0
  for (const writer of writers) {
    const walked = await walk(pool, writer)
    if (walked.type === 'broken') return walked
    batches += walked.batches
    events += walked.events
  }
  // Of the writer that shipped last; the table `writers` has the last hash of each.
  return { type: 'intact', batches, events, lastHash: writers[0]?.hash ?? FIRST_HASH }
}

async function walk(pool: Pool, row: WriterRow): Promise<Walked> {
  let seq = Number(row.first_seq) - 1
  let hash = row.hash_before
  let [batches, events] = [0, 0]
  for (;;) {
    const page = await pool.use((sql) => sql.unsafe<BatchRow[]>(PAGE_OF, [row.writer, seq, row.last_seq], { prepare: true }))
    for (const batch of page) {
      const wanted = seq + 1
      if (Number(batch.seq) !== wanted) return broken(row, wanted, `it is missing; the next that is there is ${batch.seq}`)
      const present = hashOf(batch, hash)
      if (present !== batch.hash) return broken(row, wanted, 'it is not what was written')
      seq = wanted
      hash = present
      batches++
      events += batch.events
    }
    if (page.length < PAGE) break
  }
  if (seq !== Number(row.last_seq)) return broken(row, seq + 1, `the chain ends before it, and once reached batch ${row.last_seq}`)
  return hash === row.hash ? { type: 'walked', batches, events } : broken(row, seq, 'its writer knows another hash')
}

const PAGE_OF = `SELECT seq, at_ms, earliest_ms, events, hash, lines FROM batches WHERE writer = $1 AND seq > $2 AND seq <= $3
  ORDER BY seq LIMIT ${PAGE}`

/** What was hashed in the journal: the lines, and the head of the seal. */
function hashOf({ seq, at_ms, earliest_ms, events, lines }: BatchRow, previous: string): string {
  const head = sealHead({ seq: Number(seq), atMs: Number(at_ms), earliestMs: Number(earliest_ms), events })
  return chainHash(previous, new TextEncoder().encode(lines + head))
}

function broken({ writer }: WriterRow, batch: number, what: string): Exclude<Verification, { type: 'intact' }> {
  return { type: 'broken', batch, reason: `Batch ${batch} of ${writer} in PostgreSQL: ${what}.` }
}
