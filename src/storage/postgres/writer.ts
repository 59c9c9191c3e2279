import { GatewayError } from '../../core/errors.ts'
import type { World } from '../../core/world.ts'
import { inSlices, type Steps } from '../in-slices.ts'
import type { LocalLog } from '../journal/local-log.ts'
import type { Sql } from './pool.ts'

/** How far the journal of this process has come into the database. */
export interface ShippedTo {
  /** Who shipped it: the node, or the node with a number where its journal went another way than what was shipped before. */
  readonly writer: string
  /** Number of the last batch that is there. */
  readonly seq: number
  /** Its hash in the chain. */
  readonly hash: string
  /** Events of the journal up to there, those that were trimmed before they could be shipped included. */
  readonly events: number
}

/** What finding the place needs. */
export interface WriterSearch {
  readonly sql: Sql
  readonly nodeId: string
  readonly local: LocalLog
  readonly world: World
  readonly report: (problem: GatewayError) => void
}

interface WriterRow {
  readonly writer: string
  readonly first_seq: string
  readonly last_seq: string
  readonly hash: string
  readonly events: string
}

/**
 * Finds how far this journal was shipped, and goes on from there: the database says so, not this process, so that a lost acknowledgement
 * or a crash repeats nothing. Where what was shipped is not what the journal has (its end was lost in a power cut after it was shipped, its
 * folder was copied, an old backup was put back), a new writer begins where the two still agree: nothing is shipped twice, nothing is left out.
 */
export async function findShipped(search: WriterSearch): Promise<ShippedTo> {
  const { sql, nodeId, local, report } = search
  const rows = await sql.unsafe<WriterRow[]>(
    'SELECT writer, first_seq, last_seq, hash, events FROM writers WHERE node = $1 ORDER BY last_seq DESC, writer DESC',
    [nodeId],
  )
  const known = rows.find((row) => hashAt(local, Number(row.last_seq)) === row.hash)
  if (known !== undefined) return { writer: known.writer, seq: Number(known.last_seq), hash: known.hash, events: Number(known.events) }
  const floor = local.reader.firstSeq - 1
  let seq = floor
  for (const row of rows) seq = Math.max(seq, await lastCommon(search, row))
  const hash = hashAt(local, seq)
  if (hash === undefined) throw new Error(`The journal does not know its batch ${seq}.`)
  const writer = rows.length === 0 ? nodeId : `${nodeId}.${rows.length + 1}`
  const events = seq === floor ? local.trimmedEventCount : await inSlices(eventsUpTo(local, seq), search.world)
  if (rows.length > 0 || floor > 0) report(anotherWay(writer, seq, rows.length > 0))
  await sql.unsafe(
    `INSERT INTO writers (writer, node, first_seq, hash_before, last_seq, hash, events, shipped_at_ms)
     VALUES ($1, $2, $3, $4, $5, $4, $6, 0)`,
    [writer, nodeId, seq + 1, hash, seq, events],
  )
  return { writer, seq, hash, events }
}

/** The chain's hash at a batch of the journal; undefined where it is not there. */
function hashAt(local: LocalLog, seq: number): string | undefined {
  return seq === local.reader.firstSeq - 1 ? local.hashBeforeFirst : local.reader.hashAt(seq)
}

/** The last batch that the journal and a writer have in common: the chain makes all before it the same, so halves are enough. 0: none that both still have. */
async function lastCommon({ sql, local }: WriterSearch, row: WriterRow): Promise<number> {
  let low = 0
  let first = Math.max(Number(row.first_seq), local.reader.firstSeq)
  let last = Math.min(Number(row.last_seq), local.reader.lastSeq)
  while (first <= last) {
    const middle = Math.floor((first + last) / 2)
    const [batch] = await sql.unsafe<{ hash: string }[]>('SELECT hash FROM batches WHERE writer = $1 AND seq = $2', [row.writer, middle])
    if (batch !== undefined && batch.hash === hashAt(local, middle)) {
      low = middle
      first = middle + 1
    } else last = middle - 1
  }
  return low
}

function* eventsUpTo(local: LocalLog, seq: number): Steps<number> {
  let after = 0
  let reached = seq
  for (let batches = local.reader.batchesAfter(reached); batches.length > 0; batches = local.reader.batchesAfter(reached)) {
    for (const batch of batches) after += batch.seal.events
    reached = batches.at(-1)?.seq ?? reached
    yield
  }
  return local.eventCount - after
}

function anotherWay(writer: string, seq: number, isKnown: boolean): GatewayError {
  const why = isKnown
    ? 'What PostgreSQL has of this node is not what its journal has: its end was lost, its folder was copied, or a backup was put back.'
    : 'The journal begins after batches that were removed from it before they were shipped.'
  return new GatewayError('conflict', `${why} It is shipped as writer ${writer} from batch ${seq + 1} on.`)
}
