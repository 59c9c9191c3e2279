import { describe, expect, test } from 'bun:test'
import { chatStream, gate, silence } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, expectErrorFrame } from './ask.ts'

const TEAMS = { access: { teams: { support: {}, search: {} } } }
const USAGE = { inputTokens: 10, outputTokens: 3 }

/** Begins a stream that stays in its middle, for one key. */
async function openStream(scenario: Scenario, key: string) {
  const door = gate()
  const before = scenario.upstream.requests.length
  scenario.upstream.queue(chatStream({ pieces: ['a', 'b', 'c'], usage: USAGE, before: { 2: door.step } }))
  const reply = ask(scenario, { key, body: chat({ stream: true }) })
  const request = await scenario.upstream.received(before + 1)
  await scenario.expectEvents([{ type: 'call.started', subject: 'mini' }])
  return { reply, request, door }
}

describe('a key that is revoked', () => {
  test.each([
    ['POST', (id: string) => `/api/v1/keys/${id}/revoke`],
    ['DELETE', (id: string) => `/api/v1/keys/${id}`],
  ] as const)('by %s stops at once', async (method, pathOf) => {
    await using scenario = await startScenario({ config: TEAMS })
    const { id, key } = await scenario.newKey({ name: 'ada' })
    expect((await ask(scenario, { key })).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })

    const revoked = await scenario.control(method, pathOf(id))
    expect(revoked).toMatchObject({ status: 200, body: { id, state: 'revoked', endedCalls: 0 } })
    const error = expectError(await ask(scenario, { key }), 401, 'key_revoked')
    expect(error).toMatchObject({ source: 'policy', message: `The key ${id} ("ada") was revoked. Ask who runs this gateway for another.` })
    await scenario.expectEvents([
      { type: 'key.revoked', keyId: id, liveCalls: 0 },
      { type: 'call.started', principal: { team: undefined } },
      { type: 'call.ended', outcome: 'refused', errorCode: 'key_revoked', errorSource: 'policy', attempts: 0, status: 401 },
    ])
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('ends its running stream within a second, with the reason and without [DONE]; the streams of other keys go on', async () => {
    await using scenario = await startScenario({ config: TEAMS })
    const { id, key } = await scenario.newKey()
    const stopped = await openStream(scenario, key)
    const other = await openStream(scenario, scenario.key)

    const began = performance.now()
    const revoked = await scenario.control('POST', `/api/v1/keys/${id}/revoke`)
    expect(revoked.body).toMatchObject({ endedCalls: 1 })
    const reply = await stopped.reply
    expect(performance.now() - began).toBeLessThan(1000)
    expect(reply.text).toContain('"content":"a"')
    expect(expectErrorFrame(reply, 'key_revoked')).toMatchObject({ source: 'policy', type: 'authentication_error' })
    await stopped.request.whenLeft
    await scenario.expectEvents([
      { type: 'key.revoked', keyId: id, liveCalls: 1 },
      { type: 'call.ended', callId: reply.callId, outcome: 'cancelled', errorCode: 'key_revoked', isStream: true, status: 200 },
    ])

    other.door.open()
    expect((await other.reply).frames.at(-1)).toBe('[DONE]')
    await scenario.expectEvents([{ type: 'call.ended', outcome: 'ok', costNanoUsd: 50_000 }])
  })

  test.each([false, true])('ends a call to which nothing was answered yet, streamed: %p', async (stream) => {
    await using scenario = await startScenario({ config: TEAMS })
    const { id, key } = await scenario.newKey()
    scenario.upstream.answer(silence())
    const pending = ask(scenario, { key, body: chat({ stream }) })
    const request = await scenario.upstream.received(1)
    await scenario.control('POST', `/api/v1/keys/${id}/revoke`)
    expectError(await pending, 401, 'key_revoked')
    await request.whenLeft
    await scenario.expectEvents([
      { type: 'call.started', subject: 'mini' },
      { type: 'key.revoked', keyId: id, liveCalls: 1 },
      { type: 'call.ended', outcome: 'cancelled', errorCode: 'key_revoked', status: 401, isStream: stream, attempts: 1 },
    ])
  })

  test('stays revoked when the gateway is started again', async () => {
    await using first = await startScenario({ config: TEAMS })
    const { id, key } = await first.newKey()
    await first.control('POST', `/api/v1/keys/${id}/revoke`)
    await first.shutDown()
    await using second = await startScenario({ config: TEAMS, folder: first.folder, baseUrl: first.upstream.baseUrl })
    expectError(await ask(second, { key }), 401, 'key_revoked')
    await second.expectCall({ outcome: 'refused' })
  })
})

describe('a team that leaves the file', () => {
  test('has keys that stop, and work again when it comes back', async () => {
    await using scenario = await startScenario({ config: TEAMS })
    const { id, key } = await scenario.newKey({ team: 'search', name: 'finder' })
    expect((await ask(scenario, { key })).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })

    expect((await scenario.reconfigure({ access: { teams: { support: {} } } })).status).toBe(200)
    const error = expectError(await ask(scenario, { key }), 401, 'key_revoked')
    expect(error.message).toBe(`The key ${id} ("finder") belongs to the team "search", which is not in the configuration any more.`)
    expect((await ask(scenario)).status).toBe(200)
    const shown = await scenario.control('GET', `/api/v1/keys/${id}`)
    expect(shown.body).toMatchObject({ state: 'stopped', team: 'search' })

    expect((await scenario.reconfigure(TEAMS)).status).toBe(200)
    expect((await ask(scenario, { key })).status).toBe(200)
    await scenario.expectEvents([
      { type: 'config.loaded', file: 'signalbox.yaml' },
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'refused', errorCode: 'key_revoked', attempts: 0 }] as const),
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'ok', principal: { team: 'support' } }] as const),
      { type: 'config.loaded' },
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'ok', principal: { team: 'search' } }] as const),
    ])
  })

  test('whose list of models becomes shorter loses the model at once', async () => {
    await using scenario = await startScenario()
    expect((await ask(scenario)).status).toBe(200)
    await scenario.reconfigure({ access: { teams: { support: { models: ['other'] } } } })
    expectError(await ask(scenario), 403, 'model_not_allowed')
    await scenario.expectEvents([
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'ok' }] as const),
      { type: 'config.loaded' },
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'refused', errorCode: 'model_not_allowed' }] as const),
    ])
  })
})
