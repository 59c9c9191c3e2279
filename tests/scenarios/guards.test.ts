import { describe, expect, test } from 'bun:test'
import { chatAnswer, chatStream } from '../../src/testing/fake-upstream.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, endedCall } from './ask.ts'

const MAIL = 'ada.lovelace@example.com'
const QUESTION = chat({ messages: [{ role: 'user', content: `Write to ${MAIL}, please. ${MAIL}!` }] })

function guarded(guards: object): ScenarioConfig {
  return { guards, access: { teams: { support: { guards: Object.keys(guards) } } }, bodies: { store: 'full' } }
}

function sentTo(scenario: Scenario): string {
  return scenario.upstream.requests[0]?.body ?? ''
}

/** What a reply says, whole or in pieces. */
function said(frames: readonly string[]): string {
  return frames
    .filter((frame) => frame.startsWith('{'))
    .map((frame) => (JSON.parse(frame) as { choices: { delta?: { content?: string } }[] }).choices[0]?.delta?.content ?? '')
    .join('')
}

describe('a guard on what goes in', () => {
  test('refuses the call in the shape of a content filter, and nothing is sent', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { action: 'block' } }) })
    const reply = await ask(scenario, { body: QUESTION })
    expect(reply.status).toBe(400)
    expect(reply.json.error).toMatchObject({
      code: 'content_filter',
      type: 'invalid_request_error',
      source: 'policy',
      request_id: reply.callId,
    })
    expect(reply.text).toContain('The guard \\"pii\\" refused this call: it found EMAIL in messages[0].content.')
    expect(reply.text).not.toContain('lovelace')
    expect(scenario.upstream.requests).toHaveLength(0)
    const ended = await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked', attempts: 0 })
    expect(ended.guards).toEqual([{ guard: 'pii', phase: 'input', did: 'blocked', kinds: { EMAIL: 1 } }])
    // Not just `ada`, which the hex of an id may hold.
    expect(JSON.stringify(await scenario.events())).not.toContain('lovelace')
  })

  test('puts placeholders in the place of what it finds, and the reply has the values again', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { action: 'redact' } }) })
    scenario.upstream.answer(chatAnswer({ content: 'I wrote to [EMAIL_1].', usage: { inputTokens: 10, outputTokens: 3 } }))
    const reply = await ask(scenario, { body: QUESTION })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-signalbox-guards')).toBe('pii=redacted')
    expect(JSON.parse(sentTo(scenario))).toMatchObject({ messages: [{ role: 'user', content: 'Write to [EMAIL_1], please. [EMAIL_1]!' }] })
    expect(reply.text).toContain(`I wrote to ${MAIL}.`)
    const ended = await scenario.expectCall({ outcome: 'ok', attempts: 1 })
    expect(ended.guards).toEqual([{ guard: 'pii', phase: 'input', did: 'redacted', kinds: { EMAIL: 2 } }])
  })

  test('restores in a stream, however the placeholder is cut', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { action: 'redact' } }) })
    scenario.upstream.answer(chatStream({ pieces: ['I wrote to [', 'EMA', 'IL_1', '] and [EMAIL_2] and [x', '].'] }))
    const reply = await ask(scenario, { body: { ...QUESTION, stream: true } })
    expect(said(reply.frames)).toBe(`I wrote to ${MAIL} and [EMAIL_2] and [x].`)
    expect(reply.frames.at(-1)).toBe('[DONE]')
    await scenario.expectCall({ outcome: 'ok' })
  })

  test('only flags, or only says it to the log', async () => {
    await using scenario = await startScenario({ config: guarded({ seen: { type: 'pii', action: 'flag' }, pii: { action: 'monitor' } }) })
    const reply = await ask(scenario, { body: QUESTION })
    expect(reply.headers.get('x-signalbox-guards')).toBe('seen=flagged')
    expect(sentTo(scenario)).toContain(MAIL)
    const { guards } = await scenario.expectCall({ outcome: 'ok' })
    expect(guards?.map(({ guard, did }) => `${guard} ${did}`)).toEqual(['seen flagged', 'pii monitored'])
    const metrics = await scenario.control<string>('GET', '/metrics')
    expect(metrics.body).toContain('signalbox_guarded_calls_total{layer="models",guard="seen",phase="input",did="flagged"} 1')
  })
})

