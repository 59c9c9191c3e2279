import { describe, expect, test } from 'bun:test'
import { chatAnswer, chatStream, streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'

const PROMPT = 'The launch code is 8841-lupine.'
const ANSWER = 'I shall tell nobody.'
const MESSAGES = [
  { role: 'system', content: PROMPT },
  { role: 'user', name: 'ada', content: [{ type: 'text', text: PROMPT }] },
]
const TOOL = { type: 'function', function: { name: 'launch', description: PROMPT, parameters: { type: 'object' } } }
const TEAMS = { access: { teams: { support: {}, search: { bodies: 'full' }, legal: { bodies: 'off' } } } }

interface ShownBody {
  readonly callId: string
  readonly kind: string
  readonly isRedacted: boolean
  readonly isTruncated: boolean
  readonly mediaType: string
  readonly sizeBytes: number
  readonly text: string
}

/** That somebody looked at a body. */
const READ = { type: 'body.read', by: 'admin' } as const

/** The bodies that the receipt of a call names, once they are written. */
async function bodiesOf(scenario: Scenario, callId: string): Promise<{ readonly request: ShownBody; readonly response?: ShownBody }> {
  const receipt = await scenario.control<{ bodies: { request: string; response?: string } }>('GET', `/api/v1/receipts/${callId}`)
  const { request, response } = receipt.body.bodies
  return {
    request: await bodyOf(scenario, request),
    ...(response === undefined ? {} : { response: await bodyOf(scenario, response) }),
  }
}

async function bodyOf(scenario: Scenario, id: string): Promise<ShownBody> {
  for (let round = 0; round < 2000; round++) {
    const { status, body } = await scenario.control<ShownBody>('GET', `/api/v1/bodies/${id}`)
    if (status === 200) return body
    await Bun.sleep(5)
  }
  throw new Error(`The body ${id} was not written.`)
}

async function isGone(scenario: Scenario, id: string | undefined): Promise<boolean> {
  return (await scenario.control('GET', `/api/v1/bodies/${id}`)).status === 404
}

describe('bodies', () => {
  test('are not kept unless the file says so', async () => {
    await using scenario = await startScenario()
    const reply = await ask(scenario)
    await scenario.expectCall({ outcome: 'ok', bodies: undefined })
    const receipt = await scenario.control<{ bodies: object }>('GET', `/api/v1/receipts/${reply.callId}`)
    expect(receipt.body.bodies).toEqual({})
  })

  test('are kept whole: what the caller sent, and what the caller got', async () => {
    await using scenario = await startScenario({ config: { bodies: { store: 'full' } } })
    scenario.upstream.answer(chatAnswer({ content: ANSWER, usage: { inputTokens: 10, outputTokens: 3 } }))
    const body = `{ "model":"mini", "messages":${JSON.stringify(MESSAGES)}, "other":1.0 }`
    const reply = await ask(scenario, { body })
    const ended = await scenario.expectCall({ outcome: 'ok' })
    expect(Object.keys(ended.bodies ?? {})).toEqual(['request', 'response'])
    const kept = await bodiesOf(scenario, reply.callId)
    const both = { callId: reply.callId, isRedacted: false, isTruncated: false, mediaType: 'application/json' }
    expect(kept.request).toMatchObject({ ...both, kind: 'request', text: body, sizeBytes: body.length })
    expect(kept.response).toMatchObject({ ...both, kind: 'response', text: reply.text })
    expect(JSON.stringify(await scenario.events())).not.toContain('8841-lupine')
  })

  test('of a stream are kept as the frames that came', async () => {
    await using scenario = await startScenario({ config: { bodies: { store: 'full' } } })
    scenario.upstream.answer(chatStream({ pieces: ['I shall ', 'tell nobody.'] }))
    const reply = await ask(scenario, { body: chat({ stream: true, messages: MESSAGES }) })
    await scenario.expectCall({ outcome: 'ok' })
    const { response } = await bodiesOf(scenario, reply.callId)
    expect(response).toMatchObject({ mediaType: 'text/event-stream', text: reply.text, isTruncated: false })
  })

  test('of a stream that broke are kept as far as they came', async () => {
    await using scenario = await startScenario({ config: { bodies: { store: 'full' } } })
    scenario.upstream.answer(chatStream({ pieces: ['I shall ', 'tell nobody.'], cut: { afterFrames: 2, by: 'reset' } }))
    const reply = await ask(scenario, { body: chat({ stream: true, messages: MESSAGES }) })
    await scenario.expectCall({ outcome: 'broken' })
    const { request, response } = await bodiesOf(scenario, reply.callId)
    expect(request.text).toContain(PROMPT)
    expect(response?.text).toContain('I shall ')
    expect(response?.text).not.toContain('tell nobody.')
  })

  test('of a call that the provider refused are the request alone; of one that was refused here, none', async () => {
    await using scenario = await startScenario({ config: { bodies: { store: 'full' } } })
    scenario.upstream.answer(wholeReply({ status: 500, body: '' }))
    const failed = await ask(scenario, { body: chat({ messages: MESSAGES }) })
    await scenario.expectCall({ outcome: 'broken' })
    const kept = await bodiesOf(scenario, failed.callId)
    expect(kept.request.text).toContain(PROMPT)
    expect(kept.response).toBeUndefined()
    await scenario.expectEvents([READ])
    await ask(scenario, { body: chat({ model: 'none', messages: MESSAGES }) })
    await scenario.expectCall({ outcome: 'refused', bodies: undefined })
  })

  test('are cut off at the size that the file says', async () => {
    await using scenario = await startScenario({ config: { bodies: { store: 'full', maxSize: '1kB' } } })
    scenario.upstream.answer(wholeReply({ body: `{"choices":[],"x":"${'b'.repeat(3000)}"}` }))
    const reply = await ask(scenario, { body: chat({ user: 'a'.repeat(3000) }) })
    await scenario.expectCall({ outcome: 'ok' })
    const { request, response } = await bodiesOf(scenario, reply.callId)
    expect(request).toMatchObject({ isTruncated: true, sizeBytes: 1000 })
    expect(response?.isTruncated ?? true).toBe(true)
    expect(response?.sizeBytes ?? 0).toBeLessThanOrEqual(1000)
  })
})

describe('redacted bodies', () => {
  const SHAPE = `[${PROMPT.length} characters]`
  const SPILLED = [PROMPT, ANSWER, '8841-lupine', 'launch code', 'nobody']

  test.each([false, true])('have the shape of what was said, and none of its words; streamed: %p', async (stream) => {
    await using scenario = await startScenario({ config: { bodies: { store: 'redacted' } } })
    const toolCalls = [{ id: 'call_1', name: 'launch', arguments: JSON.stringify({ code: PROMPT }) }]
    scenario.upstream.answer(chatAnswer({ content: ANSWER, toolCalls }))
    const reply = await ask(scenario, { body: chat({ stream, messages: MESSAGES, tools: [TOOL], temperature: 0.5, user: PROMPT }) })
    expect(reply.text).toContain(ANSWER)
    await scenario.expectCall({ outcome: 'ok' })
    const { request, response } = await bodiesOf(scenario, reply.callId)
    for (const kept of [request, response]) {
      expect(kept?.isRedacted).toBe(true)
      for (const words of SPILLED) expect(kept?.text).not.toContain(words)
    }
    expect(JSON.parse(request.text)).toMatchObject({
      ...{ model: 'mini', temperature: 0.5, user: SHAPE },
      messages: [
        { role: 'system', content: SHAPE },
        { role: 'user', content: [{ type: 'text', text: SHAPE }] },
      ],
      tools: [{ type: 'function', function: { name: 'launch', description: SHAPE } }],
    })
    expect(response?.text).toContain(`[${ANSWER.length} characters]`)
    if (stream) expect(response?.text.trimEnd().endsWith('data: [DONE]')).toBe(true)
  })

  test.each<[what: string, frame: string]>([
    ['a field that no reader knows', `note: ${PROMPT}\n\n`],
    ['a line without a field', `${PROMPT}\n\n`],
    ['an event with a name of its own', `event: ${PROMPT}\ndata: {"choices":[]}\n\n`],
    ['an id', `id: ${PROMPT}\ndata: {"choices":[]}\n\n`],
    ['a comment', `: ${PROMPT}\n\n`],
    ['data in two lines', `data: {"choices":[],\ndata: "x":"${PROMPT}"}\n\n`],
    ['lines that end in CR', `data: {"choices":[],"x":"${PROMPT}"}\r\r`],
    ['a name', `data: {"choices":[],"name":"${PROMPT}"}\n\n`],
    ['a key', `data: {"choices":[],"x":{"${PROMPT}":1}}\n\n`],
  ])('hold no words that a stream has in %s', async (_what, frame) => {
    await using scenario = await startScenario({ config: { bodies: { store: 'redacted' } } })
    const end = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    scenario.upstream.answer(streamReply({ frames: [end, frame, 'data: [DONE]\n\n'] }))
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(reply.text).toContain('8841-lupine')
    await scenario.expectCall({ outcome: 'ok' })
    const { response } = await bodiesOf(scenario, reply.callId)
    expect(response?.isRedacted).toBe(true)
    expect(response?.text).not.toContain('8841-lupine')
  })

  test('that are no JSON any more, for they were cut, are one length', async () => {
    await using scenario = await startScenario({ config: { bodies: { store: 'redacted', maxSize: '1kB' } } })
    const reply = await ask(scenario, { body: chat({ messages: MESSAGES, user: 'a'.repeat(3000) }) })
    await scenario.expectCall({ outcome: 'ok' })
    const { request } = await bodiesOf(scenario, reply.callId)
    expect(request.text).toBe('"[1000 characters]"')
  })
})

describe('what is kept of a team', () => {
  test('is what its own entry says, or else what the file says for all', async () => {
    await using scenario = await startScenario({ config: { ...TEAMS, bodies: { store: 'redacted' } } })
    const seen: Record<string, boolean | undefined> = {}
    for (const team of ['support', 'search', 'legal']) {
      const { key } = await scenario.newKey({ team })
      const reply = await ask(scenario, { key })
      const ended = await scenario.expectCall({ outcome: 'ok', principal: { team } })
      if (ended.bodies === undefined) continue
      seen[team] = (await bodiesOf(scenario, reply.callId)).request.isRedacted
      await scenario.expectEvents([READ, READ])
    }
    expect(seen).toEqual({ support: true, search: false })
  })

  test('changes with the file', async () => {
    await using scenario = await startScenario()
    await scenario.reconfigure({ bodies: { store: 'full' } })
    await ask(scenario)
    await scenario.reconfigure({})
    await ask(scenario)
    const events = await scenario.expectEvents([
      { type: 'config.loaded' },
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'ok', bodies: { request: /^body_/, response: /^body_/ } }] as const),
      { type: 'config.loaded' },
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'ok', bodies: undefined }] as const),
    ])
    expect(events).toHaveLength(6)
  })
})

