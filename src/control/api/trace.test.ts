import { expect, test } from 'bun:test'
import type { AttemptBooked, CallEnded, Event } from '../../core/events.ts'
import { openTestControl, readAnswer, type TestControl, testCall } from '../../testing/open-test-control.ts'
import type { TraceNode } from './trace.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

async function write(control: TestControl, events: readonly Event[]): Promise<void> {
  await Promise.all(events.map((event) => control.store.log.append(event)))
}

/** A call of the trace under test, which began so many milliseconds after the first one. */
function call(control: TestControl, atMs: number, facts: Partial<CallEnded>) {
  return testCall(control.world, facts, 1000 - atMs)
}

/** An app's agent: it asks a model, calls a tool and another agent, which asks a model without a price and is cut off. */
async function writeTrace(control: TestControl): Promise<void> {
  const agent = { layer: 'agents', action: 'agents.send', usage: undefined, costNanoUsd: undefined, finishReason: undefined } as const
  const askedBy = { callId: 'call_B', model: 'mini', prompt: { name: 'plan', version: '2' } }
  const tool = {
    ...agent,
    layer: 'tools',
    action: 'tools.call',
    subject: 'files__read',
    provider: 'files',
    target: 'read',
    askedBy,
  } as const
  const broken = { outcome: 'broken', errorCode: 'provider_truncated', errorSource: 'provider', errorMessage: 'Cut.' } as const
  const unpriced = { costNanoUsd: undefined, isUnpriced: true } as const
  await write(control, [
    ...call(control, 0, { ...agent, callId: 'call_A', spanId: 'a', parentSpanId: 'outside', subject: 'researcher', durationMs: 900 }),
    ...call(control, 10, { callId: 'call_B', spanId: 'b', parentSpanId: 'a', costNanoUsd: 100, toolCalls: ['files__read'] }),
    ...call(control, 200, { ...tool, callId: 'call_C', spanId: 'c', parentSpanId: 'a', isToolError: true }),
    ...call(control, 400, { ...agent, callId: 'call_D', spanId: 'd', parentSpanId: 'a', subject: 'writer' }),
    ...call(control, 500, { callId: 'call_E', spanId: 'e', parentSpanId: 'd', ...unpriced, ...broken }),
    ...call(control, 600, { callId: 'call_F', spanId: 'f', costNanoUsd: 23 }),
    call(control, 700, { callId: 'call_G', spanId: 'g', parentSpanId: 'f' })[0],
    ...call(control, 800, { callId: 'call_X', traceId: 'f'.repeat(32), subject: TRACE }),
  ])
}

async function readTrace(control: TestControl, id: string) {
  const { status, body } = await readAnswer(control.send('GET', `/api/v1/traces/${id}`))
  expect(status).toBe(200)
  // The test asserts what it reads of it.
  return body as unknown as { readonly roots: readonly TraceNode[] }
}

/** The tree in a few words a call. */
function outline(nodes: readonly TraceNode[]): readonly unknown[] {
  return nodes.map((node) => [node.call, node.costUsd, node.tree.costUsd, node.tree.unpriced, ...outline(node.children)])
}

test('a trace is a tree of calls, each with its own cost and that of all that it caused', async () => {
  const control = openTestControl()
  await writeTrace(control)
  const trace = await readTrace(control, TRACE)
  expect(trace).toMatchObject({ traceId: TRACE, calls: 7, isCut: false, costUsd: '0.000000123', unpriced: true })
  expect(trace).toMatchObject({ startedAt: '2026-11-21T11:59:59.000Z', durationMs: 1000 })
  expect(outline(trace.roots)).toEqual([
    [
      'call_A',
      undefined,
      '0.0000001',
      true,
      ['call_B', '0.0000001', '0.0000001', false],
      ['call_C', undefined, undefined, false],
      ['call_D', undefined, undefined, true, ['call_E', undefined, undefined, true]],
    ],
    ['call_F', '0.000000023', '0.000000023', false, ['call_G', undefined, undefined, false]],
  ])
})

