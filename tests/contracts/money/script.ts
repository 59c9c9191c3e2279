import type { Principal } from '../../../src/core/call.ts'
import { GatewayError } from '../../../src/core/errors.ts'
import type { LedgerRules } from '../../../src/ledger/rules.ts'
import { MoneyLife } from './life.ts'

/** Has budgets and limits. */
export const SUPPORT: Principal = { organisation: 'acme', team: 'support', keyId: 'k1', labels: { feature: 'search' } }
/** Has none. */
export const SEARCH: Principal = { organisation: 'acme', team: 'search', keyId: 'k2', labels: {} }

const FIRST = { inputTokens: 40, outputTokens: 1 }
const ALL = { inputTokens: 40, outputTokens: 20 }
const TIMEOUT = new GatewayError('provider_first_token_timeout', 'Too slow.')
const OVERLOADED = new GatewayError('provider_overloaded', 'No.')
const TRUNCATED = new GatewayError('provider_truncated', 'Cut.')

/** Budgets of each unit, of the team and of each key, one of them rolling; limits, one of them of a provider. */
export const RULES: LedgerRules = {
  accounts: [
    {
      kind: 'team',
      name: 'support',
      budgets: [
        { unit: 'usd', limit: 5_000_000, mode: 'hard', period: { type: 'total' }, alertAt: [10, 20, 50], unpriced: 'allow' },
        { unit: 'tokens', limit: 1_000_000, mode: 'hard', period: { type: 'rolling', unit: 'day' }, alertAt: [], unpriced: 'allow' },
      ],
      limits: [
        { unit: 'requests', limit: 1000, perMs: 86_400_000, per: 'day' },
        { unit: 'tokens', limit: 100_000, perMs: 86_400_000, per: 'day' },
        {
          unit: 'requests',
          limit: 1000,
          perMs: 86_400_000,
          per: 'day',
          scope: { name: 'providers=b', matches: (_, provider) => provider === 'b' },
        },
      ],
    },
    {
      kind: 'key',
      team: 'support',
      budgets: [{ unit: 'calls', limit: 1000, mode: 'hard', period: { type: 'total' }, alertAt: [], unpriced: 'allow' }],
      limits: [],
    },
  ],
  onCrash: 'charge-estimate',
}

