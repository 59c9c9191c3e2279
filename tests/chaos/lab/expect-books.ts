import { expect } from 'bun:test'
import type { ReceivedRequest } from '../../../src/testing/fake-upstream.ts'
import { type Books, spendTwice } from './books.ts'
import type { ClientCall } from './client.ts'
import type { GatewayProcess } from './gateway-process.ts'

/** Every call that started has exactly one ending, and the chain of hashes holds. */
export function expectWhole(books: Books): void {
  expect(books.problems).toEqual([])
  expect(books.started.length).toBe(books.ended.length)
  expect(books.verification.type).toBe('intact')
}

/**
 * What a client saw whole is in the log as started. Its ending is `ok` with what it cost; or `crashed`, where a kill came after the
 * last byte was sent and before the ending was written: the ending goes to disk at the end of the turn in which the last byte goes out.
 */
export function expectComplete(books: Books, calls: readonly ClientCall[]): void {
  for (const seen of calls.filter(({ isComplete }) => isComplete)) {
    const ended = books.endedOf(seen.traceId)
    expect(ended?.callId).toBe(seen.requestId ?? 'none')
    if (ended?.errorCode === 'crashed') continue
    expect(ended?.outcome).toBe('ok')
    expect(ended?.usage).toBeDefined()
    expect(ended?.costNanoUsd).toBeGreaterThan(0)
  }
}

/** What left the process was recorded first: each request that a provider got is of a call in the log, and of another one each. */
export function expectRecorded(books: Books, requests: readonly ReceivedRequest[]): void {
  const spans = new Set(books.started.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`))
  const unrecorded = requests.map((request) => request.header('traceparent') ?? 'none').filter((trace) => !spans.delete(trace))
  expect(unrecorded).toEqual([])
}

/** Spend as it is kept is what the log comes to, and what it comes to once more after it was dropped. */
export async function expectExactSpend(gateway: GatewayProcess, books: Books): Promise<void> {
  expect(books.spend).toEqual(books.sums)
  const { kept, rebuilt } = await spendTwice(gateway)
  expect(kept).toEqual(rebuilt)
}
