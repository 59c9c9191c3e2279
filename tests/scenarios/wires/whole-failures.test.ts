import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { ask, endedCall } from '../ask.ts'
import { PROVIDERS } from './lies.ts'

// A provider answers 200, and says in the body that it failed, or says nothing at all: an error in every wire, and never an empty 200.

const MESSAGES = [{ role: 'user', content: 'Hello?' }]
const CALLERS: readonly (readonly [wire: string, path: string, body: JsonObject])[] = [
  ['openai-chat', '/v1/chat/completions', { model: 'mini', messages: MESSAGES }],
  ['openai-responses', '/v1/responses', { model: 'mini', input: 'Hello?' }],
  ['anthropic-messages', '/v1/messages', { model: 'mini', max_tokens: 100, messages: MESSAGES }],
  ['gemini', '/v1beta/models/mini:generateContent', { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] }],
  ['openai-completions', '/v1/completions', { model: 'mini', prompt: 'Hello?' }],
]

const NO = 'Something broke.'
const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'm', output: [], usage: null, incomplete_details: null }

/** Bodies of status 200 that are no answers. */
const BODIES: Readonly<Record<string, Readonly<Record<string, JsonObject>>>> = {
  'openai-chat': {
    'an error': { error: { message: NO, type: 'server_error', code: null } },
    nothing: {},
    'no list of choices': { choices: null },
  },
  'anthropic-messages': { 'an error': { type: 'error', error: { type: 'api_error', message: NO } }, nothing: {} },
  'openai-responses': {
    'a failed response': { ...RESPONSE, status: 'failed', error: { code: 'server_error', message: NO } },
    'an error': { error: { message: NO, type: 'server_error', code: null } },
    'a cancelled response': { ...RESPONSE, status: 'cancelled', error: null },
    'a response that has not ended': { ...RESPONSE, status: 'in_progress', error: null },
    nothing: {},
  },
  gemini: { 'an error': { error: { code: 500, message: NO, status: 'INTERNAL' } }, nothing: {} },
  converse: { 'an error': { __type: 'InternalServerException', message: NO }, nothing: {} },
}

describe.each(PROVIDERS.map(({ wire, path, id }) => ({ wire, path, id })))('of a provider of $wire', ({ wire, path, id }) => {
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await startScenario({
      config: (baseUrl) => ({
        models: {
          breaker: { failures: 1000, share: '100%' },
          providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
        },
        access: { teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } } },
      }),
    })
  })
  afterAll(() => scenario.close())

  const bodies = Object.entries(BODIES[wire] ?? {}).flatMap(([what, body]) =>
    CALLERS.map(([caller, at, question]) => ({ what, body, caller, at, question })),
  )
  test.each(bodies)('$what is an error for a caller of $caller', async ({ body, at, question }) => {
    scenario.upstream.answer(wholeReply({ body }))
    const reply = await ask(scenario, { path: at, body: question })
    expect([reply.status, reply.headers.get('content-type')]).toEqual([502, 'application/json'])
    expect(reply.json.error).toMatchObject({ message: expect.any(String) })
    const ended = await endedCall(scenario, reply.callId)
    expect(ended).toMatchObject({ outcome: 'broken', errorSource: 'provider', status: 502 })
    expect([ended.finishReason, ended.bookings?.length]).toEqual([undefined, 1])
  })
})
