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

  test.each<[what: string, words: readonly string[], code: ErrorCode]>([
    ['not for its message inside a reply of 200, which does not say what kind of limit it was', [], 'provider_rate_limited'],
    ['for its code inside a reply of 200', ['insufficient_quota'], 'provider_quota_exhausted'],
  ])('%s', (_what, words, code) => {
    const said = new GatewayError('provider_rate_limited', 'It failed.', { providerStatus: 429 })
    expect(refineReported(said, words, 'You exceeded your current quota.').code).toBe(code)
  })
})

describe('a status of 400 that is not the fault of the request is known by the words of', () => {
  test.each<[what: string, body: object, exception: string | undefined, code: ErrorCode]>([
    [
      'Anthropic, of a limit of spend',
      error('You have reached your specified workspace API usage limits. You will regain access on 2027-04-01 at 00:00 UTC.'),
      undefined,
      'provider_quota_exhausted',
    ],
    ['Anthropic, of its filter', error('Output blocked by content filtering policy'), undefined, 'provider_content_filtered'],
    ['OpenAI, of its filter', error('Invalid prompt: …', { code: 'invalid_prompt' }), undefined, 'provider_content_filtered'],
    ['Bedrock, of a quota', { message: 'No.' }, 'ServiceQuotaExceededException:http://internal/', 'provider_rate_limited'],
    [
      'Bedrock, of a quota, in the body',
      { __type: 'com.amazon.coral.service#ServiceQuotaExceededException', message: 'No.' },
      undefined,
      'provider_rate_limited',
    ],
    ['Bedrock, of a model', { message: 'The provided model identifier is invalid.' }, 'ValidationException', 'provider_model_not_found'],
    ['DeepSeek, of a model', error('Model Not Exist'), undefined, 'provider_model_not_found'],
    ['Gemini, of the country', error('User location is not supported for the API use.'), undefined, 'provider_error'],
    ['nobody: an empty code', error('No.', { code: '', type: '' }), '', 'provider_rejected'],
    [
      'nobody: a caller who is quoted',
      error('Bad value: "You have reached your specified API usage limits"'),
      undefined,
      'provider_rejected',
    ],
  ])('%s', (_what, body, exception, code) => {
    const failed = new GatewayError('provider_rejected', 'Provider p answered 400: No.', { providerStatus: 400 })
    expect(refineFailure(failed, new TextEncoder().encode(JSON.stringify(body)), exception).code).toBe(code)
  })
})
