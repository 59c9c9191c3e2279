import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { MOST_LABELS, SpendProjection } from '../../src/control/projections/spend.ts'
import { spendBy } from '../../src/control/projections/spend-by.ts'
import type { CallEnded, Outcome } from '../../src/core/events.ts'
import { TALLY_REST, type TallySum } from '../../src/core/ports.ts'
import type { Store } from '../../src/storage/store.ts'
import { ALICE, endedCall, startedCall } from './call-events.ts'
import { type StoreKind, storeMaker } from './store-contract.ts'

const HOUR_MS = 3_600_000
const projections = [() => new SpendProjection()]
/** Values of a label that are told apart on a day. */
const MOST_VALUES = 2
const bounded = [() => new SpendProjection(MOST_VALUES)]

/** Everything that the spend tables hold, in an order. */
export async function spendState({ tallies }: Pick<Store, 'tallies'>): Promise<readonly string[]> {
  const lines = new SpendProjection().tables.map(async ({ name, dimensions }) => {
    const sums = await tallies.sum({ table: name, by: dimensions, per: 'hour' })
    return sums.map((sum) => line(name, sum))
  })
  return (await Promise.all(lines)).flat().sort()
}

function line(table: string, { time, dimensions, sums }: TallySum): string {
  return JSON.stringify([table, time, dimensions, sums.map(String)])
}

/** Calls that differ in all that spend is split by. */
const CALL = fc.record({
  team: fc.constantFrom('support', 'search', undefined),
  keyId: fc.constantFrom('k1', 'k2', undefined),
  subject: fc.constantFrom('mini', 'claude', undefined),
  outcome: fc.constantFrom<Outcome>('ok', 'refused', 'broken', 'cancelled'),
  labels: fc.dictionary(fc.constantFrom('feature', 'env'), fc.constantFrom('a', 'b', 'c', 'd', '', TALLY_REST)),
  costNanoUsd: fc.option(fc.maxSafeNat(), { nil: undefined }),
  inputTokens: fc.option(fc.oneof(fc.nat(), fc.double()), { nil: undefined }),
  isUnpriced: fc.boolean(),
  hour: fc.nat(60),
})