describe('a guard on what comes out', () => {
  test('redacts a whole reply', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { phases: ['output'] } }) })
    scenario.upstream.answer(chatAnswer({ content: `Ask ${MAIL} or call +49 30 901820.` }))
    const reply = await ask(scenario)
    expect(reply.json).toMatchObject({ choices: [{ message: { content: 'Ask [EMAIL] or call [PHONE].' } }] })
    const { guards } = await scenario.expectCall({ outcome: 'ok' })
    expect(guards).toEqual([{ guard: 'pii', phase: 'output', did: 'redacted', kinds: { EMAIL: 1, PHONE: 1 } }])
  })

  test('redacts a stream across its chunks, and what is held back comes before the finish', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { phases: ['output'] } }) })
    scenario.upstream.answer(
      chatStream({
        pieces: ['Ask ada.love', 'lace@exam', 'ple.com or call +49 30 9018', '20'],
        usage: { inputTokens: 10, outputTokens: 3 },
      }),
    )
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(said(reply.frames)).toBe('Ask [EMAIL] or call [PHONE]')
    const finish = reply.frames.findIndex((frame) => frame.includes('"finish_reason":"stop"'))
    const last = reply.frames.findLastIndex((frame) => frame.includes('[PHONE]'))
    expect(last).toBeLessThan(finish)
    await scenario.expectCall({ outcome: 'ok', finishReason: 'stop', usage: { inputTokens: 10, outputTokens: 3 } })
  })

  test('ends a stream that says what it may not, before it is said, and at what it may have cost', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { action: 'block', phases: ['output'] } }) })
    scenario.upstream.answer(chatStream({ pieces: ['Ask ada.love', 'lace@exam', 'ple.com now, and then some more words.'] }))
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(said(reply.frames.slice(0, -1))).toBe('Ask ')
    expect(reply.frames.at(-1)).toContain('content_filter')
    expect(reply.text).not.toContain('lace@')
    const { costNanoUsd } = await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked', attempts: 1, isEstimate: true })
    expect(costNanoUsd).toBeGreaterThan(0)
  })
})

test('long texts are searched in a thread of their own, with the same result, and other calls go on', async () => {
  await using scenario = await startScenario({ config: guarded({ pii: {}, secrets: { action: 'redact' } }) })
  const long = `${'lorem ipsum '.repeat(2000)}${MAIL} ghp_${'a1B2'.repeat(9)} ${'dolor sit '.repeat(2000)}4111 1111 1111 1111`
  scenario.upstream.answer(chatAnswer({ content: `${long} and [EMAIL_1]` }))
  const reply = await ask(scenario, { body: chat({ messages: [{ role: 'user', content: long }] }) })
  expect(sentTo(scenario)).toContain('[EMAIL_1] [GITHUB_TOKEN_1] dolor')
  expect(sentTo(scenario)).not.toContain('4111')
  expect(reply.text).toContain(`[EMAIL] [GITHUB_TOKEN] dolor`)
  expect(reply.text).toContain(`[CARD] and ${MAIL}`)
  const { guards } = await scenario.expectCall({ outcome: 'ok' })
  expect(guards?.map(({ guard, phase, kinds }) => [guard, phase, kinds])).toEqual([
    ['pii', 'input', { EMAIL: 1, CARD: 1 }],
    ['secrets', 'input', { GITHUB_TOKEN: 1 }],
    ['pii', 'output', { EMAIL: 1, CARD: 1 }],
    ['secrets', 'output', { GITHUB_TOKEN: 1 }],
  ])
})

test('what is kept of a call has neither what was hidden nor what may not be said; erasing it leaves the log whole', async () => {
  await using scenario = await startScenario({ config: guarded({ pii: {} }) })
  const { key } = await scenario.newKey({ user: 'ada' })
  scenario.upstream.answer(chatAnswer({ content: 'For [EMAIL_1], not bob@example.org' }))
  const reply = await ask(scenario, { key, body: QUESTION })
  expect(reply.text).toContain(MAIL)
  const { bodies } = await endedCall(scenario, reply.callId)
  const textOf = async (id: string | undefined) => {
    for (let round = 0; round < 2000; round++) {
      const { status, body } = await scenario.control<{ text: string }>('GET', `/api/v1/bodies/${id}`)
      if (status === 200) return body.text
      await Bun.sleep(5)
    }
    return undefined
  }
  expect(await textOf(bodies?.request)).toContain('Write to [EMAIL_1], please.')
  expect(await textOf(bodies?.response)).toContain('For [EMAIL_1], not [EMAIL]')
  const erased = await scenario.control<{ erased: number }>('POST', '/api/v1/bodies/erase', { user: 'ada' })
  expect(erased.body).toEqual({ erased: 2 })
  expect((await scenario.control('GET', `/api/v1/bodies/${bodies?.request}`)).status).toBe(404)
  const verified = await scenario.control<{ ok: boolean }>('GET', '/api/v1/verify')
  expect(verified).toMatchObject({ status: 200, body: { ok: true } })
})

