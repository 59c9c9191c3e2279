import type { FailureName } from '../../src/models/routing/failures.ts'
import {
  type Answer,
  chatFrames,
  chatStream,
  closeBeforeHead,
  cutBody,
  DEFAULT_CHAT,
  errorReply,
  invalidJson,
  resetBeforeHead,
  silence,
  streamReply,
} from '../../src/testing/fake-upstream.ts'

/** How a failure of the table is brought about. */
export interface Failure {
  readonly row: FailureName
  /** What a provider does; left out where it is not reached. */
  readonly answer?: Answer
  /** Where the provider is, if not at the upstream. */
  readonly at?: 'nowhere' | 'closed' | 'deaf' | 'plain'
  readonly timeouts?: object
  /** Left out: whole and streamed. */
  readonly only?: 'whole' | 'stream'
}

const refusal = (status: number, more: object = {}): Answer => errorReply({ status, ...more })
const roleThenEnd: Answer = (request) => streamReply({ frames: chatFrames(DEFAULT_CHAT, request).slice(0, 1) })(request)
const roleThenStall: Answer = chatStream({ pieces: ['x'], cut: { afterFrames: 1, by: 'stall' } })

/** Every failure, by a sentence. A row of the table may have several. */
export const FAILURES_WALL: Readonly<Record<string, Failure>> = {
  'an unknown name': { row: 'dns', at: 'nowhere' },
  'a refused connection': { row: 'refused', at: 'closed' },
  'no TLS': { row: 'tls', at: 'plain' },
  'a reset': { row: 'reset', answer: resetBeforeHead() },
  'a closed connection': { row: 'reset', answer: closeBeforeHead() },
  'no connection': { row: 'connect_timeout', at: 'deaf', timeouts: { connect: '150ms' } },
  'no first token': { row: 'first_token_timeout', answer: silence(), timeouts: { firstToken: '100ms' }, only: 'stream' },
  'a role and then nothing': { row: 'first_token_timeout', answer: roleThenStall, timeouts: { firstToken: '100ms' }, only: 'stream' },
  'half a body and then nothing': {
    row: 'idle_timeout',
    answer: cutBody({ afterBytes: 20, by: 'stall' }),
    timeouts: { idle: '100ms' },
    only: 'whole',
  },
  'no end': { row: 'total_timeout', answer: silence(), timeouts: { total: '120ms' } },
  '408': { row: 'request_timeout', answer: refusal(408) },
  '409': { row: 'conflict', answer: refusal(409) },
  '425': { row: 'too_early', answer: refusal(425) },
  '402': { row: 'quota', answer: refusal(402) },
  'a used-up quota': { row: 'quota', answer: refusal(429, { code: 'insufficient_quota', message: 'You exceeded your current quota.' }) },
  '402 with credit for less': {
    row: 'credit_for_less',
    answer: refusal(402, {
      message: 'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 30104.',
    }),
  },
  '402 with credit for nothing': {
    row: 'quota',
    answer: refusal(402, {
      message: 'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 0.',
    }),
  },
  '403': { row: 'forbidden', answer: refusal(403) },
  '401': { row: 'auth', answer: refusal(401) },
  '429 with Retry-After': { row: 'rate_limited_until', answer: refusal(429, { retryAfter: 1 }) },
  '429 with Retry-After in milliseconds': {
    row: 'rate_limited_until',
    answer: refusal(429, { headers: { 'retry-after-ms': '900' } }),
  },
  '429 with a date': {
    row: 'rate_limited_until',
    answer: (request) => refusal(429, { retryAfter: new Date(Date.now() + 2000).toUTCString() })(request),
  },
  '429 with a limit of OpenAI that is used up': {
    row: 'rate_limited_until',
    answer: refusal(429, { headers: { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '900ms' } }),
  },
  '429 with a limit of which something is left': {
    row: 'rate_limited',
    answer: refusal(429, { headers: { 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '6m0s' } }),
  },
  '429': { row: 'rate_limited', answer: refusal(429) },
  '503': { row: 'overloaded', answer: refusal(503) },
  '529': { row: 'overloaded', answer: refusal(529) },
  '500': { row: 'server_error', answer: refusal(500) },
  '502': { row: 'server_error', answer: refusal(502) },
  '504': { row: 'server_error', answer: refusal(504) },
  'an error in a stream before its content': {
    row: 'server_error',
    answer: chatStream({ pieces: ['x'], errorFrame: { at: 1, error: { message: 'No.' } } }),
    only: 'stream',
  },
  'broken JSON': { row: 'malformed', answer: invalidJson(), only: 'whole' },
  'a frame that is none': { row: 'malformed', answer: streamReply({ frames: ['data: hello\n\n'] }), only: 'stream' },
  'half a body': { row: 'truncated', answer: cutBody({ afterBytes: 20, by: 'reset' }), only: 'whole' },
  'a stream that ends before its content': { row: 'truncated', answer: roleThenEnd, only: 'stream' },
  '404': { row: 'model_not_found', answer: refusal(404) },
  'a context that is too long': {
    row: 'context_too_long',
    answer: refusal(400, { code: 'context_length_exceeded', message: "This model's maximum context length is 8192 tokens." }),
  },
  'a content filter': { row: 'content_filtered', answer: refusal(400, { code: 'content_filter', message: 'Filtered.' }) },
  '400': { row: 'rejected', answer: refusal(400) },
  '422': { row: 'rejected', answer: refusal(422) },
}
