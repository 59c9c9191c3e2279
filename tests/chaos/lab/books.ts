import { SPEND_TABLE, SpendProjection } from '../../../src/control/projections/spend.ts'
import type { CallEnded, CallStarted, Event } from '../../../src/core/events.ts'
import { realWorld } from '../../../src/platform/world.ts'
import { openReader } from '../../../src/storage/sqlite/open-reader.ts'
import type { Verification } from '../../../src/storage/store.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { pause } from './until.ts'

/** An ending that is not there after two seconds does not come. */
const LOOKS = 40

/** The whole log of a data folder, as a test reads it: from the files, past the gateway. */
export interface Books {
  readonly events: readonly Event[]
  readonly started: readonly CallStarted[]
  readonly ended: readonly CallEnded[]
  /** What is wrong with the pairs of events; empty where every started call has exactly one ending, after its start. */
  readonly problems: readonly string[]
  readonly verification: Verification
  /** Calls and cost as the projection has them, rows of the log that it had not stored yet included. */
  readonly spend: Totals
  /** The same, added up here from the endings. */
  readonly sums: Totals
  /** The ending of the call of this trace. */
  endedOf(traceId: string): CallEnded | undefined
}

/** Calls and what they cost. */
export interface Totals {
  readonly calls: bigint
  readonly costNanoUsd: bigint
}

/** Reads a data folder whole, beside a gateway or after it. */
export async function readBooks(dataFolder: string): Promise<Books> {
  const opened = openReader(dataFolder, { world: realWorld(), projections: [() => new SpendProjection()] })
  try {
    const events = (await opened.reader.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })).map(({ event }) => event)
    const started = events.filter((event) => event.type === 'call.started')
    const ended = events.filter((event) => event.type === 'call.ended')
    const byTrace = new Map(ended.map((event) => [event.traceId, event]))
    const total = (await opened.tallies.sum({ table: SPEND_TABLE.name, by: [] }))[0]?.sums
    return {
      ...{ events, started, ended, problems: problemsOf(events) },
      verification: await opened.verify(),
      spend: { calls: sumOf(total, 'calls'), costNanoUsd: sumOf(total, 'cost') },
      sums: addUp(ended),
      endedOf: (traceId) => byTrace.get(traceId),
    }
  } finally {
    opened.close()
  }
}

/** The same, once the calls that are over have their endings: those go to disk a moment after the last byte goes out. */
export async function readSettledBooks(dataFolder: string): Promise<Books> {
  for (let look = 1; ; look++) {
    const books = await readBooks(dataFolder)
    if (books.problems.length === 0 || look === LOOKS) return books
    await pause(50)
  }
}

/** How many calls ended in each way: `ok`, or `outcome errorCode`. */
export function countEndings(books: Books): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { outcome, errorCode } of books.ended) {
    const name = errorCode === undefined ? outcome : `${outcome} ${errorCode}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** Spend by all that it is kept by, as the gateway answers: once as it is kept, once after it was dropped and added up again. */
export async function spendTwice(gateway: GatewayProcess): Promise<{ readonly kept: unknown; readonly rebuilt: unknown }> {
  const path = `/api/v1/spend?by=${[...SPEND_TABLE.dimensions, 'hour'].join(',')}`
  const read = async () => sorted(await gateway.ask<readonly object[]>('GET', path))
  const kept = await read()
  await gateway.ask('POST', '/api/v1/spend/rebuild')
  return { kept, rebuilt: await read() }
}

function sorted(rows: readonly object[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted()
}

function problemsOf(events: readonly Event[]): readonly string[] {
  const open = new Set<string>()
  const over = new Set<string>()
  const problems: string[] = []
  for (const event of events) {
    if (event.type === 'call.started') {
      if (open.has(event.callId) || over.has(event.callId)) problems.push(`${event.callId} started twice`)
      open.add(event.callId)
    } else if (event.type === 'call.ended') {
      if (over.has(event.callId)) problems.push(`${event.callId} ended twice`)
      else if (!open.delete(event.callId)) problems.push(`${event.callId} ended without a start`)
      over.add(event.callId)
      if (event.errorCode === 'crashed' && event.outcome !== 'broken') problems.push(`${event.callId} crashed and is ${event.outcome}`)
    }
  }
  return [...problems, ...[...open].map((callId) => `${callId} has no ending`)]
}

function addUp(ended: readonly CallEnded[]): Totals {
  const costNanoUsd = ended.reduce((sum, event) => sum + BigInt(event.costNanoUsd ?? 0), 0n)
  return { calls: BigInt(ended.length), costNanoUsd }
}

function sumOf(sums: readonly bigint[] | undefined, name: (typeof SPEND_TABLE.sums)[number]): bigint {
  return sums?.[SPEND_TABLE.sums.indexOf(name)] ?? 0n
}
