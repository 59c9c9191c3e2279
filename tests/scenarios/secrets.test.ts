import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Answer, errorReply, streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'

// What a provider might say of our credential. None of it is the caller's business, or may be written down.
const QUOTES = `Incorrect API key provided: ${FAKE_PROVIDER_KEY}. Your account acme-internal owes $5.`
const CONTENT = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
const frame = (value: object) => `data: ${JSON.stringify(value)}\n\n`

/** Everything that the gateway has told or written down. */
async function everything(scenario: Scenario, told: string): Promise<string> {
  return [told, JSON.stringify(await scenario.events()), scenario.printed, ...filesBelow(scenario.folder)].join('\n')
}

function filesBelow(folder: string): readonly string[] {
  const names = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8', withFileTypes: true })
  return names.filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
}

describe('what a provider says of the credential', () => {
  const AUTH: Readonly<Record<string, Answer>> = {
    'with 401': errorReply({ status: 401, message: QUOTES }),
    'with 402': errorReply({ status: 402, message: QUOTES }),
    'with 403': errorReply({ status: 403, message: QUOTES }),
    'in a reply of status 200': wholeReply({ body: { error: { message: QUOTES, code: 401 } } }),
    'in the first frame of a stream': streamReply({ frames: [frame({ error: { message: QUOTES, code: 403 } })] }),
    'in a later frame of a stream': streamReply({ frames: [CONTENT, frame({ error: { message: QUOTES, code: 401 } })], pauseMs: 15 }),
  }

  test.each(Object.entries(AUTH))('%s stays between the two', async (where, answer) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(answer)
    const reply = await ask(scenario, { body: chat({ stream: where.includes('stream') }) })
    expect(reply.text).toContain('provider_auth')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_auth', errorSource: 'provider' })
    const text = await everything(scenario, reply.text)
    for (const secret of [FAKE_PROVIDER_KEY, 'Incorrect API key', 'acme-internal']) expect(text).not.toContain(secret)
  })
})

describe('a credential that a provider quotes where none is expected', () => {
  const ELSEWHERE: Readonly<Record<string, Answer>> = {
    'in a 400': errorReply({ status: 400, message: QUOTES }),
    'in a 404': errorReply({ status: 404, message: QUOTES }),
    'in a 500': errorReply({ status: 500, message: `Request failed: Authorization: Bearer ${FAKE_PROVIDER_KEY}` }),
    'in the name of the field at fault': wholeReply({ status: 400, body: { error: { message: 'x', param: FAKE_PROVIDER_KEY } } }),
    'in the id of the request': errorReply({ status: 500, headers: { 'x-request-id': `for-${FAKE_PROVIDER_KEY}` } }),
    'in a reply of status 200': wholeReply({ body: { error: { message: QUOTES } } }),
    'in the first frame of a stream': streamReply({ frames: [frame({ error: { message: QUOTES } })] }),
    'in a later frame of a stream': streamReply({ frames: [CONTENT, frame({ error: { message: QUOTES } })], pauseMs: 15 }),
    'in a page for people': wholeReply({ status: 502, headers: { 'content-type': 'text/html' }, body: `<p>${QUOTES}</p>` }),
    'in what is no JSON': wholeReply({ body: `{"oops": ${FAKE_PROVIDER_KEY}` }),
    'in what is no HTTP': () => [{ type: 'send', bytes: Buffer.from(`${FAKE_PROVIDER_KEY}\r\n\r\n`) }, { type: 'close' }],
  }

  test.each(Object.entries(ELSEWHERE))('%s is neither told nor written down', async (where, answer) => {
    await using scenario = await startScenario()
    scenario.upstream.answer(answer)
    const reply = await ask(scenario, { body: chat({ stream: where.includes('stream') }) })
    expect(reply.text).toContain('"error":')
    await scenario.expectCall({ outcome: 'broken' })
    expect(await everything(scenario, `${JSON.stringify([...reply.headers])}${reply.text}`)).not.toContain(FAKE_PROVIDER_KEY)
  })
})

test("neither the caller's key nor the prompt is written down, whatever becomes of the call", async () => {
  await using scenario = await startScenario()
  // Four digits alone stand in some id or time now and then.
  const code = '8841-lupine'
  const words = `The launch code is ${code}.`
  const messages = [
    { role: 'system', content: words },
    { role: 'user', content: words },
  ]
  const queries = `?key=${scenario.key}`
  const replies = [
    await ask(scenario, { body: chat({ messages }) }),
    await ask(scenario, { body: chat({ messages, stream: true }), path: `/v1/chat${queries}` }),
    await ask(scenario, { body: chat({ messages, model: 'none' }) }),
    await ask(scenario, { body: JSON.stringify(chat({ messages })).slice(0, -1) }),
    await ask(scenario, { body: chat({ messages }), key: `${scenario.key}x` }),
    await ask(scenario, { body: chat({ messages }), path: `/v1/nothing${queries}` }),
  ]
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 404, 400, 401, 404])
  await scenario.expectEvents(replies.flatMap(() => [{ type: 'call.started' } as const, { type: 'call.ended' } as const]))
  const secret = scenario.key.slice(-52)
  const text = await everything(scenario, replies.map((reply) => reply.text).join('\n'))
  for (const hidden of [secret, words, code, FAKE_PROVIDER_KEY]) expect(text).not.toContain(hidden)
  // What the upstream received is the proof that these texts were there to be found.
  expect(scenario.upstream.requests.map(({ body }) => body.includes(words))).toEqual([true, true])
})

test('the files that hold secrets are for their owner alone, and the control API shows none', async () => {
  await using scenario = await startScenario()
  const { mode } = await Bun.file(join(scenario.folder, 'data', 'admin-key')).stat()
  expect(mode & 0o777).toBe(0o600)
  const pages = ['/api/v1/keys', `/api/v1/keys/${scenario.keyId}`, '/api/v1/status', '/api/v1/logs', '/api/openapi.json', '/metrics']
  const shown = await Promise.all(pages.map((page) => scenario.control('GET', page)))
  expect(shown.map(({ status }) => status)).toEqual(pages.map(() => 200))
  const text = JSON.stringify(shown)
  for (const secret of [scenario.key.slice(-52), scenario.adminKey, FAKE_PROVIDER_KEY, 'secretHash']) expect(text).not.toContain(secret)
})
