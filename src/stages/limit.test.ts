import { expect, test } from 'bun:test'
import type { Principal } from '../core/call.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import type { CallFacts } from '../core/events.ts'
import { type Handler, replyOf } from '../core/stage.ts'
import { Ledger } from '../ledger/ledger.ts'
import { momentsOf } from '../ledger/moment.ts'
import type { Limit } from '../ledger/rules.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { openTestCall } from '../testing/open-test-call.ts'
import { limit } from './limit.ts'

const ANN: Principal = { organisation: 'acme', team: 'support', keyId: 'k1', labels: {} }
const ESTIMATED = 40

/** Calls before one limit, with the time by hand. Each runs until the test ends it. */
function lab(rule: Limit) {
  const world = fakeWorld()
  const ledger = new Ledger()
  const moment = momentsOf(world)
  ledger.apply({ accounts: [{ kind: 'team', name: 'support', budgets: [], limits: [rule] }], onCrash: 'charge-estimate' }, moment())
  const stage = limit<string, string>({ ledger, moment, subjectOf: () => 'mini', tokensOf: () => ESTIMATED })
  const ends: (() => void)[] = []
  const begin = (facts: Partial<CallFacts> = {}, broken?: GatewayError) => {
    const call = openTestCall({ world, principal: ANN, facts })
    const next: Handler<string, string> = () =>
      new Promise((resolve) => {
        ends.push(() =>
          resolve(replyOf<string>([], call.signal, broken === undefined ? { outcome: 'ok' } : { outcome: 'broken', error: broken })),
        )
      })
    const ended = stage(call, '', next).then(
      (reply) => reply.next().then(() => 'ended'),
      (thrown: unknown) => asGatewayError(thrown).code,
    )
    return ended
  }
  const used = () => ledger.accountsOf(ANN, 'run', moment()).limits.map((window) => window.used(moment()))
  const endAll = async () => {
    for (const end of ends.splice(0)) end()
    await world.settle()
  }
  return { world, begin, used, endAll, running: () => ends.length }
}

test('as many calls wait as the queue holds; the next is refused at once', async () => {
  const { world, begin, endAll, running } = lab({ unit: 'concurrent', limit: 1, waitMs: 10_000, queue: 2 })
  const calls = [begin(), begin(), begin(), begin()]
  await world.settle()
  expect(await calls[3]).toBe('rate_limited')
  expect(running()).toBe(1)
  for (let round = 0; round < 3; round++) {
    await endAll()
    await world.advance(100)
  }
  expect(await Promise.all(calls.slice(0, 3))).toEqual(['ended', 'ended', 'ended'])
})

test('a call whose turn comes too late is refused', async () => {
  const { world, begin } = lab({ unit: 'concurrent', limit: 1, waitMs: 1000, queue: 2 })
  void begin()
  const second = begin()
  await world.advance(1100)
  expect(await second).toBe('rate_limited')
})

const BROKEN = new GatewayError('provider_truncated', 'It broke off.')

test.each<[string, Partial<CallFacts>, GatewayError | undefined, number]>([
  ['what was used, where it was said', { attempts: 1, usage: { inputTokens: 3, outputTokens: 4 } }, undefined, 7],
  ['what was held, where it broke off and nobody said it', { attempts: 1, sizeOutBytes: 9 }, BROKEN, ESTIMATED],
  ['nothing, where nothing was sent', { attempts: 0 }, BROKEN, 0],
])('a limit on tokens counts %s', async (_what, facts, broken, tokens) => {
  const { world, begin, used, endAll } = lab({ unit: 'tokens', limit: 100, perMs: 60_000, per: 'minute' })
  const call = begin(facts, broken)
  await world.settle()
  expect(used()).toEqual([ESTIMATED])
  await endAll()
  await call
  expect(used()).toEqual([tokens])
})

test('a limit on tokens lets in what fits to the token', async () => {
  const { world, begin, used } = lab({ unit: 'tokens', limit: 2 * ESTIMATED, perMs: 60_000, per: 'minute' })
  const calls = [begin(), begin(), begin()]
  await world.settle()
  expect(await calls[2]).toBe('rate_limited')
  expect(used()).toEqual([2 * ESTIMATED])
})