test('a node says what was called, who asked for it and how it ended', async () => {
  const control = openTestControl()
  await writeTrace(control)
  const { roots } = await readTrace(control, TRACE)
  const [, tool, writer] = roots[0]?.children ?? []
  expect(tool).toEqual({
    ...{ call: 'call_C', spanId: 'c', parentSpanId: 'a', layer: 'tools', action: 'tools.call' },
    ...{ subject: 'files__read', provider: 'files', target: 'read' },
    principal: { organisation: 'acme', team: 'support', keyId: 'k00000000001', labels: { feature: 'search' } },
    askedBy: { call: 'call_B', model: 'mini', prompt: { name: 'plan', version: '2' } },
    ...{ state: 'ended', outcome: 'ok', isToolError: true, attempts: 1 },
    ...{ startedAt: '2026-11-21T11:59:59.200Z', durationMs: 81.5, unpriced: false, tree: { unpriced: false }, children: [] },
  })
  expect(roots[0]?.children[0]?.toolCalls).toEqual(['files__read'])
  expect(writer?.children[0]).toMatchObject({
    outcome: 'broken',
    error: { code: 'provider_truncated', source: 'provider', message: 'Cut.' },
  })
  expect(roots[1]?.children[0]).toMatchObject({ state: 'unfinished', durationMs: 300 })
})

test('a trace is found by any call in it, also by one that runs', async () => {
  const control = openTestControl()
  await writeTrace(control)
  const live = {
    callId: 'call_G',
    startedAtMs: 0,
    abort: () => {},
    facts: { principal: { organisation: 'a', labels: {} }, prompt: {}, attempts: 0 },
  }
  control.live.add(live)
  const { roots } = await readTrace(control, 'call_E')
  expect(roots.map(({ call }) => call)).toEqual(['call_A', 'call_F'])
  expect(roots[1]?.children[0]?.state).toBe('running')
})

test('what was booked after a call had ended is part of its cost', async () => {
  const control = openTestControl()
  const [started, ended] = call(control, 0, { callId: 'call_H', spanId: 'h', costNanoUsd: 5, isUnpriced: true, outcome: 'cancelled' })
  const { callId, layer, action, principal, subject, provider, target, traceId } = ended
  const of = { callId, layer, action, principal, subject, provider, target, traceId, outcome: 'cancelled' } as const
  const late = (attempt: string, nanoUsd: number): AttemptBooked => ({
    ...{ type: 'attempt.booked', atMs: 0, ...of, costNanoUsd: nanoUsd },
    booking: { attempt, state: 'settled', atMs: 0, nanoUsd, tokens: 9, balances: [] },
  })
  await write(control, [started, ended, late('call_H.1', 70)])
  expect(await readTrace(control, TRACE)).toMatchObject({ calls: 1, costUsd: '0.000000075', unpriced: true })
  await write(control, [{ ...late('call_H.2', 20), resolvesUnpriced: true }])
  const cost = { costUsd: '0.000000095', unpriced: false }
  expect(await readTrace(control, TRACE)).toMatchObject({ ...cost, roots: [{ ...cost, tree: cost }] })
})

test('what is not there is said to be not there', async () => {
  const control = openTestControl()
  for (const id of ['call_none', 'f'.repeat(32)]) {
    const { status, body } = await readAnswer(control.send('GET', `/api/v1/traces/${id}`))
    expect([status, body.error.code]).toEqual([404, 'not_found'])
  }
})

test('a trace is read from a point in time on, where that is asked', async () => {
  const control = openTestControl()
  await writeTrace(control)
  const { body } = await readAnswer(control.send('GET', `/api/v1/traces/${TRACE}?since=2026-11-21T11:59:59.570Z`))
  expect<unknown>(body).toMatchObject({ calls: 3, roots: [{ call: 'call_E' }, { call: 'call_F' }] })
  expect((await readAnswer(control.send('GET', `/api/v1/traces/${TRACE}?sinc=1h`))).body.error.code).toBe('invalid_request')
})
