import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { chatAnswer } from '../../src/testing/chat-replies.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

/** The same question in each wire, to a provider of OpenAI's chat wire. */
const WIRES: readonly (readonly [wire: string, path: string, body: JsonObject])[] = [
  ['openai-chat', '/v1/chat/completions', { model: 'mini', messages: [{ role: 'user', content: 'Hello?' }] }],
  ['openai-responses', '/v1/responses', { model: 'mini', input: 'Hello?' }],
  ['anthropic-messages', '/v1/messages', { model: 'mini', max_tokens: 90_000, messages: [{ role: 'user', content: 'Hello?' }] }],
  ['gemini', '/v1beta/models/mini:generateContent', { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] }],
]

function strict(usd: string) {
  return { config: { access: { teams: { support: { budgets: [{ usd, per: 'total', mode: 'strict' }] } } } } } as const
}

/** What the provider was asked for last. */
function lastAsked(scenario: Scenario): JsonObject {
  const last = scenario.upstream.requests.at(-1)
  if (last === undefined) throw new Error('Nothing was asked.')
  return last.jsonObject()
}

describe.each(WIRES)('limits, asked in %s', (_wire, path, body) => {
  const limits = [
    { requests: 1, per: 'hour', models: ['mini'] },
    { requests: 1, per: 'hour', providers: ['fake'] },
  ]

  test.each(limits)('%o lets one call through, and refuses the next in the same wire', async (limit) => {
    await using scenario = await startScenario({ config: { access: { teams: { support: { limits: [limit] } } } } })
    scenario.upstream.answer(chatAnswer())
    const first = await ask(scenario, { path, body })
    expect([first.status, first.headers.get('x-ratelimit-remaining-requests')]).toEqual([200, '0'])
    const second = await ask(scenario, { path, body })
    expect(second.status).toBe(429)
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(3500)
    expect(second.headers.get('x-ratelimit-limit-requests')).toBe('1')
    expect(JSON.stringify(second.json.error)).toContain('The limit of team:support for ')
    expect(scenario.upstream.requests).toHaveLength(1)
  })
})

describe.each(WIRES)('a strict budget, asked in %s', (_wire, path, body) => {
  test('bounds the output, whatever the wires on both sides', async () => {
    await using scenario = await startScenario(strict('0.02'))
    scenario.upstream.answer(chatAnswer({ content: 'Yes.', usage: { inputTokens: 10, outputTokens: 5 } }))
    const reply = await ask(scenario, { path, body })
    expect(reply.status).toBe(200)
    const bound = Number(lastAsked(scenario).max_tokens ?? lastAsked(scenario).max_completion_tokens)
    expect(bound).toBeGreaterThan(100)
    expect(bound).toBeLessThan(2000)
    const { bookings } = await scenario.expectCall({ outcome: 'ok', costNanoUsd: 70_000 })
    expect(bookings).toMatchObject([{ state: 'settled', nanoUsd: 70_000, tokens: 15 }])
  })

  test('without room is refused in the same wire, and nothing is sent', async () => {
    await using scenario = await startScenario(strict('0.0000001'))
    const reply = await ask(scenario, { path, body })
    expect(reply.status).toBe(402)
    expect(reply.headers.get('x-should-retry')).toBe('false')
    expect(JSON.stringify(reply.json.error)).toContain('The budget of team:support has no room')
    expect(scenario.upstream.requests).toHaveLength(0)
  })
})
