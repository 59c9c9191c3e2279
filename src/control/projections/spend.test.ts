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
