import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { JsonObject } from '../../src/core/json.ts'
import { chatAnswer, chatStream, gate } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { answer, message, startWithAgent } from './a2a.ts'
import { ask } from './ask.ts'
import { FAULTS, toolCall, withServers } from './mcp.ts'

// Tokens of an issuer of this machine, in the place of keys, through every wire.

const pair = await generateKeyPair('ES256')
let issuer: ReturnType<typeof Bun.serve>

beforeAll(async () => {
  const key = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }
  issuer = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ keys: [key] }) })
})

afterAll(async () => {
  await issuer.stop(true)
})

const ISSUER = 'https://login.acme.test'

/** More of the section access: whoever has a token is of the team support. */
function issuers(more: JsonObject = {}): JsonObject {
  return {
    issuers: [{ issuer: ISSUER, audience: 'signalbox', jwks: `http://127.0.0.1:${issuer.port}/keys`, team: 'support', clockSkew: '0s' }],
    ...more,
  }
}

/** @param seconds until it expires, or up to one more: it says whole ones */
function token(seconds = 600): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: 'signalbox', sub: 'ada', exp: Math.ceil(Date.now() / 1000) + seconds })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(pair.privateKey)
}

type Place = (token: string) => Readonly<Record<string, string>>
const BEARER: Place = (text) => ({ authorization: `Bearer ${text}` })
const X_API_KEY: Place = (text) => ({ 'x-api-key': text })
const X_GOOG_API_KEY: Place = (text) => ({ 'x-goog-api-key': text })

interface Wire {
  readonly wire: string
  readonly places: readonly Place[]
  readonly start: () => Promise<Scenario>
  readonly path: string
  readonly body: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  /** Where the wire says what kind of error it is, and what it says of a caller it does not know. */
  readonly refusal: object
}

const startModels = () => startScenario({ config: { access: { teams: { support: {} }, ...issuers() } } })
const MODELS = { start: startModels } as const
/** Long enough for the clock to pass the second in which a token expires. */
const PAST_EXPIRY_MS = 3500
const HELLO = [{ role: 'user', content: 'Hello?' }]

const WIRES: readonly Wire[] = [
  {
    ...MODELS,
    wire: 'openai-chat',
    places: [BEARER, X_API_KEY],
    path: '/v1/chat/completions',
    body: { model: 'mini', messages: HELLO },
    refusal: { error: { type: 'authentication_error', code: 'key_expired' } },
  },
  {
    ...MODELS,
    wire: 'openai-responses',
    places: [BEARER],
    path: '/v1/responses',
    body: { model: 'mini', input: 'Hello?' },
    refusal: { error: { type: 'authentication_error', code: 'key_expired' } },
  },
  {
    ...MODELS,
    wire: 'anthropic-messages',
    places: [X_API_KEY, BEARER],
    path: '/v1/messages',
    body: { model: 'mini', max_tokens: 100, messages: HELLO },
    refusal: { type: 'error', error: { type: 'authentication_error' } },
  },
  {
    ...MODELS,
    wire: 'gemini',
    places: [X_GOOG_API_KEY, BEARER],
    path: '/v1beta/models/mini:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] },
    refusal: { error: { code: 401, status: 'UNAUTHENTICATED' } },
  },
  {
    wire: 'mcp',
    places: [BEARER, X_API_KEY],
    start: () => {
      const { tools } = withServers({ faults: { command: FAULTS } })
      const access = { teams: { support: { tools: { default: 'allow' } } }, ...issuers() }
      return startScenario({ config: { tools, access } })
    },
    path: '/mcp',
    body: toolCall('faults__echo', { message: 'a' }) as JsonObject,
    headers: { accept: 'application/json, text/event-stream' },
    refusal: { error: { data: { code: 'key_expired' } } },
  },
  {
    wire: 'a2a',
    places: [BEARER, X_API_KEY],
    start: () => startWithAgent({}, { access: { teams: { support: { agents: ['researcher'] } }, ...issuers() } }),
    path: '/a2a/researcher',
    body: message(),
    headers: { 'a2a-version': '1.0' },
    refusal: { error: { data: [{ reason: 'KEY_EXPIRED' }] } },
  },
]

