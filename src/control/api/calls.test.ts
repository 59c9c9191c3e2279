import { expect, test } from 'bun:test'
import type { GatewayError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import { openTestControl, readAnswer, type TestAnswer, type TestControl, testCall } from '../../testing/open-test-control.ts'

async function write(control: TestControl, events: readonly Event[]): Promise<void> {
  await Promise.all(events.map((event) => control.store.log.append(event)))
}

function read(control: TestControl, path: string) {
  return readAnswer(control.send('GET', path))
}

function idsIn({ events }: TestAnswer) {
  return events.map(({ callId }) => callId)
}

const OTHER = { organisation: 'acme', team: 'search', keyId: 'k00000000002', labels: {} }

test('a receipt says all that is known of a call', async () => {
  const control = openTestControl()
  const [started, ended] = testCall(control.world, { bodies: { request: 'body_1', response: 'body_2' }, firstTokenMs: 40 })
  await write(control, [started, ended])
  const { status, body } = await read(control, `/api/v1/receipts/${started.callId}`)
  expect(status).toBe(200)
  expect<unknown>(body).toEqual({
    call: started.callId,
    state: 'ended',
    layer: 'models',
    action: 'models.call',
    wire: 'openai-chat',
    outcome: 'ok',
    status: 200,
    finishReason: 'stop',
    model: 'mini',
    provider: 'openai',
    target: 'gpt-5.5-mini',
    isStream: false,
    attempts: 1,
    usage: { inputTokens: 10, outputTokens: 5 },
    costUsd: '0.0000125',
    unpriced: false,
    priceVersion: '2026-11',
    startedAt: '2026-11-21T12:00:00.000Z',
    endedAt: '2026-11-21T12:00:00.082Z',
    durations: { totalMs: 81.5, overheadMs: 1.5, providerMs: 80, firstTokenMs: 40 },
    sizes: {},
    trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
    principal: { organisation: 'acme', team: 'support', keyId: 'k00000000001', labels: { feature: 'search' } },
    prompt: { hash: 'c0ffee' },
    bodies: { request: 'body_1', response: 'body_2' },
    events: [
      { position: '1.1', ...started },
      { position: '1.2', ...ended },
    ],
  })
})

test('the receipt of a failure says whose fault it was, and of an unpriced call no cost', async () => {
  const control = openTestControl()
  const [started, ended] = testCall(control.world, {
    ...{ outcome: 'broken', errorCode: 'provider_truncated', errorSource: 'provider', errorMessage: 'The reply stopped before its end.' },
    ...{ costNanoUsd: undefined, isUnpriced: true, onBehalfOf: OTHER },
  })
  await write(control, [started, ended])
  const { body } = await read(control, `/api/v1/receipts/${started.callId}`)
  expect<unknown>(body).toMatchObject({
    outcome: 'broken',
    error: { code: 'provider_truncated', source: 'provider', message: 'The reply stopped before its end.' },
    unpriced: true,
    onBehalfOf: OTHER,
  })
  expect<unknown>(body).not.toHaveProperty('costUsd')
})

test('a call that runs is shown as running; one that was cut off as unfinished', async () => {
  const control = openTestControl()
  const [started] = testCall(control.world)
  await write(control, [started])
  await control.world.advance(500)
  const facts = { principal: started.principal, prompt: started.prompt, subject: 'mini', provider: 'openai', attempts: 2 }
  const live = { callId: started.callId, facts, startedAtMs: started.atMs, abort: () => {} }
  control.live.add(live)
  expect<unknown>((await read(control, `/api/v1/receipts/${started.callId}`)).body).toMatchObject({
    ...{ call: started.callId, state: 'running', model: 'mini', provider: 'openai', attempts: 2 },
    ...{ durations: { totalMs: 500 }, startedAt: '2026-11-21T12:00:00.000Z', unpriced: false },
  })
  control.live.remove(live)
  const { body } = await read(control, `/api/v1/receipts/${started.callId}`)
  expect<unknown>(body).toMatchObject({ state: 'unfinished', model: 'mini', durations: { totalMs: 500 } })
  expect<unknown>(body).not.toHaveProperty('attempts')
})

test('a call that runs, and is not in the log yet, has a receipt too', async () => {
  const control = openTestControl()
  const facts = { principal: OTHER, prompt: {}, attempts: 0 }
  control.live.add({ callId: 'call_now', facts, startedAtMs: control.world.now(), abort: () => {} })
  expect<unknown>((await read(control, '/api/v1/receipts/call_now')).body).toEqual({
    ...{ call: 'call_now', state: 'running', startedAt: '2026-11-21T12:00:00.000Z', attempts: 0, unpriced: false, sizes: {} },
    ...{ principal: OTHER, prompt: {}, bodies: {}, durations: { totalMs: 0 }, events: [] },
  })
})

test('a call that is not there may be past its retention', async () => {
  const { status, body } = await read(openTestControl(), '/api/v1/receipts/call_nothing')
  expect(status).toBe(404)
  expect(body.error.message).toBe(
    'There is no call "call_nothing" in the log: no such call was made, or it is past the retention of the log (log.retention).',
  )
})

test('live calls are listed, longest first', async () => {
  const control = openTestControl()
  const abort = (_reason: GatewayError) => {}
  const facts = {
    principal: OTHER,
    prompt: {},
    attempts: 1,
    subject: 'mini',
    provider: 'openai',
    target: 'gpt',
    wire: 'openai-chat',
    isStream: true,
  }
  control.live.add({ callId: 'call_2', facts, startedAtMs: control.world.now(), abort })
  control.live.add({
    callId: 'call_1',
    facts: { principal: OTHER, prompt: {}, attempts: 0 },
    startedAtMs: control.world.now() - 5000,
    abort,
  })
  expect<unknown>((await read(control, '/api/v1/calls/live')).body).toEqual({
    calls: [
      { callId: 'call_1', startedAt: '2026-11-21T11:59:55.000Z', runningMs: 5000, principal: OTHER, attempts: 0 },
      {
        ...{ callId: 'call_2', startedAt: '2026-11-21T12:00:00.000Z', runningMs: 0, principal: OTHER, attempts: 1 },
        ...{ model: 'mini', provider: 'openai', target: 'gpt', wire: 'openai-chat', isStream: true },
      },
    ],
  })
})

test('the log is filtered by all that is given', async () => {
  const control = openTestControl()
  const calls = [
    testCall(control.world, { callId: 'call_old' }, 7_200_000),
    testCall(control.world, { callId: 'call_search', principal: OTHER, subject: 'openai/gpt-5', target: 'gpt-5' }),
    testCall(control.world, { callId: 'call_refused', outcome: 'refused' }),
  ]
  await write(control, calls.flat())
  const idsOf = async (query: string) => {
    const { body } = await read(control, `/api/v1/logs?type=call.ended&${query}`)
    return idsIn(body)
  }
  expect(await idsOf('')).toEqual(['call_refused', 'call_search', 'call_old'])
  expect(await idsOf('order=oldest-first')).toEqual(['call_old', 'call_search', 'call_refused'])
  expect(await idsOf('limit=1')).toEqual(['call_refused'])
  expect(await idsOf('team=search')).toEqual(['call_search'])
  expect(await idsOf('key=k00000000001')).toEqual(['call_refused', 'call_old'])
  expect(await idsOf('model=openai/gpt-5')).toEqual(['call_search'])
  expect(await idsOf('model=gpt-5')).toEqual(['call_search'])
  expect(await idsOf('outcome=refused&team=support')).toEqual(['call_refused'])
  expect(await idsOf('outcome=refused&team=search')).toEqual([])
  expect(await idsOf('since=1h')).toEqual(['call_refused', 'call_search'])
  expect(await idsOf('until=1h')).toEqual(['call_old'])
  const { body } = await read(control, '/api/v1/logs?type=!call.started,!writer.started')
  expect(body.events).toHaveLength(3)
})

test('the log is paged backwards with before, and followed with after, without a gap', async () => {
  const control = openTestControl()
  const idOf = (index: number) => `call_${index}`
  for (let index = 0; index < 5; index++) await write(control, testCall(control.world, { callId: idOf(index) }))
  const first = (await read(control, '/api/v1/logs?type=call.ended&limit=2')).body
  expect(idsIn(first)).toEqual([idOf(4), idOf(3)])
  const second = (await read(control, `/api/v1/logs?type=call.ended&limit=2&before=${first.events[1]?.position}`)).body
  expect(idsIn(second)).toEqual([idOf(2), idOf(1)])
  for (let index = 5; index < 8; index++) await write(control, testCall(control.world, { callId: idOf(index) }))
  const seen: (string | undefined)[] = []
  let { cursor } = first
  for (let round = 0; round < 3; round++) {
    const { body } = await read(control, `/api/v1/logs?type=call.ended&order=oldest-first&limit=2&after=${cursor}`)
    seen.push(...idsIn(body))
    cursor = body.cursor
  }
  expect(seen).toEqual([idOf(5), idOf(6), idOf(7)])
  const { body } = await read(control, `/api/v1/logs?order=oldest-first&after=${cursor}`)
  expect<unknown>(body).toEqual({ events: [], cursor })
})

test('a filter that hardly anything fits is answered over many batches', async () => {
  const control = openTestControl()
  for (let index = 0; index < 300; index++) await write(control, testCall(control.world, { callId: `call_${index}` }))
  await write(control, testCall(control.world, { callId: 'call_rare', principal: OTHER }))
  const { body } = await read(control, '/api/v1/logs?team=search&type=call.ended')
  expect(idsIn(body)).toEqual(['call_rare'])
})

test.each([
  ['limit=0', 'limit', 'limit must be 1 at the least.'],
  ['limit=10001', 'limit', 'limit must be 10000 at the most.'],
  ['limit=many', 'limit', 'limit must be a number, not text.'],
  ['limit=1.5', 'limit', 'limit must be a whole number, not a number.'],
  ['order=random', 'order', 'order must be one of newest-first, oldest-first.'],
  ['outcome=bad', 'outcome', 'outcome must be one of ok, refused, broken, cancelled, paused.'],
  ['tema=support', 'tema', 'tema is not known here; did you mean "team"?'],
  ['team=a&team=b', 'team', 'team must be text, not a list.'],
  ['after=x', 'after', 'after is no cursor; use the one of an answer, such as 12.3.'],
  ['type=call.endet', 'type', 'There is no event type "call.endet"; did you mean "call.ended"?'],
  [
    'since=noon',
    'since',
    'since is "noon"; write a date (2026-11-21), a time (2026-11-21T12:00:00Z) or how long ago (24h); UTC where no zone is given.',
  ],
])('the query %s of the log is refused', async (query, param, message) => {
  const { status, body } = await read(openTestControl(), `/api/v1/logs?${query}`)
  expect(status).toBe(400)
  expect(body.error).toMatchObject({ code: 'invalid_request', param, message })
})
