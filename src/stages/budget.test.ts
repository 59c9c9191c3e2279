import { expect, test } from 'bun:test'
import type { Principal } from '../core/call.ts'
import { asGatewayError } from '../core/errors.ts'
import { replyOf } from '../core/stage.ts'
import { Ledger } from '../ledger/ledger.ts'
import { momentsOf } from '../ledger/moment.ts'
import type { Budget } from '../ledger/rules.ts'
import { openTestCall } from '../testing/open-test-call.ts'
import { budget } from './budget.ts'

const ANN: Principal = { organisation: 'acme', team: 'support', keyId: 'k1', labels: {} }
const ANY: Budget = { unit: 'usd', limit: 10, mode: 'hard', period: { type: 'total' }, alertAt: [], unpriced: 'allow' }

/** The code with which a call is refused after so much was settled; undefined where it goes on. */
async function refusalAfter(settled: number, rule: Partial<Budget>): Promise<string | undefined> {
  const call = openTestCall({ principal: ANN })
  const moment = momentsOf(call.world)
  const ledger = new Ledger()
  const account = { kind: 'team', name: 'support', budgets: [{ ...ANY, ...rule }], limits: [] } as const
  ledger.apply({ accounts: [account], onCrash: 'charge-estimate' }, moment())
  for (const balance of ledger.balances()) balance.settle(moment(), settled)
  const stage = budget<string, string>({ ledger, moment, subjectOf: () => 'mini' })
  try {
    await stage(call, '', async () => replyOf<string>([], call.signal))
    return undefined
  } catch (thrown) {
    return asGatewayError(thrown).code
  }
}

test.each<[Budget['unit'], number, string | undefined]>([
  // A model may cost nothing, so a budget in US dollars that is used up to the cent still lets it be asked.
  ['usd', 10, undefined],
  ['usd', 11, 'budget_exceeded'],
  // Every call is a call, and has tokens.
  ['calls', 9, undefined],
  ['calls', 10, 'budget_exceeded'],
  ['tokens', 9, undefined],
  ['tokens', 10, 'budget_exceeded'],
])('a budget of 10 %s of which %d are spent: %p', async (unit, settled, code) => {
  expect(await refusalAfter(settled, { unit })).toBe(code)
})

test('a soft budget refuses nothing', async () => {
  expect(await refusalAfter(100, { unit: 'calls', mode: 'soft' })).toBeUndefined()
})

test('a budget about another model says nothing of this one', async () => {
  const matches = (model: string) => model === 'claude'
  expect(await refusalAfter(100, { unit: 'calls', scope: { name: 'models=claude', matches } })).toBeUndefined()
})
