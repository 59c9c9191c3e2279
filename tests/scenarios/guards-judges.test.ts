import { afterEach, describe, expect, test } from 'bun:test'
import { chatAnswer, chatReply, chatStream } from '../../src/testing/fake-upstream.ts'
import { type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, endedCall } from './ask.ts'

const MAIL = 'ada@example.com'

function guarded(guards: object): ScenarioConfig {
  return { guards, access: { teams: { support: { guards: Object.keys(guards) } } } }
}

type Judge = ReturnType<typeof Bun.serve>
const servers: Judge[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(true)
})

/** A service that judges: what it got, and its address. */
function judge(answer: (request: Request, body: Record<string, unknown>) => Response | Promise<Response>) {
  const got: Record<string, unknown>[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const body = (await request.json()) as Record<string, unknown>
      got.push(body)
      return answer(request, body)
    },
  })
  servers.push(server)
  return { got, url: `http://127.0.0.1:${server.port}/judge` }
}

describe('a webhook', () => {
  test('is told of the call, sees what is redacted as redacted, and refuses', async () => {
    const { got, url } = judge(() => Response.json({ verdict: 'found', kind: 'LEGAL', reason: 'talks of a case' }))
    await using scenario = await startScenario({
      config: guarded({ pii: {}, legal: { type: 'webhook', url, allowPrivate: true, headers: { 'x-token': 'abc' } } }),
    })
    const reply = await ask(scenario, { body: chat({ messages: [{ role: 'user', content: `Case of ${MAIL}` }] }) })
    expect(reply.status).toBe(400)
    expect(reply.text).toContain('The guard \\"legal\\" refused this call: it found LEGAL in the request (input) (talks of a case).')
    expect(got).toEqual([
      {
        version: 1,
        guard: 'legal',
        phase: 'input',
        texts: ['Case of [EMAIL_1]'],
        call: { callId: reply.callId, layer: 'models', subject: 'mini', team: 'support', labels: {} },
      },
    ])
    expect(scenario.upstream.requests).toHaveLength(0)
    const { guards } = await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked' })
    expect(guards?.map(({ guard, did }) => `${guard} ${did}`)).toEqual(['pii redacted', 'legal blocked'])
  })

  test('holds a stream back until it has spoken', async () => {
    const { got, url } = judge((_request, { texts }) => Response.json({ verdict: String(texts).includes('forbidden') ? 'found' : 'clean' }))
    await using scenario = await startScenario({
      config: guarded({ legal: { type: 'webhook', url, allowPrivate: true, phases: ['output'] } }),
    })
    scenario.upstream.queue(chatStream({ pieces: ['What is ', 'forbidden'] }), chatStream({ pieces: ['What is ', 'fine'] }))
    const refused = await ask(scenario, { body: chat({ stream: true }) })
    expect(refused.text).not.toContain('What is')
    expect(refused.frames.at(-1)).toContain('content_filter')
    await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked', attempts: 1 })
    const fine = await ask(scenario, { body: chat({ stream: true }) })
    expect(fine.text).toContain('What is fine')
    expect(got.map(({ texts }) => texts)).toEqual([['What is forbidden'], ['What is fine']])
  })

  const inside = judge
  test.each<[string, () => string, object, string]>([
    [
      'in a private network that is not allowed',
      () => inside(() => Response.json({ verdict: 'clean' })).url,
      {},
      'is in a private network or on this machine',
    ],
    ['that is down', () => 'http://127.0.0.1:9/x', { allowPrivate: true }, 'could not be reached'],
    [
      'that redirects inside',
      () => inside(() => Response.redirect('http://169.254.169.254/latest/meta-data')).url,
      { allowPrivate: true },
      'answered with a redirect (302), which is not followed',
    ],
    [
      'that answers rubbish',
      () => inside(() => new Response('<html>')).url,
      { allowPrivate: true },
      'answered with something that is not JSON',
    ],
    [
      'that answers other JSON',
      () => inside(() => Response.json({ ok: true })).url,
      { allowPrivate: true },
      'answered with something that is no verdict',
    ],
    ['that fails', () => inside(() => new Response('no', { status: 500 })).url, { allowPrivate: true }, 'answered 500'],
    [
      'that answers too much',
      () => inside(() => new Response('x'.repeat(100_000))).url,
      { allowPrivate: true },
      'answered with more than 65536 bytes',
    ],
    [
      'that is slow',
      () => inside(() => Bun.sleep(400).then(() => Response.json({ verdict: 'clean' }))).url,
      { allowPrivate: true, deadline: '50ms' },
      'did not answer within 50 ms',
    ],
  ])('%s: closed refuses, open lets pass, and both say so', async (_what, urlOf, more, says) => {
    const url = urlOf()
    const legal = { type: 'webhook', url, ...more }
    await using scenario = await startScenario({ config: guarded({ legal }) })
    const refused = await ask(scenario)
    expect(refused.status).toBe(503)
    expect(refused.text).toContain('The guard \\"legal\\" could not judge this call')
    expect(refused.text).toContain(says)
    const ended = await scenario.expectCall({ outcome: 'broken', errorCode: 'guard_unavailable', attempts: 0 })
    expect(ended.guards).toMatchObject([{ guard: 'legal', did: 'failed' }])
    await scenario.reconfigure(guarded({ legal: { ...legal, onFailure: 'open' } }))
    const passed = await ask(scenario)
    expect(passed.status).toBe(200)
    expect(await endedCall(scenario, passed.callId)).toMatchObject({
      outcome: 'ok',
      guards: [{ guard: 'legal', phase: 'input', did: 'failed' }],
    })
  })
})

