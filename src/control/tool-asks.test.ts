import { expect, test } from 'bun:test'
import { createToolAsks } from './tool-asks.ts'

const ask = (callId: string) => ({ callId, model: 'mini', prompt: {} })

test('finds the latest ask for a tool in the same trace, under any of its names', () => {
  const asks = createToolAsks()
  asks.note('t1', ask('one'), ['read', 'write'])
  asks.note('t1', ask('two'), ['files__read'])
  expect(asks.find('t1', ['files__write', 'write'])?.callId).toBe('one')
  expect(asks.find('t1', ['files__read', 'read'])?.callId).toBe('two')
  expect(asks.find('t2', ['read'])).toBeUndefined()
})

test('forgets the traces that were longest without an ask', () => {
  const asks = createToolAsks()
  asks.note('kept', ask('a'), ['x'])
  asks.note('gone', ask('b'), ['x'])
  asks.note('kept', ask('c'), ['y'])
  for (let index = 0; index < 9_999; index++) asks.note(`t${index}`, ask('n'), ['x'])
  expect(asks.find('gone', ['x'])).toBeUndefined()
  expect(asks.find('kept', ['x'])?.callId).toBe('a')
})

test('keeps a bounded number of tools a trace', () => {
  const asks = createToolAsks()
  for (let index = 0; index < 200; index++) asks.note('t', ask('n'), [`tool${index}`])
  expect(asks.find('t', ['tool99'])).toBeDefined()
  expect(asks.find('t', ['tool100'])).toBeUndefined()
})
