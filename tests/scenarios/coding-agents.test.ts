import { describe, expect, test } from 'bun:test'
import { gate, send, wholeReply } from '../../src/testing/fake-upstream.ts'
import { headerOf } from '../../src/testing/http-message.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'
import { type Routed, startRouted } from './routed.ts'
import { PROVIDER_STREAMS } from './wires/provider-streams.ts'

// What coding agents ask of a gateway that is their base URL. Contract: code.claude.com/docs/en/llm-gateway-protocol (read 2026-11-21).

const NAMES = ['first', 'second', 'third', 'fourth']
const STICKY = { names: NAMES, route: { strategy: 'sticky' } }

/** Where the calls of each session went, turn by turn. */
async function placesOf({ scenario }: Routed, turn: (session: string, number: number) => { path: string; headers: object; body: object }) {
  const places = new Map<string, Set<string>>()
  for (let number = 0; number < 5; number++) {
    for (let index = 0; index < 12; index++) {
      const session = `b1a5f0c2-0000-4000-8000-${String(index).padStart(12, '0')}`
      const { path, headers, body } = turn(session, number)
      const reply = await ask(scenario, { path, headers: { ...headers }, body })
      expect(reply.status).toBe(200)
      const provider = reply.headers.get('x-signalbox-provider') ?? ''
      places.set(session, (places.get(session) ?? new Set()).add(provider))
    }
  }
  return places
}

/** Each session at one target, and not all of them at the same. */
function expectKept(places: ReadonlyMap<string, ReadonlySet<string>>): void {
  expect([...places.values()].map((one) => one.size)).toEqual(Array(12).fill(1))
  expect(new Set([...places.values()].flatMap((one) => [...one])).size).toBeGreaterThan(1)
}

/** A subagent and a compacted history begin with other messages than the session did. */
const messages = (number: number) => [{ role: 'user', content: `Beginning ${number}.` }]

describe('a sticky route keeps a session where its prompt cache is, whatever its calls begin with:', () => {
  test('Claude Code, by its header', async () => {
    await using routed = await startRouted(STICKY)
    expectKept(
      await placesOf(routed, (session, number) => ({
        path: '/v1/messages?beta=true',
        headers: { 'x-claude-code-session-id': session, 'anthropic-version': '2023-06-01' },
        body: { model: 'smart', max_tokens: 9, messages: messages(number) },
      })),
    )
  })

  test('Claude Code, by metadata.user_id, which holds the session', async () => {
    await using routed = await startRouted(STICKY)
    expectKept(
      await placesOf(routed, (session, number) => ({
        path: '/v1/messages',
        headers: { 'anthropic-version': '2023-06-01' },
        body: { model: 'smart', max_tokens: 9, metadata: { user_id: `user_1_account__session_${session}` }, messages: messages(number) },
      })),
    )
  })

  test('Codex, by its header', async () => {
    await using routed = await startRouted(STICKY)
    expectKept(
      await placesOf(routed, (session, number) => ({
        path: '/v1/responses',
        headers: { session_id: session, originator: 'codex_cli_rs' },
        body: { model: 'smart', store: false, instructions: `Be ${number}.`, input: messages(number) },
      })),
    )
  })

  test('by the key of the prompt cache', async () => {
    await using routed = await startRouted(STICKY)
    expectKept(
      await placesOf(routed, (session, number) => ({
        path: '/v1/responses',
        headers: {},
        body: { model: 'smart', store: false, prompt_cache_key: session, user: `user ${number}`, input: messages(number) },
      })),
    )
  })
})

describe('a gateway that is the base URL of Claude Code', () => {
  const start = () =>
    startScenario({
      config: (baseUrl) => ({
        models: {
          timeouts: { idle: '1s', firstToken: '5s', total: '20s' },
          providers: { anthropic: { wire: 'anthropic-messages', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'claude-opus-5', provider: 'anthropic' }],
        },
      }),
    })
  const HEADERS = {
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
    'x-claude-code-session-id': 'b1a5f0c2',
    'x-app': 'cli',
  }
  const BODY = { model: 'claude-opus-5', max_tokens: 64, messages: [{ role: 'user', content: 'Hi.' }] }

  test('passes betas and the body as they are, and the credential and session of the caller not at all', async () => {
    await using scenario = await start()
    scenario.upstream.answer(wholeReply({ body: { input_tokens: 7 } }))
    const body = JSON.stringify({ ...BODY, context_management: { edits: [] }, x_new_field: 1 })
    const counted = await ask(scenario, { path: '/v1/messages/count_tokens?beta=true', headers: HEADERS, body })
    expect([counted.status, counted.json]).toEqual([200, { input_tokens: 7 }])
    const [sent] = scenario.upstream.requests
    expect(sent?.body).toBe(body)
    expect(headerOf(sent?.headers ?? [], 'anthropic-beta')).toBe(HEADERS['anthropic-beta'])
    for (const own of ['x-claude-code-session-id', 'x-app', 'authorization']) expect(headerOf(sent?.headers ?? [], own)).toBeUndefined()
  })

  test('finds its models', async () => {
    await using scenario = await start()
    const listed = await ask(scenario, { method: 'GET', path: '/v1/models?limit=1000', headers: HEADERS })
    expect(listed.json).toMatchObject({ data: [{ type: 'model', id: 'claude-opus-5' }], has_more: false })
  })

  test('keeps a stream that pings for longer than the idle timeout, and gives the pings out', async () => {
    await using scenario = await start()
    const { frames = [] } = PROVIDER_STREAMS.find(({ name }) => name === 'anthropic-messages') ?? {}
    const ping = send('event: ping\ndata: {"type": "ping"}\n\n')
    const door = gate()
    scenario.upstream.answer(() => [
      send('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n'),
      ...frames.slice(0, 4).map((frame) => send(frame)),
      ...Array.from({ length: 12 }, () => [{ type: 'pause', ms: 100 } as const, ping]).flat(),
      door.step,
      ...frames.slice(4).map((frame) => send(frame)),
      { type: 'close' },
    ])
    const pending = ask(scenario, { path: '/v1/messages?beta=true', headers: HEADERS, body: { ...BODY, stream: true } })
    await scenario.upstream.received(1)
    door.open()
    const { text } = await pending
    // One of them stands before the first content, as Anthropic sends it.
    expect(text.match(/event: ping/g)).toHaveLength(13)
    expect(text.trimEnd()).toEndWith('data: {"type":"message_stop"}')
    await scenario.expectCall({ outcome: 'ok', finishReason: 'end_turn' })
  })

  test('tells it of a provider that asks it to wait, in a way that it waits', async () => {
    await using scenario = await start()
    const error = { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } }
    const until = new Date(Date.now() + 30_000).toISOString()
    const limits = { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': until }
    scenario.upstream.answer(wholeReply({ status: 429, headers: limits, body: error }))
    const reply = await ask(scenario, { path: '/v1/messages', headers: HEADERS, body: BODY })
    expect([reply.status, reply.json.type]).toEqual([429, 'error'])
    expect(Number(reply.headers.get('retry-after'))).toBeWithin(25, 31)
  })
})