test('the moderation endpoint of a provider is asked in its own words', async () => {
  const { got, url } = judge(() => Response.json({ results: [{ flagged: true, categories: { violence: true, hate: false } }] }))
  await using scenario = await startScenario({
    config: guarded({ moderation: { url, allowPrivate: true, action: 'flag', model: 'omni-moderation-latest' } }),
  })
  const reply = await ask(scenario)
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-signalbox-guards')).toBe('moderation=flagged')
  expect(got).toEqual([{ model: 'omni-moderation-latest', input: ['Hello?'] }])
})

describe('a model that judges', () => {
  const guards = { judge: { type: 'model', model: 'mini', instructions: 'Find threats.' } }

  test('is a call of its own below the one that asks, paid by the same team', async () => {
    await using scenario = await startScenario({ config: guarded(guards) })
    scenario.upstream.queue(
      chatReply({ content: '{"verdict":"clean"}', usage: { inputTokens: 100, outputTokens: 10 } }),
      chatAnswer({ content: 'Hi.' }),
    )
    const reply = await ask(scenario)
    expect(reply.json).toMatchObject({ choices: [{ message: { content: 'Hi.' } }] })
    const asked = scenario.upstream.requests[0]?.jsonObject()
    expect(JSON.stringify(asked)).toContain('Find threats.')
    expect(JSON.stringify(asked)).toContain('Hello?')
    await endedCall(scenario, reply.callId)
    const ended = (await scenario.events()).filter((event) => event.type === 'call.ended')
    expect(ended).toMatchObject([
      {
        parentId: reply.callId,
        outcome: 'ok',
        subject: 'mini',
        principal: { team: 'support', labels: { purpose: 'guard:judge' } },
        usage: { inputTokens: 100 },
      },
      { callId: reply.callId, outcome: 'ok' },
    ])
    expect(ended[0]?.costNanoUsd).toBeGreaterThan(0)
  })

  test('refuses, and one that answers rubbish counts as none', async () => {
    await using scenario = await startScenario({ config: guarded(guards) })
    scenario.upstream.queue(chatReply({ content: 'Sure: {"verdict":"found","kind":"THREAT"}' }), chatReply({ content: 'I cannot say.' }))
    expect((await ask(scenario)).text).toContain('it found THREAT')
    const rubbish = await ask(scenario)
    expect(rubbish.status).toBe(503)
    expect(rubbish.text).toContain('answered with something that is no verdict')
  })
})
