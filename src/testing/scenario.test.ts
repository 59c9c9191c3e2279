import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import type { CallEnded } from '../core/events.ts'
import { type ExpectedEvent, FAKE_PROVIDER_KEY, type Scenario, startScenario } from './scenario.ts'

function sendChat({ dataUrl, key }: Scenario, model = 'mini'): Promise<Response> {
  const init = { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify({ model, messages: [] }) }
  return fetch(`${dataUrl}/v1/chat/completions`, init)
}

describe('a scenario', () => {
  test('is a whole gateway with a key, an upstream and a log of its own', async () => {
    await using scenario = await startScenario()
    expect((await sendChat(scenario)).status).toBe(200)
    expect(scenario.upstream.requests[0]?.header('authorization')).toBe(`Bearer ${FAKE_PROVIDER_KEY}`)
    await scenario.expectCall({ outcome: 'ok', subject: 'mini', principal: { team: 'support', keyId: scenario.keyId } })
    const types = (await scenario.events()).map(({ type }) => type)
    expect(types).toEqual(['writer.started', 'config.loaded', 'key.created', 'call.started', 'call.ended'])
  })

  test.each<[what: string, expected: readonly ExpectedEvent[]]>([
    ['there is an event too many', [{ type: 'call.started' }]],
    ['a field has another value', [{ type: 'call.started' }, { type: 'call.ended', outcome: 'refused' }]],
    ['a field is there that should not be', [{ type: 'call.started' }, { type: 'call.ended', costNanoUsd: undefined }]],
    ['a text does not fit the pattern', [{ type: 'call.started' }, { type: 'call.ended', callId: /^run_/ }]],
    ['a field of a field has another value', [{ type: 'call.started', principal: { labels: { env: 'prod' } } }, { type: 'call.ended' }]],
    ['the order is another', [{ type: 'call.ended' }, { type: 'call.started' }]],
  ])('fails where %s', async (_what, expected) => {
    await using scenario = await startScenario()
    await sendChat(scenario)
    await expect(scenario.expectEvents(expected)).rejects.toThrow('The events are not those that were expected.')
  })

  test('looks only at what was not looked at before, and not at the keys that it makes itself', async () => {
    await using scenario = await startScenario()
    await scenario.expectEvents([])
    await sendChat(scenario)
    await scenario.newKey()
    await scenario.expectCall({ outcome: 'ok' })
    await scenario.expectEvents([])
    await sendChat(scenario, 'none')
    const ended: CallEnded = await scenario.expectCall({ errorCode: 'model_not_found' })
    expect(ended.outcome).toBe('refused')
  })

  test('is gone when it is closed', async () => {
    const scenario = await startScenario()
    const { folder, dataUrl } = scenario
    await scenario.close()
    expect(existsSync(folder)).toBe(false)
    await expect(fetch(`${dataUrl}/livez`)).rejects.toThrow()
  })

  test('does not let a credential pass that came into the log', async () => {
    const scenario = await startScenario()
    const body = JSON.stringify({ model: FAKE_PROVIDER_KEY, messages: [] })
    await fetch(`${scenario.dataUrl}/v1/chat`, { method: 'POST', headers: { authorization: `Bearer ${scenario.key}` }, body })
    await scenario.expectCall({ errorCode: 'model_not_found' })
    await expect(scenario.close()).rejects.toThrow('A credential stands in the event log')
  })

  test('that does not start says why, and leaves nothing behind', async () => {
    await expect(startScenario({ config: { access: { teams: [] } } })).rejects.toThrow(
      /did not start \(exit code 2\): signalbox\.yaml:\d+:\d+ /,
    )
  })

  test('has the upstream that the test brings, if it brings one', async () => {
    await using other = await startScenario()
    await using scenario = await startScenario({ baseUrl: other.upstream.baseUrl })
    expect((await sendChat(scenario)).status).toBe(200)
    expect(other.upstream.requests).toHaveLength(1)
    expect(() => scenario.upstream).toThrow('was given a baseUrl')
    await scenario.expectCall({ outcome: 'ok' })
    await other.expectEvents([])
  })
})
