import { expect } from 'bun:test'
import { spendBy } from '../../../src/control/projections/spend-by.ts'
import { spendState } from '../projections.contract.ts'
import type { CrashedFolder } from './crash-point.ts'
import { SUPPORT } from './script.ts'
import { sumOf } from './straight-sum.ts'

/** What a started gateway says of its money. */
export interface Books {
  /** By the id of the balance; without those on which nothing was charged. */
  readonly settled: Readonly<Record<string, bigint>>
  readonly held: number
  readonly limits: Readonly<Record<string, number>>
  /** Every row of spend. */
  readonly spend: readonly string[]
}

/** Reads the books of a gateway that has started. */
export async function booksOf({ money: { ledger, moment }, feed }: CrashedFolder): Promise<Books> {
  const at = moment()
  const balances = [...ledger.balances()]
  const settled = balances.map((balance) => [balance.id, balance.exactlySettledAt(at)] as const)
  const { limits } = ledger.accountsOf(SUPPORT, 'run', at)
  return {
    settled: Object.fromEntries(settled.filter(([, amount]) => amount > 0n)),
    held: balances.reduce((sum, { held }) => sum + held, 0),
    limits: Object.fromEntries(limits.map((window) => [window.id, window.used(at)])),
    spend: await spendState({ tallies: feed }),
  }
}

/** Compares them with the log, added up from the beginning: what must be so after any start, whatever was on disk before. */
export async function expectBalanced(crashed: CrashedFolder): Promise<Books> {
  const books = await booksOf(crashed)
  const sum = sumOf(crashed.events)
  const none: readonly string[] = []
  expect({ open: sum.open, unbooked: sum.unbooked, twice: sum.twice, held: books.held }).toEqual({
    ...{ open: none, unbooked: none, twice: none, held: 0 },
  })
  expect(books.settled).toEqual(sum.settled)
  const lines = await spendBy(crashed.feed, ['team'])
  const shown = lines.map(({ team, costNanoUsd, calls, inputTokens, outputTokens, unpricedCalls }) => [
    team,
    { nanoUsd: costNanoUsd, calls, inputTokens, outputTokens, unpriced: unpricedCalls },
  ])
  expect(Object.fromEntries(shown)).toEqual(sum.spend)
  expect(sum.spend.support?.nanoUsd ?? 0n).toBe(sum.booked.support ?? 0n)
  expect(books.limits['requests 86400000 team:support']).toBe(sum.limited)
  return books
}
