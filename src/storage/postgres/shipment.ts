import type { World } from '../../core/world.ts'
import { decodeEvents } from '../batch.ts'
import type { FileBatch } from '../journal/file-batch.ts'
import type { JournalReader } from '../journal/journal-reader.ts'
import type { Sql } from './pool.ts'
import type { Folded, PostgresTallies } from './tallies.ts'
import type { ShippedTo } from './writer.ts'

/** A shipment holds at the most one batch more than this: what is in memory of a backlog, however long it is. */
const SHIPMENT_BYTES = 512 * 1024
const SHIPMENT_BATCHES = 2000

/** Batches that go to the database in one transaction. */
export interface Shipment {
  readonly batches: readonly FileBatch[]
  readonly folded: Folded
  readonly events: number
}

/** Reads the next batches from the files, and lets the event loop turn between its reads. Undefined at the end of the journal. */
export async function nextShipment(reader: JournalReader, afterSeq: number, folded: Folded, world: World): Promise<Shipment | undefined> {
  const batches: FileBatch[] = []
  let sizeBytes = 0
  let events = 0
  while (sizeBytes < SHIPMENT_BYTES && batches.length < SHIPMENT_BATCHES) {
    const read = reader.batchesAfter(batches.at(-1)?.seq ?? afterSeq)
    if (read.length === 0) break
    for (const batch of read) {
      for (const event of decodeEvents(batch.text)) {
        for (const projection of folded) projection.fold(event)
        events++
      }
      sizeBytes += batch.sizeBytes
    }
    batches.push(...read)
    await new Promise<void>((resolve) => world.atEndOfTurn(resolve))
  }
  return batches.length === 0 ? undefined : { batches, folded, events }
}

/** The place in the database was moved by somebody else, or by a shipment whose acknowledgement was lost. */
export class PlaceMoved extends Error {}

/**
 * Adds batches, their events to all sums, and moves the place, all or nothing. The place must be where it was thought to be: a shipment
 * that is sent twice changes nothing the second time.
 * @throws PlaceMoved
 */
export async function ship(sql: Sql, shipment: Shipment, from: ShippedTo, tallies: PostgresTallies, nowMs: number): Promise<ShippedTo> {
  const { batches, folded, events } = shipment
  const last = batches.at(-1)
  if (last === undefined) return from
  const to: ShippedTo = { writer: from.writer, seq: last.seq, hash: last.seal.hash, events: from.events + events }
  // One at a time from here on, over all writers. What follows goes out at once; what failed is rolled back with the rest.
  const locked = sql.unsafe('SELECT position FROM log_end FOR UPDATE')
  const moved = sql.unsafe(
    `UPDATE writers SET last_seq = $2, hash = $3, events = $4, shipped_at_ms = $5 WHERE writer = $1 AND last_seq = $6 AND hash = $7`,
    [to.writer, to.seq, to.hash, to.events, nowMs, from.seq, from.hash],
    { prepare: true },
  )
  const inserted = sql.unsafe(INSERT, insertValues(to.writer, batches), { prepare: true })
  const [, { count }] = await Promise.all([locked, moved, inserted, tallies.check(sql).then(() => tallies.add(sql, folded))])
  if (count !== 1) throw new PlaceMoved()
  return to
}

/** The lines of all batches are one binary value, cut up by the server: quoting each as a text of a list costs more than the rest together. */
const INSERT = `
  WITH place AS (UPDATE log_end SET position = position + cardinality($2::bigint[]) RETURNING position - cardinality($2::bigint[]) AS before)
  INSERT INTO batches (writer, seq, position, at_ms, earliest_ms, events, hash, lines)
  SELECT $1, seq, before + ordinality, at_ms, earliest_ms, events, hash, convert_from(substring($7::bytea FROM from_byte FOR size), 'UTF8')
  FROM place, unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[], $8::integer[], $9::integer[])
    WITH ORDINALITY AS batch (seq, at_ms, earliest_ms, events, hash, from_byte, size, ordinality)`

function insertValues(writer: string, batches: readonly FileBatch[]) {
  const lines = Buffer.concat(batches.map(({ eventBytes }) => eventBytes))
  const sizes = batches.map(({ eventBytes }) => eventBytes.length)
  let from = 1
  const fromBytes = sizes.map((size) => {
    from += size
    return from - size
  })
  return [
    writer,
    batches.map(({ seq }) => seq),
    batches.map(({ seal }) => seal.atMs),
    batches.map(({ seal }) => seal.earliestMs),
    batches.map(({ seal }) => seal.events),
    batches.map(({ seal }) => seal.hash),
    lines,
    fromBytes,
    sizes,
  ]
}
