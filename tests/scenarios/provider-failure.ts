import { expect } from 'bun:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'

// Whatever a provider does, every call of these tests is over within seconds.
const TIMEOUTS = { connect: '3s', firstToken: '3s', idle: '3s', total: '6s' }

/** A scenario whose provider is at this URL: the upstream's own unless said. */
export function startAt(url: (baseUrl: string) => string = (baseUrl) => baseUrl): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        timeouts: TIMEOUTS,
        providers: { fake: { wire: 'openai-chat', baseUrl: url(baseUrl), apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
    }),
  })
}

/** Asserts that a call fails before anything was given out, by the provider's fault, and is recorded so. */
export async function expectFailure(scenario: Scenario, stream: boolean, code: ErrorCode, status = 502): Promise<string> {
  const reply = await ask(scenario, { body: chat({ stream }) })
  const error = expectError(reply, status, code)
  expect(error.source).toBe('provider')
  expect(error.message).toContain('Provider fake ')
  await scenario.expectCall({
    ...{ callId: reply.callId, outcome: 'broken', errorCode: code, errorSource: 'provider', status, attempts: 1 },
    ...{ isStream: stream, errorMessage: error.message, costNanoUsd: undefined, finishReason: undefined },
  })
  return error.message
}
