import { expect, test } from 'bun:test'
import type { CallEnded } from '../../core/events.ts'
import { SPEND_TABLE, SpendProjection } from './spend.ts'

const ENDED: CallEnded = {
  type: 'call.ended',
  atMs: 3_600_000,
  startedAtMs: 3_600_000,
  durationMs: 1,
  callId: 'call_1',
  layer: 'models',
  action: 'models.call',
  traceId: 't',
  spanId: 's',
  principal: { organisation: 'default', team: 'support', labels: {} },
  prompt: {},
  outcome: 'ok',
  attempts: 1,
  provider: 'openai',
  subject: 'mini',
  target: 'gpt',
}

function rowsOf(...events: readonly CallEnded[]): readonly (readonly string[])[] {
  const projection = new SpendProjection()
  for (const event of events) projection.fold(event)
  return [...projection.rows(SPEND_TABLE.name)].map(({ dimensions }) => dimensions)
}

test('what cannot cost anything is no spend: a list, a tool', () => {
  const list: CallEnded = { ...ENDED, action: 'models.list', provider: undefined, subject: undefined }
  const tool: CallEnded = { ...ENDED, layer: 'tools', action: 'tools.call', provider: 'files', subject: 'files__read' }
  expect(rowsOf(list, tool)).toEqual([])
})

test('whatever had a cost is spend, also what is no model', () => {
  const tool: CallEnded = { ...ENDED, layer: 'tools', action: 'tools.call', subject: 'search__web', costNanoUsd: 5 }
  expect(rowsOf(tool)).toHaveLength(1)
})

test('names that callers made up share one row, so that nobody can fill the table', () => {
  const unknown = Array.from({ length: 50 }, (_, index): CallEnded => {
    return { ...ENDED, provider: undefined, target: undefined, subject: `made-up-${index}`, outcome: 'refused', attempts: 0 }
  })
  const rows = rowsOf(...unknown)
  expect(rows).toHaveLength(1)
  expect(rows.flat().join()).not.toContain('made-up')
})

test('what went by a route is told apart from what named its model directly, and by another route', () => {
  const by = (route: string): CallEnded => ({ ...ENDED, choice: { route, strategy: 'priority', why: '', order: ['mini'] } })
  const routeColumn = SPEND_TABLE.dimensions.indexOf('route')
  expect(rowsOf(ENDED, by('smart'), by('cheap'), by('smart')).map((row) => row[routeColumn])).toEqual(['', 'smart', 'cheap'])
})

/** The sums of one row, by name. */
function sumsOf(...events: readonly CallEnded[]): Readonly<Record<string, bigint>> {
  const projection = new SpendProjection()
  for (const event of events) projection.fold(event)
  const [row, ...more] = projection.rows(SPEND_TABLE.name)
  expect(more).toEqual([])
  return Object.fromEntries(SPEND_TABLE.sums.map((name, index) => [name, row?.sums[index] ?? -1n]))
}

test('what is no count of tokens is not added up', () => {
  const said = [7, -1, 0.5, 1e9, 2 ** 53, Number.NaN].map((tokens): CallEnded => {
    return { ...ENDED, usage: { inputTokens: tokens, cachedInputTokens: tokens, cacheWriteTokens: tokens, outputTokens: tokens } }
  })
  expect(sumsOf(...said)).toMatchObject({ calls: 6n, input: 7n, cached_input: 7n, cache_write: 7n, output: 7n })
})

test('a cost is exact past what a number can hold', () => {
  const dear: CallEnded = { ...ENDED, costNanoUsd: Number.MAX_SAFE_INTEGER }
  expect(sumsOf(dear, dear, { ...ENDED, costNanoUsd: 1 })).toMatchObject({ calls: 3n, cost: 2n * BigInt(Number.MAX_SAFE_INTEGER) + 1n })
})
