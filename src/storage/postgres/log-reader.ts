import type { EventReader, LoggedEvent, LogPosition, LogQuery } from '../../core/ports.ts'
import { timeOfId } from '../../core/world.ts'
import type { WrittenBatch } from '../batch.ts'
import { eventsOfCall, takeEvents } from '../log-query.ts'
import type { Pool } from './pool.ts'
import { SPAN } from './schema.ts'

/** Rows of one answer: what a read holds in memory at one time. */
const PAGE = 100
/** A search for what is nowhere goes through the whole log. */
const SEARCH_MS = 60_000

/** What a reader needs. */
export interface LogReaderOptions {
  readonly pool: Pool
  /** Called before each read: ships what this process has written. */
  readonly beforeRead: () => Promise<void>
}

interface BatchRow {
  readonly position: string
  readonly lines: string
}

interface Wanted {
  readonly from: number
  readonly to: number
  readonly sinceMs: number | undefined
  readonly untilMs: number | undefined
  readonly mentions: string | undefined
  readonly order: LogQuery['order']
}

/** Reads the log of all replicas, in the order in which it came into PostgreSQL. A position there is a batch of any of them. */
export class PostgresLogReader implements EventReader {
  readonly #options: LogReaderOptions

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  async end(): Promise<LogPosition> {
    await this.#options.beforeRead()
    const [last] = await this.#options.pool.use((sql) =>
      sql.unsafe<{ position: string; events: number }[]>('SELECT position, events FROM batches ORDER BY position DESC LIMIT 1'),
    )
    return { batch: Number(last?.position ?? 0), index: Math.max(0, (last?.events ?? 0) - 1) }
  }

  async read(query: LogQuery): Promise<readonly LoggedEvent[]> {
    const found: LoggedEvent[] = []
    if (query.limit <= 0) return found
    const { after, before, sinceMs, untilMs, mentions, order } = query
    const wanted = { from: after?.batch ?? 0, to: before?.batch ?? Number.MAX_SAFE_INTEGER, sinceMs, untilMs, mentions, order }
    for await (const batch of this.#batches(wanted)) {
      if (takeEvents(batch, query, found)) break
    }
    return found
  }

  async readCall(callId: string): Promise<readonly LoggedEvent[]> {
    const beganMs = timeOfId(callId)
    const time = { sinceMs: beganMs, untilMs: beganMs === undefined ? undefined : beganMs + 1 }
    const found: LoggedEvent[] = []
    const wanted = { from: 0, to: Number.MAX_SAFE_INTEGER, ...time, mentions: callId, order: 'oldest-first' } as const
    for await (const batch of this.#batches(wanted)) {
      found.push(...eventsOfCall(batch, callId))
    }
    return found
  }

  async *#batches(wanted: Wanted): AsyncGenerator<WrittenBatch, void> {
    await this.#options.beforeRead()
    let { from, to } = wanted
    for (;;) {
      const { text, values } = statementFor({ ...wanted, from, to })
      const rows = await this.#options.pool.use((sql) => sql.unsafe<BatchRow[]>(text, values, { prepare: true }), SEARCH_MS)
      for (const { position, lines } of rows) yield { seq: Number(position), text: lines }
      const last = Number(rows.at(-1)?.position ?? 0)
      if (rows.length < PAGE) return
      if (wanted.order === 'oldest-first') from = last + 1
      else to = last - 1
    }
  }
}

function statementFor({ from, to, sinceMs, untilMs, mentions, order }: Wanted) {
  const values: (string | number | null)[] = [from, to]
  const bound = (value: string | number | null) => `$${values.push(value)}`
  const hasTime = sinceMs !== undefined || untilMs !== undefined
  const conditions = [
    'position BETWEEN $1 AND $2',
    // A batch that begins at or after `until` holds nothing before it; what happened at a time stands in a batch that was written then or later.
    ...(hasTime ? [`${SPAN} && int8range(${bound(sinceMs ?? null)}, ${bound(untilMs ?? null)}, '[)')`] : []),
    ...(mentions === undefined ? [] : [`strpos(lines, ${bound(mentions)}) > 0`]),
  ]
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC'
  const text = `SELECT position, lines FROM batches WHERE ${conditions.join(' AND ')} ORDER BY position ${direction} LIMIT ${PAGE}`
  return { text, values }
}