/** What every store of projections does. */
export function projectionsContract(kind: StoreKind): void {
  const open = storeMaker(kind)

  async function write(store: Store, events: readonly CallEnded[]): Promise<void> {
    for (const event of events) store.log.keep(event)
    await store.log.flush(1000)
  }

  describe(`${kind.name}: spend`, () => {
    test('knows a call as soon as its ending is on disk, before and after it is stored', async () => {
      const { store, world } = await open({ projections })
      await write(store, [endedCall(world, startedCall(world))])
      const sums = { calls: 1, inputTokens: 1200, cachedInputTokens: 800, cacheWriteTokens: 0, outputTokens: 240, unpricedCalls: 0 }
      const expected = [{ team: 'support', model: 'mini', ...sums, costNanoUsd: 780_000n }]
      expect(await spendBy(store.tallies, ['team', 'model'])).toEqual(expected)
      await world.advance(2000)
      expect(await spendBy(store.tallies, ['team', 'model'])).toEqual(expected)
    })

    test('adds stored and new calls, by the hour and by the day', async () => {
      const { store, world } = await open({ projections })
      for (let hour = 0; hour < 40; hour++) {
        await write(store, [endedCall(world, startedCall(world), { costNanoUsd: 1 })])
        await world.advance(HOUR_MS)
      }
      const days = (await spendBy(store.tallies, ['day'])).map(({ day, calls }) => [day, calls])
      expect(Object.fromEntries(days)).toEqual({ '2026-11-21': 12, '2026-11-22': 24, '2026-11-23': 4 })
      const sinceMs = Date.UTC(2026, 10, 21, 22)
      const untilMs = Date.UTC(2026, 10, 23, 2)
      expect(await spendBy(store.tallies, [], { sinceMs, untilMs })).toMatchObject([{ calls: 28, costNanoUsd: 28n }])
      expect(await spendBy(store.tallies, ['month'], { sinceMs, untilMs: sinceMs + HOUR_MS })).toMatchObject([
        { month: '2026-11', calls: 1 },
      ])
      expect(await spendBy(store.tallies, ['hour'], { sinceMs })).toHaveLength(30)
    })

    test('keeps to a filter, and tells the unknown apart', async () => {
      const { store, world } = await open({ projections })
      const nobody = startedCall(world, { principal: { organisation: 'acme', labels: {} } })
      await write(store, [endedCall(world, startedCall(world)), endedCall(world, nobody)])
      expect(await spendBy(store.tallies, ['team'], { filter: { user: 'alice' } })).toMatchObject([{ team: 'support', calls: 1 }])
      expect(await spendBy(store.tallies, ['team'], { filter: { user: '' } })).toMatchObject([{ team: undefined, calls: 1 }])
      expect(await spendBy(store.tallies, ['team'], { filter: { model: 'none' } })).toEqual([])
    })

    test('is split by a label', async () => {
      const { store, world } = await open({ projections })
      const draft = startedCall(world, { principal: { ...ALICE, labels: { feature: 'draft', env: 'prod' } } })
      await write(store, [endedCall(world, startedCall(world)), endedCall(world, draft, { costNanoUsd: 9 })])
      const rows = await spendBy(store.tallies, ['label:feature', 'team'])
      expect(rows.map((row) => [row['label:feature'], row.team, row.costNanoUsd])).toEqual([
        ['search', 'support', 780_000n],
        ['draft', 'support', 9n],
      ])
      expect(await spendBy(store.tallies, ['model'], { filter: { 'label:env': 'prod' } })).toMatchObject([
        { model: 'mini', costNanoUsd: 9n },
      ])
    })

    test('stands dearest first, then in the order of the names, whatever came first', async () => {
      const { store, world } = await open({ projections })
      const spend = (team: string, subject: string, costNanoUsd: number) =>
        endedCall(world, startedCall(world, { subject, principal: { ...ALICE, team } }), { costNanoUsd })
      await write(store, [spend('b', 'x', 1), spend('a', 'y', 1), spend('c', 'x', 2)])
      await world.advance(2000)
      await write(store, [spend('a', 'x', 1), spend('B', 'x', 1)])
      const rows = await spendBy(store.tallies, ['team', 'model'])
      expect(rows.map(({ team, model }) => `${team} ${model}`)).toEqual(['c x', 'B x', 'a x', 'a y', 'b x'])
    })

    test('of a label that callers make up, as many values a day as the bound says; the rest is added up, and nothing is lost', async () => {
      const { store, world } = await open({ projections: bounded })
      const call = (end_user: string, costNanoUsd: number) =>
        endedCall(world, startedCall(world, { principal: { ...ALICE, labels: { end_user } } }), { costNanoUsd })
      const spent = async (sinceMs: number) =>
        Object.fromEntries(
          (await spendBy(store.tallies, ['label:end_user'], { sinceMs })).map((row) => [row['label:end_user'], row.costNanoUsd]),
        )
      const firstMs = world.now()
      await write(store, [call('ann', 1), call('ben', 2), call('cem', 4)])
      expect(await spent(firstMs)).toEqual({ ann: 1n, ben: 2n, [TALLY_REST]: 4n })
      await world.advance(2 * HOUR_MS)
      await write(store, [call('dan', 8), call('ben', 16), call('cem', 32)])
      const firstDay = { ann: 1n, ben: 18n, [TALLY_REST]: 44n }
      expect(await spent(firstMs)).toEqual(firstDay)
      expect(await spendBy(store.tallies, [])).toMatchObject([{ calls: 6, costNanoUsd: 63n }])
      expect(await spendBy(store.tallies, ['team'], { filter: { 'label:end_user': '*' } })).toMatchObject([{ calls: 6, costNanoUsd: 63n }])
      await store.rebuild()
      expect(await spent(firstMs)).toEqual(firstDay)
      // Another day, another list.
      await world.advance(24 * HOUR_MS)
      const secondMs = world.now()
      await write(store, [call('cem', 64), call('dan', 128), call('ann', 256)])
      expect(await spent(secondMs)).toEqual({ cem: 64n, dan: 128n, [TALLY_REST]: 256n })
      expect(await spent(firstMs)).toEqual({ ann: 1n, ben: 18n, cem: 64n, dan: 128n, [TALLY_REST]: 300n })
    })

    test('names of labels that callers make up have a bound too', async () => {
      const { store, world } = await open({ projections: bounded })
      const calls = Array.from({ length: MOST_LABELS + 2 }, (_, index) =>
        endedCall(world, startedCall(world, { principal: { ...ALICE, labels: { [`l${index}`]: 'x' } } }), { costNanoUsd: 1 }),
      )
      await write(store, calls)
      const byLabel = await store.tallies.sum({ table: 'spend_label', by: ['label', 'value'] })
      expect(byLabel).toHaveLength(MOST_LABELS + 1)
      expect(byLabel.find(({ dimensions }) => dimensions[0] === TALLY_REST)).toMatchObject({ dimensions: [TALLY_REST, TALLY_REST] })
      expect(await spendBy(store.tallies, [`label:${TALLY_REST}`])).toMatchObject([{ calls: 2, costNanoUsd: 2n }])
      expect(await sumOfCalls(store)).toBe(MOST_LABELS + 2)
    })

    test('refuses what it does not know', async () => {
      const { store } = await open({ projections })
      // A caller of the control API may ask for anything.
      await expect(spendBy(store.tallies, ['colour' as 'team'])).rejects.toThrow("Spend cannot be split by 'colour'")
      await expect(spendBy(store.tallies, ['label:feature', 'label:env'])).rejects.toThrow('Together with a label')
    })

    test('adds up money beyond 2^53 without losing a nano-dollar', async () => {
      const { store, world } = await open({ projections })
      const dear = endedCall(world, startedCall(world), { costNanoUsd: Number.MAX_SAFE_INTEGER })
      await write(store, [dear, dear])
      await world.advance(2000)
      await write(store, [dear])
      expect(await spendBy(store.tallies, [])).toMatchObject([{ costNanoUsd: 3n * BigInt(Number.MAX_SAFE_INTEGER) }])
    })

    test('rebuilt from the log is what was kept, for any calls in any batches', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(CALL, { maxLength: 6 }), { maxLength: 8 }), fc.array(fc.nat(7)), async (groups, flushAfter) => {
          const { store, world } = await open({ projections: bounded })
          for (const [index, group] of groups.entries()) {
            await write(
              store,
              group.map((call) => eventOf(world, call)),
            )
            if (flushAfter.includes(index)) await world.advance(1500)
          }
          const kept = await spendState(store)
          await store.rebuild()
          expect(await spendState(store)).toEqual(kept)
          expect(await sumOfCalls(store)).toBe(groups.flat().length)
          const perDay = await store.tallies.sum({ table: 'spend_label', by: ['label', 'value'], per: 'day' })
          const own = perDay.filter(({ dimensions }) => dimensions[0] === 'env' && dimensions[1] !== TALLY_REST)
          const days = Map.groupBy(own, ({ time }) => time)
          expect([...days.values()].every((rows) => rows.length <= MOST_VALUES)).toBe(true)
        }),
        { numRuns: kind.propertyRuns ?? 40 },
      )
    }, 60_000)
  })

  function eventOf(world: Parameters<typeof startedCall>[0], call: typeof CALL extends fc.Arbitrary<infer Call> ? Call : never): CallEnded {
    const { team, keyId, subject, outcome, labels, costNanoUsd, inputTokens, isUnpriced, hour } = call
    const principal = { organisation: 'acme', labels, ...(team === undefined ? {} : { team }), ...(keyId === undefined ? {} : { keyId }) }
    const { subject: _, ...started } = startedCall(world, { principal })
    const { costNanoUsd: __, ...ended } = endedCall(world, { ...started, ...(subject === undefined ? {} : { subject }) })
    return {
      ...ended,
      atMs: ended.atMs + hour * HOUR_MS,
      outcome,
      usage: inputTokens === undefined ? {} : { inputTokens },
      ...(isUnpriced ? { isUnpriced } : {}),
      ...(costNanoUsd === undefined ? {} : { costNanoUsd }),
    }
  }
}

async function sumOfCalls(store: Store): Promise<number> {
  return (await spendBy(store.tallies, [])).reduce((sum, { calls }) => sum + calls, 0)
}
