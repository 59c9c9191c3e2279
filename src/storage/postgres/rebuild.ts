import { decodeEvents } from '../batch.ts'
import type { Pool, Sql } from './pool.ts'
import type { Folded, PostgresTallies } from './tallies.ts'

const PAGE = 200
/** Rows are stored after this many events: storing is what costs, and memory is what bounds it. */
const STORE_EVENTS = 50_000
/** Shipments wait meanwhile, in their journals. */
const REBUILD_MS = 3_600_000

/** Drops the sums and folds the log of all replicas again, beginning with the base, in one transaction: a reader sees the old sums or the new. */
export function rebuildTallies(pool: Pool, tallies: PostgresTallies): Promise<void> {
  return pool.transaction((sql) => rebuildInside(sql, tallies), REBUILD_MS)
}

/** The same, as a part of a transaction. */
export async function rebuildInside(sql: Sql, tallies: PostgresTallies): Promise<void> {
  await sql.unsafe('SELECT position FROM log_end FOR UPDATE')
  await tallies.reset(sql)
  let folded: Folded = tallies.fold()
  let events = 0
  for (let after = 0; ; ) {
    const page = await sql.unsafe<{ position: string; lines: string }[]>(
      `SELECT position, lines FROM batches WHERE position > $1 ORDER BY position LIMIT ${PAGE}`,
      [after],
    )
    for (const event of page.flatMap(({ lines }) => decodeEvents(lines))) {
      for (const projection of folded) projection.fold(event)
      events++
    }
    after = Number(page.at(-1)?.position ?? after)
    if (events >= STORE_EVENTS || page.length < PAGE) {
      await tallies.add(sql, folded)
      folded = tallies.fold()
      events = 0
    }
    if (page.length < PAGE) return
  }
}
