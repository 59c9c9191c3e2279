import { describe, expect, test } from 'bun:test'
import type { Event } from '../../src/core/events.ts'
import { chatAnswer, chatStream, errorReply, gate, silence } from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { rawChat } from './ask.ts'
import { type Routed, startRouted } from './routed.ts'
import { ASKING_WIRES } from './wires/asking.ts'

// A client leaves just while a broken stream is to go on at another target, or while two attempts run.

const NAMES = ['first', 'second', 'third']
const ABLE = { can: { prefill: true } }

function start(more: object = {}): Promise<Routed> {
  return startRouted({
    names: NAMES,
    route: { onBrokenStream: 'continue' },
    models: { first: ABLE, second: ABLE, third: ABLE },
    teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } },
    ...more,
  })
}

async function nothingIsLeft({ scenario }: Routed): Promise<void> {
  const { body: money } = await scenario.control<{ budgets: { held: string }[] }>('GET', '/api/v1/budgets')
  expect(money.budgets).toMatchObject([{ held: '0' }])
  const { body: ways } = await scenario.control<{ providers: { inFlight: number }[] }>('GET', '/api/v1/providers')
  expect(ways.providers.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0])
}

describe.each(Object.entries(ASKING_WIRES))('a client of %s', (_name, wire) => {
  test('takes the attempt along that is under way, nobody else is asked, and both are booked in the ending of the call', async () => {
    await using routed = await start()
    const { scenario } = routed
    routed.at('first').answer(chatStream({ pieces: ['Half of '], cut: { afterFrames: 2, by: 'reset' } }))
    routed.at('second').answer(silence())
    const leaving = new AbortController()
    const asked = fetch(`${scenario.dataUrl}${wire.path(true)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scenario.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(wire.body(true)),
      signal: leaving.signal,
    }).then((response) => response.text())
    const second = await routed.at('second').received(1)
    leaving.abort()
    await expect(asked).rejects.toThrow()
    await second.whenLeft
    const [, , ended] = await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'attempt.held' },
      { type: 'call.ended', outcome: 'cancelled', errorCode: 'client_closed', attempts: 2 },
    ])
    expect(ended).toMatchObject({
      attemptLog: [
        { model: 'first', errorCode: 'provider_truncated' },
        { model: 'second', outcome: 'cancelled' },
      ],
      bookings: [{ state: 'settled' }, { state: 'settled' }],
    })
    expect(routed.at('third').requests).toHaveLength(0)
    await nothingIsLeft(routed)
  })
})

test('what an attempt to go on is read on for is booked too, and adds up with the first', async () => {
  await using routed = await start({ more: { money: { onClientLeave: 'drain', drainFor: '5s' } } })
  const { scenario } = routed
  const door = gate()
  routed.at('first').answer(chatStream({ pieces: ['Half of '], cut: { afterFrames: 2, by: 'reset' } }))
  const usage = { inputTokens: 100, outputTokens: 30 }
  routed.at('second').answer((request) => [door.step, ...chatAnswer({ content: 'it all.', usage })(request)])
  using client = await openRawClient(scenario.dataPort)
  await client.send(rawChat(scenario, { model: 'smart', stream: true, messages: [{ role: 'user', content: 'Go.' }] }))
  await routed.at('second').received(1)
  client.destroy()
  // The gateway hears of it while the second is still silent.
  for (let look = 0; look < 400 && (await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')).body.calls.length > 0; look++)
    await Bun.sleep(2)
  door.open()
  const seen = async () => (await scenario.events()).filter(({ type }) => type === 'call.ended' || type === 'attempt.booked')
  const booked = async () => (await seen()).flatMap((event) => bookingsOf(event))
  for (let look = 0; look < 400 && (await booked()).length < 2; look++) await Bun.sleep(5)
  const bookings = await booked()
  expect(bookings).toMatchObject([{ state: 'settled' }, { state: 'settled', nanoUsd: 500_000 }])
  const costs = (await seen()).map((event) => ('costNanoUsd' in event ? (event.costNanoUsd ?? 0) : 0))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  expect(sum(costs)).toBe(sum(bookings.map(({ nanoUsd = 0 }) => nanoUsd)))
  await nothingIsLeft(routed)
})

function bookingsOf(event: Event | undefined) {
  if (event?.type === 'call.ended') return event.bookings ?? []
  return event?.type === 'attempt.booked' ? [event.booking] : []
}

test('a failure after the client left is not gone on from', async () => {
  await using routed = await start()
  const { scenario } = routed
  const door = gate()
  routed.at('first').answer(chatStream({ pieces: ['Half of '], cut: { afterFrames: 2, by: 'reset' } }))
  routed.at('second').answer((request) => [door.step, ...errorReply({ status: 500 })(request)])
  using client = await openRawClient(scenario.dataPort)
  await client.send(rawChat(scenario, { model: 'smart', stream: true, messages: [{ role: 'user', content: 'Go.' }] }))
  const second = await routed.at('second').received(1)
  client.destroy()
  await second.whenLeft
  door.open()
  await scenario.expectEvents([
    { type: 'call.started' },
    { type: 'attempt.held' },
    { type: 'call.ended', outcome: 'cancelled', attempts: 2, provider: 'second' },
  ])
  expect(routed.at('third').requests).toHaveLength(0)
})

test('of two attempts that are read on for a client that left, both are in the ending of the call', async () => {
  await using routed = await start({
    route: { hedge: { after: '5ms', share: '100%', spend: '100%' } },
    more: { money: { onClientLeave: 'drain', drainFor: '5s' } },
  })
  const { scenario } = routed
  const [first, second] = [gate(), gate()]
  const answer = chatAnswer({ content: 'Yes.', usage: { inputTokens: 100, outputTokens: 30 } })
  routed.at('first').answer((request) => [first.step, ...answer(request)])
  routed.at('second').answer((request) => [second.step, ...answer(request)])
  using client = await openRawClient(scenario.dataPort)
  await client.send(rawChat(scenario, { model: 'smart', messages: [{ role: 'user', content: 'Go.' }] }))
  await routed.at('second').received(1)
  client.destroy()
  // Long enough for the gateway to hear of it; where it has not, the other attempt is broken off, and is in the ending too.
  await Bun.sleep(150)
  second.open()
  await Bun.sleep(100)
  first.open()
  const events = await scenario.expectEvents([
    { type: 'call.started' },
    { type: 'attempt.held' },
    { type: 'call.ended', outcome: 'cancelled', attempts: 2 },
  ])
  expect(events.at(-1)).toMatchObject({ attemptLog: [{ outcome: 'cancelled' }, { outcome: 'cancelled' }] })
  expect(bookingsOf(events.at(-1))).toHaveLength(2)
  await nothingIsLeft(routed)
})

test.each([
  ['whole', false],
  ['streamed', true],
])('two attempts that are read on without a budget, and come to be known, are no call without a price: %s', async (_how, stream) => {
  await using routed = await startRouted({
    route: { hedge: { after: '5ms', share: '100%', spend: '100%' } },
    more: { money: { onClientLeave: 'drain', drainFor: '5s' } },
  })
  const { scenario } = routed
  const [first, second, rest] = [gate(), gate(), gate()]
  const usage = { inputTokens: 100, outputTokens: 30 }
  const answer = stream
    ? chatStream({ pieces: ['Yes', ', it is.'], before: { 2: rest.step }, usage })
    : chatAnswer({ content: 'Yes.', usage })
  routed.at('first').answer((request) => [first.step, ...answer(request)])
  routed.at('second').answer((request) => [second.step, ...answer(request)])
  using client = await openRawClient(scenario.dataPort)
  await client.send(rawChat(scenario, { model: 'smart', stream, messages: [{ role: 'user', content: 'Go.' }] }))
  await routed.at('second').received(1)
  client.destroy()
  await Bun.sleep(150)
  second.open()
  await Bun.sleep(100)
  first.open()
  await Bun.sleep(100)
  rest.open()
  const spend = async () => (await scenario.control<readonly { costNanoUsd: string }[]>('GET', '/api/v1/spend?by=team')).body
  for (let look = 0; look < 400 && (await spend())[0]?.costNanoUsd !== '1000000'; look++) await Bun.sleep(5)
  expect(await spend()).toMatchObject([{ calls: 1, costNanoUsd: '1000000', unpricedCalls: 0 }])
})