describe('erasing bodies', () => {
  test.each<[by: string, filterOf: (ids: { readonly call: string; readonly key: string }) => object]>([
    ['call', ({ call }) => ({ callId: call })],
    ['key', ({ key }) => ({ keyId: key })],
    ['user', () => ({ user: 'ada' })],
    ['team', () => ({ team: 'search' })],
    ['team and user', () => ({ team: 'search', user: 'ada' })],
  ])('by %s erases those and no others, and the log says so and stays as it was', async (_by, filterOf) => {
    await using scenario = await startScenario({ config: { ...TEAMS, bodies: { store: 'full' } } })
    const { key, id } = await scenario.newKey({ team: 'search', user: 'ada' })
    const [mine, others] = [await ask(scenario, { key }), await ask(scenario)]
    await scenario.expectEvents([mine, others].flatMap(() => [{ type: 'call.started' } as const, { type: 'call.ended' } as const]))
    const [kept, left] = [await idsOf(scenario, mine.callId), await idsOf(scenario, others.callId)]
    const before = JSON.stringify(await scenario.events())

    const erased = await scenario.control('POST', '/api/v1/bodies/erase', filterOf({ call: mine.callId, key: id }))
    expect(erased).toMatchObject({ status: 200, body: { erased: 2 } })
    expect(await Promise.all(kept.map((body) => isGone(scenario, body)))).toEqual([true, true])
    expect(await Promise.all(left.map((body) => isGone(scenario, body)))).toEqual([false, false])
    await scenario.expectEvents([READ, READ, READ, READ, { type: 'body.erased', bodies: 2, where: /= / }, READ, READ])
    expect(JSON.stringify(await scenario.events()).startsWith(before.slice(0, -1))).toBe(true)
    expect((await scenario.control('GET', '/api/v1/verify')).body).toMatchObject({ ok: true })
  })

  test('without saying which is refused', async () => {
    await using scenario = await startScenario()
    expect((await scenario.control('POST', '/api/v1/bodies/erase', {})).status).toBe(400)
    await scenario.expectEvents([])
  })
})

