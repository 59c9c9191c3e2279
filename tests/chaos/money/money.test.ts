import { expect, test } from 'bun:test'
import type { ShownBudget } from '../../../src/control/client.ts'
import { formatUsd } from '../../../src/core/money.ts'
import { readSettledBooks } from '../lab/books.ts'
import { chanceFor } from '../lab/chance.ts'
import type { GatewayProcess } from '../lab/gateway-process.ts'
import { type Lab, openLab } from '../lab/lab.ts'
import { inTime, pause, until } from '../lab/until.ts'
import { startInvoicingProvider } from './invoicing-provider.ts'
import { Spenders } from './spenders.ts'
import { type BookedAttempt, compare, readAttempts, type Statement } from './statement.ts'

const CLIENTS = 64
/** How often the gateway is killed: `CHAOS_ROUNDS` makes a short run of it. */
const KILLS = Number(process.env.CHAOS_ROUNDS ?? 50)
/** So little that it runs out in the middle. */
const STRICT_USD = 0.004 * KILLS

/** Budgets of all kinds: a strict one that runs out, hard ones that do not, limits. */
const ACCESS = {
  budgets: [{ usd: 100_000, per: 'month', mode: 'soft' }],
  teams: {
    support: {
      budgets: [
        { usd: 1000, per: 'month' },
        { tokens: '10G', per: 'day', window: 'rolling' },
      ],
      limits: [{ concurrent: 60 }],
    },
    search: { budgets: [{ usd: STRICT_USD.toFixed(6), per: 'total', mode: 'strict' }] },
  },
  accounts: [
    { of: 'each key', budgets: [{ calls: '1G', per: 'day', zone: 'Europe/Zurich' }], limits: [{ requests: '100k', per: 'minute' }] },
  ],
}

test(
  `${KILLS} times kill -9 under ${CLIENTS} clients: the books balance with the provider's invoice, and no strict budget is exceeded`,
  async () => {
    const chance = chanceFor('money')
    await using provider = startInvoicingProvider(chance)
    await using lab = await openLab({ baseUrl: provider.baseUrl, config: { access: ACCESS } })
    const statuses = new Map<number, number>()
    let gateway = await lab.gateway()
    const keys = [(await gateway.createKey('support')).key, (await gateway.createKey('search')).key]
    for (let kill = 1; kill <= KILLS; kill++) {
      const spenders = new Spenders({ origin: gateway.origin, keys, members: CLIENTS, chance })
      await pause(chance.between(100, 900))
      await gateway.kill()
      await inTime('the clients of a killed gateway', spenders.stop())
      for (const [status, count] of spenders.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count)
      // Every other life drains what its clients leave.
      lab.write({ ...lab.config, money: { onClientLeave: kill % 2 === 0 ? 'abort' : 'drain', drainFor: '2s' } })
      gateway = await lab.gateway()
      if (kill % 10 === 0 || kill === KILLS) report(kill, await statementOf(lab, provider.invoice), statuses)
    }
    await until('nothing is held any more', async () => (await heldBudgets(gateway)).length === 0, 10_000)

    const attempts = readAttempts((await readSettledBooks(lab.dataFolder)).events)
    const statement = compare(attempts, provider.invoice)
    expect(statement.unbooked).toBe(0)
    expect(statement.unknown).toEqual([])
    expect(statement.exact.differing).toEqual([])
    expect(statement.crashed.outside).toEqual([])
    expect(statement.estimated.outside).toEqual([])
    expect(statement.ledger - statement.invoice).toBeGreaterThanOrEqual(0)
    expect(statement.ledger - statement.invoice).toBeLessThanOrEqual(statement.crashed.estimates + statement.estimated.estimates)
    expect(statement.exact.calls).toBeGreaterThan(KILLS)
    await expectBalances(gateway, attempts)
    expectStrict(attempts)
    await gateway.stop()
  },
  120_000 + KILLS * 10_000,
)

async function statementOf(lab: Lab, invoice: Parameters<typeof compare>[1]): Promise<Statement> {
  return compare(readAttempts((await readSettledBooks(lab.dataFolder)).events), invoice)
}

