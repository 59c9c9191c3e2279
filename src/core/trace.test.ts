import { expect, test } from 'bun:test'
import { continueTrace, formatTraceparent } from './trace.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const fresh = (bytes: number) => 'f'.repeat(bytes * 2)
const BEGUN = { traceId: fresh(16), spanId: fresh(8), isSampled: true }

test.each([
  ['a sampled trace', `00-${TRACE_ID}-${PARENT}-01`, true],
  ['a trace that is not sampled', `00-${TRACE_ID}-${PARENT}-00`, false],
  ['flags that are not known yet', `00-${TRACE_ID}-${PARENT}-03`, true],
  ['a later version', `01-${TRACE_ID}-${PARENT}-01`, true],
  ['a later version with more fields', `cc-${TRACE_ID}-${PARENT}-00-what-comes`, false],
])('%s is continued with a span of its own', (_name, header, isSampled) => {
  expect(continueTrace(header, fresh)).toEqual({ traceId: TRACE_ID, spanId: fresh(8), parentSpanId: PARENT, isSampled })
})

test.each([
  ['no header', undefined],
  ['no header, as Headers say it', null],
  ['an empty one', ''],
  ['the version that is forbidden', `ff-${TRACE_ID}-${PARENT}-01`],
  ['more fields than version 00 has', `00-${TRACE_ID}-${PARENT}-01-more`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${TRACE_ID.toUpperCase()}-${PARENT}-01`],
  ['a trace id that is too short', `00-${TRACE_ID.slice(1)}-${PARENT}-01`],
  ['something else', 'trace me'],
  ['a second line', `00-${TRACE_ID}-${PARENT}-01\nx`],
])('%s begins a new trace', (_name, header) => {
  expect(continueTrace(header, fresh)).toEqual(BEGUN)
})

test('the header for what is called next names this span as the parent', () => {
  expect(formatTraceparent({ traceId: TRACE_ID, spanId: PARENT, isSampled: false })).toBe(`00-${TRACE_ID}-${PARENT}-00`)
  const next = continueTrace(formatTraceparent(BEGUN), () => PARENT)
  expect(next).toEqual({ traceId: BEGUN.traceId, spanId: PARENT, parentSpanId: BEGUN.spanId, isSampled: true })
})