async function idsOf(scenario: Scenario, callId: string): Promise<readonly string[]> {
  await bodiesOf(scenario, callId)
  const receipt = await scenario.control<{ bodies: Record<string, string> }>('GET', `/api/v1/receipts/${callId}`)
  return Object.values(receipt.body.bodies)
}

test('bodies are kept as the model says, where that is less than what the team says', async () => {
  const config = (baseUrl: string) => ({
    bodies: { store: 'full' },
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
      models: [
        { name: 'mini', provider: 'fake', bodies: 'off' },
        { name: 'loud', provider: 'fake', bodies: 'full' },
      ],
    },
    access: { teams: { support: { bodies: 'redacted' } } },
  })
  await using scenario = await startScenario({ config })
  await ask(scenario)
  await scenario.expectCall({ outcome: 'ok', subject: 'mini', bodies: undefined })
  const reply = await ask(scenario, { body: chat({ model: 'loud' }) })
  expect((await bodiesOf(scenario, reply.callId)).request).toMatchObject({ isRedacted: true })
})

describe('who may read bodies', () => {
  const READERS = [
    { team: 'legal', of: ['sup*'] },
    { labels: { role: 'auditor' }, user: 'eve' },
  ]
  const AS_READ = { ...TEAMS, bodies: { store: 'full', readers: READERS } }

  const readAs = async (scenario: Scenario, key: string, id: string | undefined, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${scenario.controlUrl}/api/v1/bodies/${id}`, { headers: { authorization: `Bearer ${key}`, ...headers } })
    await answer.body?.cancel()
    return answer.status
  }

  test('are those whom the file names, by team, user and label, for the teams that it says; and the log says who did', async () => {
    await using scenario = await startScenario({ config: AS_READ })
    const search = await scenario.newKey({ team: 'search' })
    const lawyer = await scenario.newKey({ team: 'legal' })
    const auditor = await scenario.newKey({ team: 'search', user: 'eve', labels: { role: 'auditor' } })
    const other = await scenario.newKey({ team: 'search', user: 'bob', labels: { role: 'auditor' } })
    const [ofSupport, ofSearch] = [await ask(scenario), await ask(scenario, { key: search.key })]
    const [[mine = ''], [theirs = '']] = [await idsOf(scenario, ofSupport.callId), await idsOf(scenario, ofSearch.callId)]
    const before = (await scenario.events()).length

    expect([await readAs(scenario, lawyer.key, mine), await readAs(scenario, lawyer.key, theirs)]).toEqual([200, 404])
    expect([await readAs(scenario, auditor.key, mine), await readAs(scenario, auditor.key, theirs)]).toEqual([200, 200])
    expect([await readAs(scenario, other.key, mine), await readAs(scenario, search.key, theirs)]).toEqual([401, 401])
    expect(await readAs(scenario, other.key, mine, { 'x-signalbox-labels': 'role=auditor', 'x-signalbox-user': 'eve' })).toBe(401)

    const readings = (await scenario.events()).slice(before)
    expect(readings.map((event) => (event.type === 'body.read' ? [event.by, event.body, event.callId] : event))).toEqual([
      [`key ${lawyer.id}`, mine, ofSupport.callId],
      [`key ${auditor.id}`, mine, ofSupport.callId],
      [`key ${auditor.id}`, theirs, ofSearch.callId],
    ])
  })

  test('may do nothing else at the control API, and nothing once their key is revoked', async () => {
    await using scenario = await startScenario({ config: AS_READ })
    const lawyer = await scenario.newKey({ team: 'legal' })
    const [id] = await idsOf(scenario, (await ask(scenario)).callId)
    const authorization = `Bearer ${lawyer.key}`
    const others = ['GET /api/v1/keys', 'GET /api/v1/logs', 'POST /api/v1/bodies/erase', 'GET /api/v1/status', 'POST /api/v1/reload']
    const statuses = others.map(async (each) => {
      const [method = '', path] = each.split(' ')
      return (await fetch(`${scenario.controlUrl}${path}`, { method, headers: { authorization } })).status
    })
    expect(await Promise.all(statuses)).toEqual(others.map(() => 401))
    await scenario.control('POST', `/api/v1/keys/${lawyer.id}/revoke`)
    expect(await readAs(scenario, lawyer.key, id)).toBe(401)
  })

  test('are nobody but the administrator where the file names none; its readings stand in the log too', async () => {
    await using scenario = await startScenario({ config: { ...TEAMS, bodies: { store: 'full' } } })
    const asked = await ask(scenario)
    const [id] = await idsOf(scenario, asked.callId)
    expect(await readAs(scenario, scenario.key, id)).toBe(401)
    const readings = (await scenario.events()).filter(({ type }) => type === 'body.read')
    expect(readings[0]).toMatchObject({ by: 'admin', callId: asked.callId })
  })

  test.each([
    [{ of: ['support'] }, /bodies\.readers\[0\].*names nobody/s],
    [{ team: 'suport' }, /no team is called "suport"; did you mean "support"/s],
  ])('are somebody: %j is refused', async (reader, message) => {
    await expect(startScenario({ config: { ...TEAMS, bodies: { readers: [reader] } } })).rejects.toThrow(message)
  })
})