/** What the provider bills for what the script lets it do, by team, in nano-USD and tokens; as far as it told the gateway. */
export interface Told {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Lives through every way in which an attempt can end, with several calls at a time, in about fifty batches. */
export async function liveThrough(folder: string): Promise<MoneyLife> {
  const life = new MoneyLife(folder, RULES)
  await life.begin()
  await plainCalls(life)
  await clientsThatLeave(life)
  await severalAttempts(life)
  await leasesAndPrices(life)
  // What runs when the log ends: an attempt that was charged already, and one that is under way.
  const open = await life.call({ principal: SUPPORT, isStream: true, providers: ['a', 'b'] })
  open.attempts[0]?.refuse(TIMEOUT)
  await life.commit()
  open.attempts[1]?.accept()
  open.attempts[1]?.frame(FIRST)
  await life.commit()
  await life.call({ principal: SEARCH, providers: ['a'] })
  return life
}

async function plainCalls(life: MoneyLife): Promise<void> {
  const whole = await life.call({ principal: SUPPORT, providers: ['a'] })
  const stream = await life.call({ principal: SUPPORT, isStream: true, providers: ['b'] })
  whole.attempts[0]?.accept()
  whole.attempts[0]?.finish(ALL)
  stream.attempts[0]?.accept()
  stream.attempts[0]?.frame(FIRST)
  await life.commit()
  whole.attempts[0]?.end()
  await life.commit()
  stream.attempts[0]?.finish(ALL)
  stream.attempts[0]?.end()
  const silent = await life.call({ principal: SUPPORT, isStream: true, providers: ['a'] })
  silent.attempts[0]?.accept()
  silent.attempts[0]?.frame()
  silent.attempts[0]?.end()
  const unpriced = await life.call({ principal: SUPPORT, providers: ['free'] })
  unpriced.attempts[0]?.accept()
  unpriced.attempts[0]?.finish(ALL)
  unpriced.attempts[0]?.end()
  const cut = await life.call({ principal: SUPPORT, isStream: true, providers: ['a'] })
  cut.attempts[0]?.accept()
  cut.attempts[0]?.frame(FIRST)
  await life.world.settle()
  cut.attempts[0]?.cut(TRUNCATED)
  const left = await life.call({ principal: SUPPORT, isStream: true, providers: ['a'], isAborting: true })
  left.attempts[0]?.accept()
  left.attempts[0]?.frame(FIRST)
  await life.commit()
  left.leave()
  await life.commit()
}

async function clientsThatLeave(life: MoneyLife): Promise<void> {
  for (const principal of [SUPPORT, SEARCH]) {
    const beforeUsage = await life.call({ principal, isStream: true, providers: ['a'] })
    const afterFirst = await life.call({ principal, isStream: true, providers: ['a'] })
    const afterAll = await life.call({ principal, isStream: true, providers: ['b'] })
    const neverSaid = await life.call({ principal, isStream: true, providers: ['a'] })
    const given: readonly (readonly [typeof beforeUsage, typeof ALL | undefined])[] = [
      [beforeUsage, undefined],
      [afterFirst, FIRST],
      [afterAll, ALL],
      [neverSaid, undefined],
    ]
    for (const [call, usage] of given) {
      call.attempts[0]?.accept()
      if (usage === ALL) call.attempts[0]?.finish(usage)
      else call.attempts[0]?.frame(usage)
      await life.commit()
      call.leave()
      await life.commit()
    }
    for (const call of [beforeUsage, afterFirst]) call.attempts[0]?.finish(ALL)
    for (const call of [beforeUsage, afterFirst, afterAll, neverSaid]) {
      call.attempts[0]?.end()
      await life.commit()
    }
  }
}

async function severalAttempts(life: MoneyLife): Promise<void> {
  const again = await life.call({ principal: SUPPORT, providers: ['a', 'b', 'b'] })
  again.attempts[0]?.refuse(OVERLOADED)
  await life.commit()
  again.attempts[1]?.refuse(TIMEOUT)
  await life.commit()
  again.attempts[2]?.accept()
  again.attempts[2]?.finish(ALL)
  again.attempts[2]?.end()
  await life.commit()
  for (const principal of [SUPPORT, SEARCH]) {
    const leftInSecond = await life.call({ principal, isStream: true, providers: ['b', 'a'] })
    leftInSecond.attempts[0]?.refuse(TIMEOUT)
    await life.commit()
    leftInSecond.attempts[1]?.accept()
    leftInSecond.attempts[1]?.frame(FIRST)
    await life.commit()
    leftInSecond.leave()
    await life.commit()
    leftInSecond.attempts[1]?.finish(ALL)
    leftInSecond.attempts[1]?.end()
    await life.commit()
  }
  const race = await life.call({ principal: SUPPORT, providers: ['a', 'b'], isRace: true })
  race.attempts[1]?.accept()
  race.attempts[1]?.finish(ALL)
  race.attempts[1]?.end()
  await life.commit()
  race.attempts[0]?.refuse(new GatewayError('client_closed', 'Another was quicker.', { isSuperseded: true }))
  await life.commit()
}

async function leasesAndPrices(life: MoneyLife): Promise<void> {
  const stopped = await life.call({ principal: SUPPORT, isStream: true, providers: ['a'] })
  stopped.attempts[0]?.accept()
  stopped.attempts[0]?.frame(FIRST)
  await life.world.advance(120_000)
  await life.commit()
  stopped.attempts[0]?.finish(ALL)
  stopped.attempts[0]?.end()
  await life.commit()
  const balances = [...life.money.ledger.balances()].flatMap(({ id, unit }) => (unit === 'usd' ? [id] : []))
  const event = {
    ...({ type: 'call.recosted', layer: 'models', action: 'models.call', outcome: 'ok' } as const),
    ...{ atMs: life.world.now(), callId: stopped.id, principal: SUPPORT, subject: 'mini', provider: 'a', target: 'a' },
    ...{ calledAtMs: life.world.now(), costNanoUsd: -1234, priceVersion: 'test 2', balances },
  }
  life.money.ledger.fold(event)
  life.store.log.keep(event)
  await life.commit()
}
