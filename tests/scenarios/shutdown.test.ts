import { describe, expect, test } from 'bun:test'
import type { Event } from '../../src/core/events.ts'
import { chatStream, gate, silence } from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, expectErrorFrame, rawHead } from './ask.ts'

const USAGE = { inputTokens: 10, outputTokens: 3 }
const drain = (time: string) => ({ config: { shutdown: { drain: time } } })

/** Everything that stands in the log of a gateway that has stopped. */
async function eventsAfter({ folder, upstream }: Scenario): Promise<readonly Event[]> {
  await using again = await startScenario({ folder, baseUrl: upstream.baseUrl })
  return again.events()
}

function callsIn(events: readonly Event[]): readonly object[] {
  return events.flatMap((event) =>
    event.type === 'call.ended' ? [{ outcome: event.outcome, errorCode: event.errorCode, status: event.status }] : [],
  )
}

function startsIn(events: readonly Event[]): number {
  return events.filter(({ type }) => type === 'call.started').length
}

/** Begins a stream that stays in its middle until the door opens. */
async function openStream(scenario: Scenario) {
  const door = gate()
  scenario.upstream.queue(chatStream({ pieces: ['a', 'b'], usage: USAGE, before: { 2: door.step } }))
  const reply = ask(scenario, { body: chat({ stream: true }) })
  await scenario.upstream.received(1)
  await scenario.expectEvents([{ type: 'call.started' }])
  return { reply, door }
}

describe('a gateway that is told to stop', () => {
  test('takes no new calls and says so, lets a running stream end, and stops then', async () => {
    await using scenario = await startScenario(drain('20s'))
    expect((await fetch(`${scenario.dataUrl}/readyz`)).status).toBe(200)
    const { reply, door } = await openStream(scenario)
    const began = performance.now()
    const stopping = scenario.shutDown()

    const ready = await scenario.control('GET', '/readyz')
    expect(ready).toMatchObject({
      status: 503,
      body: { ready: false, checks: expect.arrayContaining([expect.objectContaining({ name: 'draining', ok: false })]) },
    })
    expect((await fetch(`${scenario.dataUrl}/readyz`)).status).toBe(503)
    expect((await fetch(`${scenario.dataUrl}/livez`)).status).toBe(200)
    const refused = await ask(scenario)
    expect(expectError(refused, 503, 'shutting_down').source).toBe('gateway')
    expect(refused.headers.get('retry-after')).toBe('1')

    door.open()
    expect((await reply).frames.at(-1)).toBe('[DONE]')
    await stopping
    expect(performance.now() - began).toBeLessThan(5000)
    await expect(fetch(`${scenario.dataUrl}/livez`)).rejects.toThrow()
    const events = await eventsAfter(scenario)
    expect(callsIn(events)).toEqual([
      { outcome: 'refused', errorCode: 'shutting_down', status: 503 },
      { outcome: 'ok', errorCode: undefined, status: 200 },
    ])
    expect(startsIn(events)).toBe(2)
    expect(events.map(({ type }) => type).filter((type) => type.startsWith('writer'))).toEqual([
      'writer.started',
      'writer.stopped',
      'writer.started',
    ])
  })

  test('ends what still runs after the drain time, with the reason: a stream, a call without an answer, a body that does not come', async () => {
    await using scenario = await startScenario(drain('200ms'))
    const stream = await openStream(scenario)
    scenario.upstream.answer(silence())
    const whole = ask(scenario)
    await scenario.upstream.received(2)
    await scenario.expectEvents([{ type: 'call.started' }])
    using client = await openRawClient(scenario.dataPort)
    await client.send(`${rawHead(scenario, ['content-length: 100'])}\r\n{`)
    const live = async () => (await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')).body.calls.length
    for (let round = 0; round < 2000 && (await live()) < 3; round++) await Bun.sleep(5)

    const began = performance.now()
    await scenario.shutDown()
    expect(performance.now() - began).toBeLessThan(3000)
    expect(expectErrorFrame(await stream.reply, 'shutting_down').source).toBe('gateway')
    expectError(await whole, 503, 'shutting_down')
    expect(JSON.parse((await client.readReply())?.body ?? 'null')).toMatchObject({ error: { code: 'shutting_down' } })

    const events = await eventsAfter(scenario)
    expect(callsIn(events)).toEqual([
      { outcome: 'cancelled', errorCode: 'shutting_down', status: 200 },
      { outcome: 'cancelled', errorCode: 'shutting_down', status: 503 },
      { outcome: 'cancelled', errorCode: 'shutting_down', status: 503 },
    ])
    expect(startsIn(events)).toBe(3)
    expect(scenario.printed).toContain('"calls":3')
  })

  test('does not wait where nothing runs, nor for connections that are kept open', async () => {
    await using scenario = await startScenario(drain('20s'))
    expect((await ask(scenario)).status).toBe(200)
    using _silent = await openRawClient(scenario.dataPort)
    const began = performance.now()
    await scenario.shutDown()
    expect(performance.now() - began).toBeLessThan(2000)
    expect(scenario.printed).toContain('"message":"stopped"')
  })
})

describe('a second gateway on the same folder', () => {
  test('refuses to start, says who has it, and leaves the first alone', async () => {
    await using scenario = await startScenario()
    const second = startScenario({ folder: scenario.folder, baseUrl: scenario.upstream.baseUrl })
    await expect(second).rejects.toThrow(/exit code 1.*The data folder .* is in use by another Signalbox \(process \d+\)\. Stop it first/s)
    expect((await ask(scenario)).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('starts when the first has stopped, and reads what that wrote', async () => {
    await using scenario = await startScenario()
    const reply = await ask(scenario)
    await scenario.shutDown()
    await using second = await startScenario({ folder: scenario.folder, baseUrl: scenario.upstream.baseUrl })
    const receipt = await second.control('GET', `/api/v1/receipts/${reply.callId}`)
    expect(receipt).toMatchObject({ status: 200, body: { outcome: 'ok', costUsd: '0.00005' } })
    expect((await second.control('GET', '/api/v1/verify')).body).toMatchObject({ ok: true })
  })
})
