import { afterAll, describe, expect, test } from 'bun:test'
import { chatAnswer, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, endedCall } from './ask.ts'
import { ASKING_WIRES } from './wires/asking.ts'

// Judges of answers that cannot say: slow, down, or answering rubbish; of every kind, for callers of every wire.

type Mood = 'slow' | 'rubbish' | 'failing' | 'clean' | 'found'

/** One service that is every judge: its path says what it does. */
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => {
    const [, kind, mood] = new URL(request.url).pathname.split('/')
    if (mood === 'slow') await Bun.sleep(400)
    if (mood === 'failing') return new Response('no', { status: 500 })
    if (mood === 'rubbish') return new Response('<html>')
    const isFound = mood === 'found'
    return Response.json(kind === 'webhook' ? { verdict: isFound ? 'found' : 'clean' } : { results: [{ flagged: isFound }] })
  },
})
afterAll(() => server.stop(true))

const KINDS = ['webhook', 'moderation', 'model'] as const

function guardOf(kind: (typeof KINDS)[number], mood: Mood, onFailure: 'open' | 'closed') {
  const common = { type: kind, phases: ['output'], deadline: mood === 'slow' ? '50ms' : '5s', onFailure, action: 'block' }
  return kind === 'model' ? { ...common, model: 'judge' } : { ...common, url: `${server.url.origin}/${kind}/${mood}`, allowPrivate: true }
}

const SAYS: Readonly<Record<Mood, string>> = {
  slow: '',
  rubbish: 'I cannot say.',
  failing: '',
  clean: '{"verdict":"clean"}',
  found: '{"verdict":"found","kind":"THREAT"}',
}

describe.each(Object.entries(ASKING_WIRES))('a judge of answers to callers of %s', (_name, wire) => {
  describe.each([false, true])('stream: %p', (stream) => {
    test.each(KINDS)('of the kind %s that cannot say refuses what is said, or lets it pass where the file says so', async (kind) => {
      await using judge = await fakeUpstream()
      const config = (baseUrl: string, guard: object) => ({
        guards: { judge: guard },
        access: { teams: { support: {} } },
        models: {
          providers: {
            fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
            other: { wire: 'openai-chat', baseUrl: judge.baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' },
          },
          breaker: { failures: 1000 },
          models: [
            { name: 'smart', provider: 'fake', id: 'm', guards: ['judge'], price: { inputPerMillion: 2, outputPerMillion: 10 } },
            { name: 'judge', provider: 'other', id: 'j' },
          ],
        },
      })
      await using scenario = await startScenario({ config: (baseUrl) => config(baseUrl, guardOf(kind, 'clean', 'closed')) })
      scenario.upstream.answer(chatAnswer({ content: 'Secret plan.', usage: { inputTokens: 10, outputTokens: 3 } }))
      for (const mood of ['clean', 'found', 'slow', 'rubbish', 'failing'] as const) {
        const said = chatAnswer({ content: SAYS[mood] })
        judge.answer((request) => {
          if (mood === 'slow') return [{ type: 'pause', ms: 400 }, ...said(request)]
          return mood === 'failing' ? [{ type: 'reset' }] : said(request)
        })
        for (const onFailure of ['closed', 'open'] as const) {
          await scenario.reconfigure(config(scenario.upstream.baseUrl, guardOf(kind, mood, onFailure)))
          const reply = await ask(scenario, { path: wire.path(stream), body: wire.body(stream) })
          const passes = mood === 'clean' || (mood !== 'found' && onFailure === 'open')
          const what = `${mood} ${onFailure}`
          const refusal = mood === 'found' ? 400 : 503
          expect([what, reply.text.includes('Secret'), stream && reply.text.includes(wire.end)]).toEqual([what, passes, passes && stream])
          expect([what, reply.status]).toEqual([what, passes || stream ? 200 : refusal])
          const did = mood === 'found' ? 'blocked' : 'failed'
          const ended = await endedCall(scenario, reply.callId)
          // What the provider did is paid, also where it says what that was behind the end of the text that is refused.
          expect({ what, costNanoUsd: ended.costNanoUsd, isUnpriced: ended.isUnpriced }).toEqual({
            ...{ what, costNanoUsd: 50_000, isUnpriced: undefined },
          })
          expect([what, ended.guards?.map((deed) => `${deed.guard} ${deed.phase} ${deed.did}`) ?? []]).toEqual([
            what,
            mood === 'clean' ? [] : [`judge output ${did}`],
          ])
          expect([what, ended.errorCode]).toEqual([what, passes ? undefined : mood === 'found' ? 'guard_blocked' : 'guard_unavailable'])
        }
      }
    })
  })
})
