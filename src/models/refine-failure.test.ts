import { describe, expect, test } from 'bun:test'
import { type ErrorCode, GatewayError } from '../core/errors.ts'
import { refineFailure, refineReported } from './refine-failure.ts'

function meaningOf(status: number, body: object, retryAfterSeconds?: number): ErrorCode {
  const extra = { providerStatus: status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  const code: ErrorCode = status === 429 ? 'provider_rate_limited' : 'provider_rejected'
  return refineFailure(new GatewayError(code, 'It failed.', extra), new TextEncoder().encode(JSON.stringify(body))).code
}

const error = (message: string, more: object = {}) => ({ error: { message, ...more } })

// Sentences of providers, as their users report them in public threads (read 2026-11-21); numbers are changed.
describe('a request that is too long is known by the words of', () => {
  test.each<[who: string, status: number, body: object]>([
    ['OpenAI', 400, error('Too long.', { code: 'context_length_exceeded' })],
    ['OpenAI, in Responses', 400, error('Your input exceeds the context window of this model. Please adjust your input and try again.')],
    ['Anthropic', 400, error('prompt is too long: 202095 tokens > 200000 maximum', { type: 'invalid_request_error' })],
    [
      'Anthropic, with max_tokens',
      400,
      error('input length and `max_tokens` exceed context limit: 90402 + 116650 > 204648, decrease input length or `max_tokens`'),
    ],
    ['Gemini', 400, error('The input token count (1194305) exceeds the maximum number of tokens allowed (1048576).', { code: 400 })],
    ['Bedrock', 400, { message: 'Input is too long for requested model.' }],
    [
      'xAI',
      400,
      {
        code: 'Client specified an invalid argument',
        error: "This model's maximum prompt length is 131072 but the request contains 139000 tokens.",
      },
    ],
    ['vLLM and DeepSeek', 400, error("This model's maximum context length is 65536 tokens. However, you requested 69648 tokens.")],
    ['Mistral', 400, { message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length' }],
    ['llama.cpp', 400, error('the request exceeds the available context size. try increasing the context size or enable context shift')],
    ['Copilot', 400, error('prompt token count of 70000 exceeds the limit of 64000')],
  ])('%s', (_who, status, body) => {
    expect(meaningOf(status, body)).toBe('provider_context_too_long')
  })
})

describe('a key is parked for a quota that is used up,', () => {
  test.each<[who: string, status: number, body: object]>([
    [
      'of OpenAI',
      429,
      error('You exceeded your current quota, please check your plan and billing details.', { code: 'insufficient_quota' }),
    ],
    ['of OpenAI, by its message', 429, error('You exceeded your current quota, please check your plan and billing details.')],
    ['of Anthropic', 400, error('Your credit balance is too low to access the Anthropic API.', { type: 'invalid_request_error' })],
    ['of DeepSeek', 402, error('Insufficient Balance')],
  ])('%s', (_who, status, body) => {
    expect(meaningOf(status, body)).toBe('provider_quota_exhausted')
  })

  const MINUTE = error('You exceeded your current quota, please check your plan and billing details. For more information, head to …', {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
  })

  test.each<[why: string, body: object, retryAfterSeconds: number | undefined]>([
    ['for a limit of a minute at Gemini, which has the same words', MINUTE, 26],
    ['for one that does not say how long', MINUTE, undefined],
    ['for a limit of which the provider says when it is over', error('You exceeded your current quota.'), 20],
  ])('not %s', (_why, body, retryAfterSeconds) => {
    expect(meaningOf(429, body, retryAfterSeconds)).toBe('provider_rate_limited')
  })

  test('not for a message inside a stream, which does not say what kind of limit it was', () => {
    const said = new GatewayError(
      'provider_rate_limited',
      'Provider p reported a failure inside its reply: You exceeded your current quota.',
      {
        providerStatus: 429,
      },
    )
    expect(refineReported(said).code).toBe('provider_rate_limited')
  })
})