describe('what callers try', () => {
  test("a placeholder in the caller's own text stays theirs", async () => {
    await using scenario = await startScenario({ config: guarded({ pii: {} }) })
    scenario.upstream.answer(chatAnswer({ content: 'Not [EMAIL_1] but [EMAIL_2].' }))
    const reply = await ask(scenario, { body: chat({ messages: [{ role: 'user', content: `[EMAIL_1] is not ${MAIL}` }] }) })
    expect(sentTo(scenario)).toContain('[EMAIL_1] is not [EMAIL_2]')
    expect(reply.json).toMatchObject({ choices: [{ message: { content: `Not [EMAIL_1] but ${MAIL}.` } }] })
  })

  test('a key that stands twice is looked at twice, and escapes are read', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: {} }) })
    const body = `{"model":"mini","messages":[{"role":"user","content":"ada\\u0040example.com","content":"bob@example.com"}],"big":12345678901234567890}`
    await ask(scenario, { body })
    expect(sentTo(scenario)).toBe(
      body.replace('mini', 'fake-model').replace('ada\\u0040example.com', '[EMAIL_1]').replace('bob@example.com', '[EMAIL_2]'),
    )
  })

  test('escapes of JSON within a text are read: in arguments of tools and in what tools gave', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: {} }) })
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"to":"ada\\u0040example.com","n":1}' } }
    const messages = [
      { role: 'user', content: 'Hello?' },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c', content: '{"von":"gr\\u00fcn","an":"bob\\u0040example.org"}' },
    ]
    await ask(scenario, { body: chat({ messages }) })
    const sent = JSON.parse(scenario.upstream.requests[0]?.body ?? '')
    expect(sent.messages[1].tool_calls[0].function.arguments).toBe('{"to":"[EMAIL_1]","n":1}')
    expect(JSON.parse(sent.messages[2].content)).toEqual({ von: 'grün', an: '[EMAIL_2]' })
  })

  test('a match that the end of a stream cuts off is judged as it stands', async () => {
    await using scenario = await startScenario({ config: guarded({ pii: { phases: ['output'] } }) })
    scenario.upstream.answer(chatStream({ pieces: ['Ask ada@exam', 'ple.co'] }))
    const reply = await ask(scenario, { body: chat({ stream: true }) })
    expect(said(reply.frames)).toBe('Ask [EMAIL]')
  })

  test('a guard stands only where its scope says', async () => {
    const guards = { pii: { action: 'block', on: { models: ['mini'], teams: ['support'] } } }
    await using scenario = await startScenario({ config: { guards, access: { teams: { support: {}, legal: {} } } } })
    const legal = await scenario.newKey({ team: 'legal' })
    expect((await ask(scenario, { body: QUESTION })).status).toBe(400)
    expect((await ask(scenario, { body: QUESTION, key: legal.key })).status).toBe(200)
    await scenario.reconfigure({
      access: { teams: { support: {}, legal: {} } },
      guards: { pii: { action: 'block', on: { keys: [legal.id] } } },
    })
    expect((await ask(scenario, { body: QUESTION })).status).toBe(200)
    expect((await ask(scenario, { body: QUESTION, key: legal.key })).status).toBe(400)
  })

  test('a schema holds an answer back until it fits', async () => {
    const schema = { type: 'object', required: ['answer'] }
    await using scenario = await startScenario({ config: guarded({ schema: { schema } }) })
    scenario.upstream.queue(chatStream({ pieces: ['{"ans', 'wer":1}'] }), chatStream({ pieces: ['{"ans', 'wers":1}'] }))
    expect(said((await ask(scenario, { body: chat({ stream: true }) })).frames)).toBe('{"answer":1}')
    const refused = await ask(scenario, { body: chat({ stream: true }) })
    expect(refused.text).not.toContain('answers')
    expect(refused.text).toContain('it found SCHEMA in the reply (the answer must have \\"answer\\")')
  })
})
