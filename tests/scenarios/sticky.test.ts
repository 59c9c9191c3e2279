import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatAnswer, errorReply, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, endedCall } from './ask.ts'

const CONVERSATIONS = Array.from({ length: 12 }, (_, index) => `c${index}`)
const KEYS = ['key-a', 'key-b'] as const

test('a conversation keeps to its target and to one key of it, over restarts too, and leaves them only while they fail', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-sticky-'))
  await using one = await fakeUpstream()
  await using two = await fakeUpstream()
  for (const key of KEYS) writeFileSync(join(folder, key), key, { mode: 0o600 })
  const provider = (baseUrl: string) => ({ wire: 'openai-chat', baseUrl, apiKey: KEYS.map((key) => `file:${key}`) })
  const config = {
    models: {
      providers: { one: provider(one.baseUrl), two: provider(two.baseUrl) },
      models: ['one', 'two'].map((name) => ({ name, provider: name, id: 'm' })),
      routes: [
        { name: 'inner', strategy: 'sticky', targets: [{ model: 'one' }, { model: 'two' }], degradedFactor: 1000, retries: { max: 0 } },
        { name: 'smart', targets: [{ model: 'inner' }], degradedFactor: 1000, retries: { max: 0 } },
      ],
    },
    access: { teams: { support: {} } },
  }
  const options = { baseUrl: one.baseUrl, folder, config }
  const start = () => startScenario(options)
  /** Where each conversation went: the provider, its key, and how that ended. */
  const placesOf = async (scenario: Awaited<ReturnType<typeof start>>, model: string) => {
    const place = async (conversation: string) => {
      const headers = { 'x-signalbox-labels': `conversation=${conversation}` }
      const { status, callId } = await ask(scenario, { body: chat({ model }), headers })
      expect(status).toBe(200)
      const { attemptLog } = await endedCall(scenario, callId)
      return attemptLog?.map(({ provider: name, key, outcome }) => `${name} ${key} ${outcome}`).join(', ') ?? '-'
    }
    return Promise.all(CONVERSATIONS.map(place))
  }
  try {
    let before: string[]
    {
      await using scenario = await start()
      before = await placesOf(scenario, 'inner')
      expect(new Set(before)).toEqual(new Set(['one 1 ok', 'one 2 ok', 'two 1 ok', 'two 2 ok']))
      expect(await placesOf(scenario, 'inner')).toEqual(before)
      // In a route of another kind too.
      expect(await placesOf(scenario, 'smart')).toEqual(before)
      one.answer((request) => (request.header('authorization') === 'Bearer key-a' ? errorReply({ status: 401 }) : chatAnswer())(request))
      const without = await placesOf(scenario, 'inner')
      expect(without.map((place) => place.split(', ').at(-1))).toEqual(before.map((place) => (place === 'one 1 ok' ? 'one 2 ok' : place)))
      one.answer(chatAnswer())
      expect((await scenario.control('POST', '/api/v1/providers/one/reset')).status).toBe(200)
      expect(await placesOf(scenario, 'inner')).toEqual(before)
      await scenario.shutDown()
    }
    await using again = await start()
    expect(await placesOf(again, 'inner')).toEqual(before)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