describe.each(WIRES)('a token in $wire', ({ wire, places, start, path, body, headers = {}, refusal }) => {
  test('is a principal with team and user, and stays here', async () => {
    await using scenario = await start()
    scenario.upstream.answer(
      wire === 'a2a' ? answer({ message: { messageId: 'm2', role: 'ROLE_AGENT', parts: [{ text: 'Hi' }] } }) : chatAnswer(),
    )
    const text = await token()
    for (const place of places) {
      const reply = await ask(scenario, { path, body, key: null, headers: { ...headers, ...place(text) } })
      expect(reply.status, reply.text).toBe(200)
      const { principal } = await scenario.expectCall({ outcome: 'ok' })
      expect(principal).toMatchObject({ team: 'support', user: 'ada', keyId: expect.stringMatching(/^jwt_/) })
    }
    for (const request of scenario.upstream.requests)
      expect(JSON.stringify([request.path, request.headers, request.body])).not.toContain(text)
  })

  test('is refused in the words of the wire when it has expired', async () => {
    await using scenario = await start()
    const [place = BEARER] = places
    const reply = await ask(scenario, { path, body, key: null, headers: { ...headers, ...place(await token(-60)) } })
    expect(reply.status).toBe(401)
    expect(reply.json).toMatchObject(refusal)
    expect(reply.text).toContain('The token expired on')
    expect(scenario.upstream.requests).toEqual([])
  })
})

const STREAMS: readonly (readonly [wire: string, path: string, body: JsonObject, place: Place, ending: object])[] = [
  ['openai-chat', '/v1/chat/completions', { model: 'mini', messages: HELLO, stream: true }, BEARER, { error: { code: 'key_expired' } }],
  [
    'openai-responses',
    '/v1/responses',
    { model: 'mini', input: 'Hello?', stream: true },
    BEARER,
    { type: 'response.failed', response: { error: { code: 'key_expired' } } },
  ],
  [
    'anthropic-messages',
    '/v1/messages',
    { model: 'mini', max_tokens: 100, messages: HELLO, stream: true },
    X_API_KEY,
    { type: 'error', error: { type: 'authentication_error' } },
  ],
  [
    'gemini',
    '/v1beta/models/mini:streamGenerateContent?alt=sse',
    { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] },
    X_GOOG_API_KEY,
    { error: { code: 401, status: 'UNAUTHENTICATED' } },
  ],
]

async function beginStream(onExpiry: string, [, path, body, place]: (typeof STREAMS)[number]) {
  const scenario = await startScenario({ config: { access: { teams: { support: {} }, ...issuers({ onExpiry }) } } })
  const door = gate()
  scenario.upstream.answer(chatStream({ pieces: ['a', 'b', 'c'], usage: { inputTokens: 10, outputTokens: 3 }, before: { 2: door.step } }))
  return { scenario, door, pending: ask(scenario, { path, body, key: null, headers: place(await token(2)) }) }
}

test('a stream whose token expires meanwhile is ended with the reason, in every wire, where the configuration says so', async () => {
  const endings = STREAMS.map(async (stream) => {
    const { scenario, pending } = await beginStream('end', stream)
    await using _ = scenario
    const reply = await pending
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'key_expired', errorSource: 'policy', isStream: true })
    return reply
  })
  for (const [index, reply] of (await Promise.all(endings)).entries()) {
    expect(reply.status).toBe(200)
    const last = reply.text.split('\n').findLast((line) => line.startsWith('data: '))
    expect(JSON.parse(last?.slice('data: '.length) ?? 'null')).toMatchObject(STREAMS[index]?.[4] ?? {})
    expect(reply.text).toContain('The token expired on')
  }
})

test('it goes on to its end unless the configuration says otherwise', async () => {
  const [stream] = STREAMS
  if (stream === undefined) throw new Error('There are streams.')
  const { scenario, pending, door } = await beginStream('finish', stream)
  await using _ = scenario
  await scenario.upstream.received(1)
  await Bun.sleep(PAST_EXPIRY_MS)
  door.open()
  expect((await pending).frames.at(-1)).toBe('[DONE]')
  await scenario.expectCall({ outcome: 'ok', isStream: true })
})

test('a running call of a key that expires is ended likewise', async () => {
  await using scenario = await startScenario({ config: { access: { teams: { support: {} }, onExpiry: 'end' } } })
  const expiresAt = new Date(Date.now() + 2000).toISOString()
  const { key } = await scenario.newKey({ expiresAt })
  const door = gate()
  scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], usage: { inputTokens: 10, outputTokens: 3 }, before: { 1: door.step } }))
  const reply = await ask(scenario, { key, body: { model: 'mini', messages: HELLO, stream: true } })
  expect(reply.text).toContain('key_expired')
  await scenario.expectCall({ outcome: 'cancelled', errorCode: 'key_expired' })
})