async function budgetsOf(gateway: GatewayProcess): Promise<readonly ShownBudget[]> {
  return (await gateway.ask<{ readonly budgets: readonly ShownBudget[] }>('GET', '/api/v1/budgets')).budgets
}

async function heldBudgets(gateway: GatewayProcess): Promise<readonly ShownBudget[]> {
  return (await budgetsOf(gateway)).filter(({ held }) => held !== '0')
}

/** Σ bookings = balances = spend, kept or folded again, to the nano-dollar. */
async function expectBalances(gateway: GatewayProcess, attempts: readonly BookedAttempt[]): Promise<void> {
  const booked = (unit: string, account: string) =>
    attempts
      .filter(
        ({ hold, booking }) =>
          booking !== undefined &&
          booking.state !== 'released' &&
          hold.balances.some((id) => id.startsWith(`${unit} `) && id.endsWith(account)),
      )
      .reduce((sum, { booking }) => sum + (unit === 'usd' ? (booking?.nanoUsd ?? 0) : (booking?.tokens ?? 0)), 0)
  const budgets = await budgetsOf(gateway)
  const settled = (unit: string, account: string) => budgets.find((budget) => budget.unit === unit && budget.account === account)?.settled
  expect(settled('usd', 'team:support')).toBe(formatUsd(booked('usd', 'team:support')))
  expect(settled('usd', 'team:search')).toBe(formatUsd(booked('usd', 'team:search')))
  expect(settled('tokens', 'team:support')).toBe(String(booked('tokens', 'team:support')))
  expect(settled('usd', 'organisation:default')).toBe(formatUsd(booked('usd', 'organisation:default')))
  for (const rebuild of [false, true]) {
    if (rebuild) await gateway.ask('POST', '/api/v1/spend/rebuild')
    const lines = await gateway.ask<readonly { readonly team: string; readonly costNanoUsd: string }[]>('GET', '/api/v1/spend?by=team')
    for (const { team, costNanoUsd } of lines) expect(Number(costNanoUsd)).toBe(booked('usd', `team:${team}`))
    expect(lines).toHaveLength(2)
  }
}

/** At no booking was more settled and held than the strict budget has. The limit is that of every booking: it never changed. */
function expectStrict(attempts: readonly BookedAttempt[]): void {
  const limit = Math.round(STRICT_USD * 1e9)
  const seen = attempts.flatMap(({ booking }) => booking?.balances.filter(({ id }) => id === 'usd total team:search') ?? [])
  expect(seen.length).toBeGreaterThan(0)
  const most = Math.max(...seen.map(({ settled, held }) => settled + held))
  console.error(`strict: ${formatUsd(most)} of ${formatUsd(limit)} USD settled and held at the most`)
  expect(most).toBeLessThanOrEqual(limit)
}

function report(
  kill: number,
  { attempts, ledger, invoice, exact, crashed, estimated }: Statement,
  statuses: ReadonlyMap<number, number>,
): void {
  const usd = (nano: number) => formatUsd(nano)
  console.error(
    [
      `after ${kill} kills: ${attempts} attempts, ledger ${usd(ledger)}, invoice ${usd(invoice)}, ledger - invoice ${usd(ledger - invoice)} USD; statuses ${JSON.stringify(Object.fromEntries(statuses))}`,
      `  ended:     ${exact.calls} calls, ledger ${usd(exact.ledger)} = invoice ${usd(exact.invoice)}, ${exact.differing.length} differ`,
      `  crashed:   ${crashed.calls} calls, ledger ${usd(crashed.ledger)}, invoice ${usd(crashed.invoice)}, estimates in flight ${usd(crashed.estimates)}, ${crashed.outside.length} outside`,
      `  estimated: ${estimated.calls} calls (left or broken off), ledger ${usd(estimated.ledger)}, invoice ${usd(estimated.invoice)}, their estimates ${usd(estimated.estimates)}, ${estimated.outside.length} outside`,
    ].join('\n'),
  )
}
