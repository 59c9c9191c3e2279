import { expect, test } from 'bun:test'
import type { CallEnded, Event } from '../core/events.ts'
import { TABLE_FORMAT, TABLE_UNIT } from '../models/prices/types.ts'
import { openTestControl, readAnswer, testCall } from '../testing/open-test-control.ts'

const HOUR_MS = 3_600_000

/** A thousand tokens of input for a cent. */
const table = (input: number) => ({
  format: TABLE_FORMAT,
  unit: TABLE_UNIT,
  version: 'new',
  source: 'a test',
  providers: { openai: { models: [{ id: 'gpt-5.5-mini', input, output: 0 }] } },
})

async function openLog(calls: readonly Partial<CallEnded>[]) {
  const control = openTestControl()
  for (const facts of calls) {
    for (const event of testCall(control.world, { usage: { inputTokens: 1000, outputTokens: 10 }, ...facts }, 2 * HOUR_MS)) {
      await control.store.log.append(event)
    }
  }
  const recost = async (body: object) => {
    const { status, body: answer } = await readAnswer(control.send('POST', '/api/v1/recost', { since: '1d', ...body }))
    return { status, ...(answer as object) } as { readonly status: number; readonly [field: string]: unknown }
  }
  const spend = async () => {
    const response = await control.send('GET', '/api/v1/spend?by=team,hour')
    return response.json()
  }
  const corrections = async () => {
    const read = await control.store.reader.read({ order: 'oldest-first', limit: 100, matches: ({ type }) => type === 'call.recosted' })
    return read.map(({ event }): Event => event)
  }
  return { control, recost, spend, corrections }
}

test('costing again writes the difference once, at the time of the call', async () => {
  const { recost, spend, corrections } = await openLog([{ costNanoUsd: 12_500 }, { costNanoUsd: undefined, isUnpriced: true }])
  expect(await spend()).toMatchObject([{ hour: '2026-11-21T10', calls: 2, unpricedCalls: 1, costNanoUsd: '12500' }])
  expect(await recost({ table: table(10), dryRun: true })).toMatchObject({ status: 200, calls: 2, corrected: 2, deltaUsd: '0.0199875' })
  expect(await corrections()).toEqual([])
  expect(await recost({ table: table(10) })).toMatchObject({
    ...{ calls: 2, corrected: 2, kept: 0, unpriced: 0, deltaUsd: '0.0199875' },
    models: [{ provider: 'openai', target: 'gpt-5.5-mini', corrected: 2, deltaUsd: '0.0199875' }],
  })
  expect(await spend()).toMatchObject([{ hour: '2026-11-21T10', calls: 2, unpricedCalls: 0, costNanoUsd: '20000000' }])
  expect(await recost({ table: table(10) })).toMatchObject({ calls: 2, corrected: 0, deltaUsd: '0' })
  expect(await corrections()).toHaveLength(2)
  // Dearer was wrong: the next correction takes back what the first one added.
  expect(await recost({ table: table(4) })).toMatchObject({ corrected: 2, deltaUsd: '-0.012' })
  expect(await spend()).toMatchObject([{ calls: 2, unpricedCalls: 0, costNanoUsd: '8000000' }])
})

test('the receipt of a call shows every correction of its cost, and what it comes to', async () => {
  const { control, recost } = await openLog([{ costNanoUsd: 12_500 }, { costNanoUsd: undefined, isUnpriced: true }])
  await recost({ table: table(10) })
  await control.world.advance(24 * HOUR_MS)
  await recost({ table: table(4), since: '2d' })
  const ended = await control.store.reader.read({ order: 'oldest-first', limit: 9, matches: ({ type }) => type === 'call.ended' })
  const receipts = await Promise.all(
    ended.map(({ event }) => readAnswer(control.send('GET', `/api/v1/receipts/${'callId' in event ? event.callId : ''}`))),
  )
  const version = expect.stringMatching(/^table:new/)
  expect(receipts[0]?.body).toMatchObject({
    costUsd: '0.0000125',
    corrections: [
      { at: expect.stringMatching(/^2026-11-21T/), deltaUsd: '0.0099875', priceVersion: version },
      { at: expect.stringMatching(/^2026-11-22T/), deltaUsd: '-0.006', priceVersion: version },
    ],
    totalUsd: '0.004',
  })
  expect(receipts[1]?.body).toMatchObject({ unpriced: false, corrections: [{ resolvesUnpriced: true }, {}], totalUsd: '0.004' })
})

test('what cannot be known better stays as it is', async () => {
  const { recost, corrections } = await openLog([
    { costNanoUsd: 1, priceVersion: 'configuration' },
    { costNanoUsd: 1, isEstimate: true },
    { costNanoUsd: 1, target: 'gpt-unheard-of' },
    { costNanoUsd: undefined, usage: undefined },
    { costNanoUsd: 0, cache: { result: 'hit' } },
  ])
  expect(await recost({ table: table(10) })).toMatchObject({ calls: 3, corrected: 0, kept: 2, unpriced: 1, deltaUsd: '0' })
  expect(await corrections()).toEqual([])
})

test('attempts are costed each by its own target, and what was charged for one without usage stays', async () => {
  const attempt = { model: 'mini', provider: 'openai', target: 'gpt-5.5-mini', why: 'first', startedAfterMs: 0, durationMs: 1 }
  const { recost } = await openLog([
    {
      costNanoUsd: 5_000_100,
      attemptLog: [
        { ...attempt, id: 'a.1', outcome: 'broken', costNanoUsd: 100 },
        { ...attempt, id: 'a.2', outcome: 'ok', usage: { inputTokens: 1000, outputTokens: 1 }, costNanoUsd: 5_000_000 },
      ],
    },
  ])
  expect(await recost({ table: table(10) })).toMatchObject({ corrected: 1, deltaUsd: '0.005' })
})

test.each([
  [{ since: 'soon' }, 'since is "soon"'],
  [{ table: { format: 'x' } }, 'format is "x", which this version'],
  [{ table: { ...table(10), unit: 'EUR' } }, 'unit is not the unit'],
  [{ table: table(-1) }, 'providers.openai.models.0.input is no amount'],
])('costing again by %j is refused', async (body, message) => {
  const { recost } = await openLog([])
  expect(await recost(body)).toMatchObject({ status: 400, error: { message: expect.stringContaining(message) } })
})
