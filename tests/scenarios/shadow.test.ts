import { expect, test } from 'bun:test'
import type { CallEnded, Event } from '../../src/core/events.ts'
import { chatAnswer, errorReply, gate } from '../../src/testing/fake-upstream.ts'
import type { Scenario } from '../../src/testing/scenario.ts'
import { ask, chat, endedCall } from './ask.ts'
import { type Routed, startRouted } from './routed.ts'

const SHADOW = { targets: [{ model: 'first' }], shadow: { model: 'second', share: '100%', account: 'lab' } }

test.each([false, true])(
  'a shadow gets a copy, its answer is dropped, and its cost goes to another account (stream: %p)',
  async (stream) => {
    await using routed = await startRouted({ route: SHADOW, teams: { lab: {} } })
    const { scenario } = routed
    const door = gate()
    routed
      .at('second')
      .answer((request) => [door.step, ...chatAnswer({ content: 'Copy.', usage: { inputTokens: 100, outputTokens: 30 } })(request)])
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream }) })
    expect(reply.text).toContain('Hello there.')
    expect(reply.text).not.toContain('Copy.')
    door.open()
    const sent = await routed.at('second').received(1)
    expect(sent.jsonObject()).toMatchObject({ model: 'second-id', messages: chat().messages })
    expect(await copyFor(scenario, reply.callId)).toMatchObject({
      ...{ outcome: 'ok', subject: 'second', provider: 'second', costNanoUsd: 500_000 },
      principal: { team: 'lab', labels: { shadow: 'smart' } },
    })
    expect(await endedCall(scenario, reply.callId)).toMatchObject({ outcome: 'ok', subject: 'smart', costNanoUsd: 50_000, attempts: 1 })
    expect((await scenario.events()).filter(({ type }) => type === 'call.started' || type === 'call.ended')).toHaveLength(4)
  },
)

test('a shadow that fails is nobody else’s failure', async () => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: {} } })
  routed.at('second').answer(errorReply({ status: 500 }))
  expect(await copyOf(routed)).toMatchObject({ outcome: 'broken', errorCode: 'provider_error' })
})

function isCopy(event: Event): event is CallEnded {
  return event.type === 'call.ended' && event.action === 'models.shadow'
}

/** What was written of the copy of a call, of which there is one. */
async function copyFor(scenario: Scenario, callId: string): Promise<CallEnded | undefined> {
  const copies = async () => (await scenario.events()).flatMap((event) => (isCopy(event) && event.parentId === callId ? [event] : []))
  for (let look = 0; look < 2000 && (await copies()).length === 0; look++) await Bun.sleep(5)
  const [copy, another] = await copies()
  expect(another).toBeUndefined()
  return copy
}

/** Calls the route, and gives back what was written of the copy. The call itself is as if there was none. */
async function copyOf({ scenario }: Routed): Promise<CallEnded | undefined> {
  const reply = await ask(scenario, { body: chat({ model: 'smart', max_tokens: 10 }) })
  expect([reply.status, reply.headers.get('x-signalbox-provider')]).toEqual([200, 'first'])
  expect((await endedCall(scenario, reply.callId)).outcome).toBe('ok')
  return copyFor(scenario, reply.callId)
}

test('a shadow that its account has no budget for is not sent, and says so in its own event', async () => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: { budgets: [{ usd: '0.0006', per: 'total' }] } } })
  routed.at('second').answer(chatAnswer({ content: 'Copy.', usage: { inputTokens: 100, outputTokens: 30 } }))
  expect(await copyOf(routed)).toMatchObject({ outcome: 'ok', costNanoUsd: 500_000, bookings: [{ state: 'settled', nanoUsd: 500_000 }] })
  expect(await copyOf(routed)).toMatchObject({ outcome: 'refused', errorCode: 'budget_exceeded', attempts: 0, principal: { team: 'lab' } })
  expect(routed.at('second').requests).toHaveLength(1)
})

test('a shadow meets the limits of its account', async () => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: { limits: [{ requests: 1, per: 'hour' }] } } })
  expect(await copyOf(routed)).toMatchObject({ outcome: 'ok' })
  expect(await copyOf(routed)).toMatchObject({ outcome: 'refused', errorCode: 'rate_limited', attempts: 0 })
  expect(routed.at('second').requests).toHaveLength(1)
})

test.each<[what: string, wait: object]>([
  ['', { retryAfter: 60 }],
  [', also where the provider does not say for how long', {}],
])('a shadow takes nothing of a rate limit that is reached%s', async (_what, wait) => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: {} } })
  routed.at('second').queue(errorReply({ status: 429, ...wait }))
  expect(await copyOf(routed)).toMatchObject({ outcome: 'broken', errorCode: 'provider_rate_limited' })
  expect(await copyOf(routed)).toMatchObject({ errorCode: 'provider_unavailable', attempts: 0 })
  expect(routed.at('second').requests).toHaveLength(1)
})

test('a shadow that cannot serve the request is not sent, and says so in its own event', async () => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: {} }, models: { second: { can: { context: 1 } } } })
  const { scenario } = routed
  const reply = await ask(scenario, { body: chat({ model: 'smart', messages: [{ role: 'user', content: 'A sentence of some length.' }] }) })
  expect(reply.status).toBe(200)
  expect(await copyFor(scenario, reply.callId)).toMatchObject({ outcome: 'refused', errorCode: 'no_capable_target', attempts: 0 })
  expect(routed.at('second').requests).toHaveLength(0)
})

test('a call that no target takes is not copied', async () => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: {} } })
  const { scenario } = routed
  routed.at('first').answer(errorReply({ status: 401 }))
  const copied = await ask(scenario, { body: chat({ model: 'smart' }) })
  expect(await copyFor(scenario, copied.callId)).toMatchObject({ outcome: 'ok' })
  const refused = await ask(scenario, { body: chat({ model: 'smart' }) })
  expect(refused.status).toBe(503)
  // Copies begin in the order of their calls: one of this call would have ended before this one does.
  await scenario.control('POST', '/api/v1/providers/first/reset')
  routed.at('first').answer(chatAnswer())
  const next = await ask(scenario, { body: chat({ model: 'smart' }) })
  expect(await copyFor(scenario, next.callId)).toMatchObject({ outcome: 'ok' })
  expect(
    (await scenario.events()).filter(
      ({ type, ...event }) => type === 'call.started' && 'parentId' in event && event.parentId === refused.callId,
    ),
  ).toEqual([])
  expect(routed.at('second').requests).toHaveLength(2)
})

test('what the model of a shadow asks for is asked for by nobody', async () => {
  await using routed = await startRouted({ route: SHADOW, teams: { lab: {} } })
  routed.at('second').answer(chatAnswer({ toolCalls: [{ id: 'c', name: 'delete_row', arguments: '{}' }] }))
  const copy = await copyOf(routed)
  expect([copy?.outcome, copy?.toolCalls]).toEqual(['ok', undefined])
})

test('a shadow whose account is no team is refused at load, with file and line', async () => {
  const started = startRouted({ route: SHADOW, teams: { labs: {} } })
  await expect(started).rejects.toThrow(
    /models\.routes\[0\]\.shadow\.account: "lab" is no team of access\.teams, .*; did you mean "labs"\?/,
  )
})
