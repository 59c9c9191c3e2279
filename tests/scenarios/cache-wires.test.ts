import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { chatAnswer, chatStream, gate, READ_PAUSE } from '../../src/testing/fake-upstream.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, endedCall, type Reply, send } from './ask.ts'

// What is kept is given out in every wire, whole and as a stream, whatever it was kept from.

interface Wire {
  readonly path: (stream: boolean) => string
  readonly body: (stream: boolean) => JsonObject
  readonly end: string
}

const MESSAGES = [{ role: 'user', content: 'Hello?' }]
const WIRES: Readonly<Record<string, Wire>> = {
  'openai-chat': {
    path: () => '/v1/chat/completions',
    body: (stream) => ({ model: 'mini', max_tokens: 50, stream, messages: MESSAGES }),
    end: '[DONE]',
  },
  'openai-responses': {
    path: () => '/v1/responses',
    body: (stream) => ({ model: 'mini', max_output_tokens: 50, store: false, stream, input: 'Hello?' }),
    end: 'response.completed',
  },
  'anthropic-messages': {
    path: () => '/v1/messages',
    body: (stream) => ({ model: 'mini', max_tokens: 50, stream, messages: MESSAGES }),
    end: 'message_stop',
  },
  gemini: {
    path: (stream) => `/v1beta/models/mini:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ generationConfig: { maxOutputTokens: 50 }, contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] }),
    end: '"finishReason":"STOP"',
  },
}
const FORMS = Object.entries(WIRES).flatMap(([name, wire]) =>
  [false, true].map((stream) => [`${name} ${stream ? 'stream' : 'whole'}`, wire, stream] as const),
)

function cached(cache: object = {}, more: ScenarioConfig = {}) {
  return {
    config: (baseUrl: string) => ({
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id: 'm', price: { inputPerMillion: 2, outputPerMillion: 10 }, cache }],
      },
      access: { teams: { support: {}, search: { labels: { feature: 'search' } } } },
      ...more,
    }),
  }
}

const PIECES = ['Good ', 'morning', ' to you.']
const ANSWER = { content: PIECES.join(''), pieces: PIECES, usage: { inputTokens: 10, outputTokens: 3 } } as const
const wish = { 'x-signalbox-cache': 'max-age=60' }

const question = (wire: Wire, stream: boolean) => ({ path: wire.path(stream), body: wire.body(stream) })
const said = ({ headers }: Reply) => headers.get('x-signalbox-cache')

/** The texts of a reply, whole or in pieces; what a wire says twice (Responses do) counts once. */
function textOf(reply: Reply): string {
  const frames = reply.text.startsWith('{') ? [reply.text] : reply.text.split('\n').flatMap((line) => /^data: (\{.*)/.exec(line)?.[1] ?? [])
  const pieces = frames.flatMap((frame) =>
    /"type":"response\.(?!output_text\.delta)/.test(frame) ? [] : [...frame.matchAll(/"(?:text|content|delta)": ?"([^"]*)"/g)],
  )
  return pieces.map(([, piece = '']) => piece).join('')
}

describe.each(FORMS)('an answer that was kept from %s', (_name, from, isStream) => {
  test('is given out in every form, free of charge, and its receipt says so', async () => {
    await using scenario = await startScenario(cached())
    scenario.upstream.answer(chatAnswer(ANSWER))
    expect(said(await ask(scenario, question(from, isStream)))).toBe('miss')
    for (const [name, wire, stream] of FORMS) {
      const reply = await ask(scenario, { ...question(wire, stream), headers: wish })
      expect([name, said(reply), reply.headers.get('age'), textOf(reply)]).toEqual([name, 'hit', '0', PIECES.join('')])
      if (stream) expect(reply.text).toContain(wire.end)
      const ended = await endedCall(scenario, reply.callId)
      expect(ended).toMatchObject({ outcome: 'ok', attempts: 0, costNanoUsd: 0, cache: { result: 'hit', savedNanoUsd: 50_000 } })
    }
    expect(scenario.upstream.requests).toHaveLength(1)
  })
})

test.each(Object.entries(WIRES))('a stream is given out again with the pauses that it had, to a caller of %s', async (_name, wire) => {
  await using scenario = await startScenario(cached({ replay: 'timed' }))
  scenario.upstream.answer((request) => {
    const [head, ...rest] = chatStream({ ...ANSWER })(request)
    return [...(head === undefined ? [] : [head]), ...rest.flatMap((step) => [{ type: 'pause', ms: 40 } as const, step])]
  })
  const chatWire = WIRES['openai-chat'] ?? wire
  await ask(scenario, question(chatWire, true))
  const beganMs = performance.now()
  const response = await send(scenario, question(wire, true))
  const arrivedMs: number[] = []
  let text = ''
  for await (const bytes of response.body ?? []) {
    arrivedMs.push(performance.now() - beganMs)
    text += new TextDecoder().decode(bytes)
  }
  expect(response.headers.get('x-signalbox-cache')).toBe('hit')
  expect(text).toContain(wire.end)
  // At least two pauses lie between its first piece and its last; what was kept at one moment comes at one moment.
  expect((arrivedMs.at(-1) ?? 0) - (arrivedMs[0] ?? 0)).toBeGreaterThanOrEqual(70)
  expect(scenario.upstream.requests).toHaveLength(1)
})

describe.each(FORMS)('a guard that came after the answer was kept, asked by %s,', (_name, wire, stream) => {
  test('refuses the hit', async () => {
    const { config } = cached()
    await using scenario = await startScenario({ config })
    scenario.upstream.answer(chatAnswer({ content: 'Ask bob@example.org now.', pieces: ['Ask bob@exa', 'mple.org now.'] }))
    await ask(scenario, question(wire, stream))
    const guards = { pii: { action: 'block', phases: ['output'], on: 'all' } }
    await scenario.reconfigure({ ...config(scenario.upstream.baseUrl), guards })
    const reply = await ask(scenario, question(wire, stream))
    expect([said(reply), reply.status, reply.text.includes('bob@')]).toEqual(['hit', stream ? 200 : 400, false])
    const ended = await endedCall(scenario, reply.callId)
    expect(ended).toMatchObject({
      outcome: 'refused',
      errorCode: 'guard_blocked',
      costNanoUsd: 0,
      guards: [{ guard: 'pii', did: 'blocked' }],
    })
    expect(scenario.upstream.requests).toHaveLength(1)
  })
})

describe.each(FORMS)('equal questions at one time, asked by %s,', (_name, wire, stream) => {
  test('go on when the first one leaves, cost once, and what it leaves is kept', async () => {
    await using scenario = await startScenario(cached())
    const door = gate()
    scenario.upstream.answer((request) => [READ_PAUSE, door.step, ...chatAnswer(ANSWER)(request)])
    const leaving = new AbortController()
    const leader = send(scenario, { ...question(wire, stream), signal: leaving.signal }).catch(() => undefined)
    await scenario.upstream.received(1)
    const followers = [1, 2].map(() => ask(scenario, question(wire, stream)))
    await untilLive(scenario, 3)
    leaving.abort()
    await leader
    // It is noticed that a caller has left within 50 ms; had the work ended with it, the others would have no answer.
    await Bun.sleep(100)
    door.open()
    for (const reply of await Promise.all(followers)) expect([said(reply), textOf(reply)]).toEqual(['shared', PIECES.join('')])
    expect(said(await ask(scenario, question(wire, stream)))).toBe('hit')
    expect(scenario.upstream.requests).toHaveLength(1)
    const costs = async () => (await scenario.events()).flatMap((event) => (event.type === 'call.ended' ? [event.costNanoUsd ?? 0] : []))
    for (let look = 0; look < 2000 && (await costs()).length < 4; look++) await Bun.sleep(10)
    expect((await costs()).toSorted((one, other) => one - other)).toEqual([0, 0, 0, 50_000])
  })
})

/** Until so many calls are under way. */
async function untilLive(scenario: Scenario, count: number): Promise<void> {
  for (let look = 0; look < 2000; look++) {
    const { body } = await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')
    if (body.calls.length === count) return
    await Bun.sleep(5)
  }
  throw new Error(`${count} calls never were under way.`)
}

test('answers are purged by label, by key and by model, at the control API', async () => {
  await using scenario = await startScenario(cached({ scope: 'team' }))
  const search = await scenario.newKey({ team: 'search' })
  const asked = (key: string, seed: number) => ask(scenario, { key, body: chat({ seed }) })
  for (const seed of [1, 2]) for (const key of [scenario.key, search.key]) await asked(key, seed)
  const purge = async (where: object) => (await scenario.control('POST', '/api/v1/cache/purge', where)).body
  expect(await purge({ labels: { feature: 'other' } })).toEqual({ purged: 0 })
  expect(await purge({ labels: { feature: 'search' } })).toEqual({ purged: 2 })
  expect([said(await asked(search.key, 1)), said(await asked(scenario.key, 1))]).toEqual(['miss', 'hit'])
  expect(await purge({ keyId: search.id })).toEqual({ purged: 1 })
  expect(await purge({ model: 'mini' })).toEqual({ purged: 2 })
  expect(said(await asked(scenario.key, 2))).toBe('miss')
})
