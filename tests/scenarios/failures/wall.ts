import type { FailureName } from '../../../src/models/routing/failures.ts'
import { type Answer, closeBeforeHead, READ_PAUSE, resetBeforeHead, type Step, send, silence } from '../../../src/testing/fake-upstream.ts'
import { bytesOf, replyHead, wholeReply } from '../../../src/testing/upstream-replies.ts'
import { beginning, refuse, report, type Said, streamOf, type Wire } from './wires.ts'

/** How a failure of the table is brought about. */
export interface Failure {
  readonly row: FailureName
  /** What a provider does; left out where it is not reached. `waitSeconds` is what it asks for, where it asks to be left alone. */
  readonly answer?: (wire: Wire, waitSeconds: number) => Answer
  /** Where the provider is, if not at the upstream. */
  readonly at?: 'nowhere' | 'closed' | 'deaf' | 'plain'
  readonly timeouts?: object
  /** Its configuration, if not the wire's usual one. */
  readonly provider?: object
  /** Left out: whole and streamed. */
  readonly only?: 'whole' | 'stream'
  /** The wires that have it. Left out: all. */
  readonly of?: readonly string[]
}

/** A status, with what a wire says to it. */
function status(row: FailureName, code: number, said: Said = {}, of?: readonly string[]): Failure {
  return { row, answer: (wire) => refuse(wire, code, said), ...(of === undefined ? {} : { of }) }
}

/** The same told inside a stream of status 200, before its content. */
function inStream(row: FailureName, code: number, said: Said, of: readonly string[]): Failure {
  return { row, answer: (wire) => report(wire, code, said), only: 'stream', of }
}

function limited(said: (waitSeconds: number) => Said, of?: readonly string[]): Failure {
  const row = 'rate_limited_until'
  return { row, answer: (wire, waitSeconds) => refuse(wire, 429, said(waitSeconds)), ...(of === undefined ? {} : { of }) }
}

/** A body that stops in its middle. */
function half(end: readonly Step[]): (wire: Wire) => Answer {
  return ({ whole }) => {
    const body = bytesOf(whole)
    const head = replyHead(200, { 'content-type': 'application/json', 'content-length': String(body.length) })
    return () => [send(head), send(body.subarray(0, 20)), ...end]
  }
}

/** A stream of which nothing but the beginning comes. */
function roleThenStall(wire: Wire): Answer {
  const head = replyHead(200, { 'content-type': wire.contentType, 'content-length': '100000' })
  return () => [send(Buffer.concat([head, ...beginning(wire)])), { type: 'stall' }]
}

const OPENAI = ['openai-chat', 'openai-responses']
const RESPONSES = ['openai-responses']
const ANTHROPIC = ['anthropic-messages']
const GEMINI = ['gemini']
const BEDROCK = ['converse', 'invoke']

const TOO_LONG: Readonly<Record<string, Said>> = {
  'openai-chat': { word: 'context_length_exceeded', message: "This model's maximum context length is 8192 tokens." },
  'openai-responses': { word: 'context_length_exceeded', message: 'Your input exceeds the context window of this model.' },
  'anthropic-messages': { message: 'prompt is too long: 202095 tokens > 200000 maximum' },
  gemini: { message: 'The input token count (1194305) exceeds the maximum number of tokens allowed (1048576).' },
  converse: { word: 'ValidationException', message: 'Input is too long for requested model.' },
  invoke: { word: 'ValidationException', message: 'Input is too long for requested model.' },
}
const tooLong = ({ name }: Wire) => TOO_LONG[name] ?? {}
const FOR_LESS = (left: string) =>
  `This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford ${left}.`
const FLAGGED =
  'Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.'
const RETRY_INFO = (waitSeconds: number) => ({
  more: { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${waitSeconds}s` }] },
})

/**
 * Every failure, by a sentence. A row of the table may have several. What providers say is as their documents have it, and as their users report it
 * in public threads (read 2026-11-21); numbers are changed.
 */
export const FAILURES_WALL: Readonly<Record<string, Failure>> = {
  'an unknown name': { row: 'dns', at: 'nowhere' },
  'a refused connection': { row: 'refused', at: 'closed' },
  'no TLS': { row: 'tls', at: 'plain' },
  'a reset': { row: 'reset', answer: () => resetBeforeHead() },
  'a closed connection': { row: 'reset', answer: () => closeBeforeHead() },
  'no connection': { row: 'connect_timeout', at: 'deaf', timeouts: { connect: '50ms' } },
  'no first token': { row: 'first_token_timeout', answer: () => silence(), timeouts: { firstToken: '50ms' }, only: 'stream' },
  'a role and then nothing': { row: 'first_token_timeout', answer: roleThenStall, timeouts: { firstToken: '50ms' }, only: 'stream' },
  'half a body and then nothing': { row: 'idle_timeout', answer: half([{ type: 'stall' }]), timeouts: { idle: '50ms' }, only: 'whole' },
  'no end': { row: 'total_timeout', answer: () => silence(), timeouts: { total: '60ms' } },
  '408': status('request_timeout', 408),
  '409': status('conflict', 409),
  '425': status('too_early', 425),
  '402': status('quota', 402),
  '403': status('forbidden', 403),
  '401': status('auth', 401),
  '429 with Retry-After': limited((seconds) => ({ headers: { 'retry-after': String(seconds) } })),
  '429 with Retry-After in milliseconds': limited((seconds) => ({ headers: { 'retry-after-ms': String(seconds * 1000) } })),
  '429 with a date': {
    row: 'rate_limited_until',
    answer: (wire, seconds) => (request) => {
      const headers = { 'retry-after': new Date(Date.now() + seconds * 1000).toUTCString() }
      return refuse(wire, 429, { headers })(request)
    },
  },
  '429': status('rate_limited', 429),
  '503': status('overloaded', 503),
  '529': status('overloaded', 529),
  '500': status('server_error', 500),
  '502': status('server_error', 502),
  '504': status('server_error', 504),
  'an error in a stream before its content': { row: 'server_error', answer: (wire) => report(wire, 500), only: 'stream' },
  'broken JSON': { row: 'malformed', answer: () => wholeReply({ body: '{"id":' }), only: 'whole' },
  'a frame that is none': {
    row: 'malformed',
    answer: (wire) => streamOf(wire, [bytesOf('data: hello, this is none\n\n')]),
    only: 'stream',
  },
  'half a body': { row: 'truncated', answer: half([READ_PAUSE, { type: 'reset' }]), only: 'whole' },
  'a stream that ends before its content': { row: 'truncated', answer: (wire) => streamOf(wire, beginning(wire)), only: 'stream' },
  '404': status('model_not_found', 404),
  'a context that is too long': { row: 'context_too_long', answer: (wire) => refuse(wire, 400, tooLong(wire)) },
  'a context that is too long, told in the stream': {
    row: 'context_too_long',
    answer: (wire) => report(wire, 400, tooLong(wire)),
    only: 'stream',
  },
  '400': status('rejected', 400),
  '422': status('rejected', 422),

  'OpenAI: a used-up quota': status('quota', 429, { word: 'insufficient_quota', message: 'You exceeded your current quota.' }, OPENAI),
  'OpenAI: a limit of spend': status('quota', 429, { word: 'project_spend_limit_exceeded' }, OPENAI),
  'OpenAI: a used-up quota, told in the stream': inStream('quota', 429, { word: 'insufficient_quota' }, OPENAI),
  'OpenAI: a rate limit, told in the stream': inStream('rate_limited', 429, { word: 'rate_limit_exceeded' }, OPENAI),
  'OpenAI: overload, told in the stream': inStream('overloaded', 503, { word: 'server_is_overloaded' }, RESPONSES),
  'OpenAI: a limit that is used up': limited(
    (seconds) => ({ headers: { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': `${seconds * 1000}ms` } }),
    OPENAI,
  ),
  'OpenAI: a limit of which something is left': status(
    'rate_limited',
    429,
    { headers: { 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '6m0s' } },
    OPENAI,
  ),
  'OpenAI: an unknown model': status('model_not_found', 400, { word: 'model_not_found' }, OPENAI),
  'OpenAI: a prompt that is flagged': status('content_filtered', 400, { word: 'invalid_prompt', message: FLAGGED }, OPENAI),
  'OpenAI: a prompt that is flagged, told in the stream': inStream(
    'content_filtered',
    400,
    { word: 'invalid_prompt', message: FLAGGED },
    OPENAI,
  ),
  'OpenAI: a failed response': {
    row: 'server_error',
    answer: (wire) => wholeReply({ body: { ...wire.whole, status: 'failed', error: { code: 'server_error', message: 'It failed.' } } }),
    only: 'whole',
    of: RESPONSES,
  },
  'OpenAI: a failed response that is too long': {
    row: 'context_too_long',
    answer: (wire) => wholeReply({ body: { ...wire.whole, status: 'failed', error: { code: 'context_length_exceeded', message: 'No.' } } }),
    only: 'whole',
    of: RESPONSES,
  },
  'Azure: a content filter': status('content_filtered', 400, { word: 'content_filter', message: 'Filtered.' }, ['openai-chat']),
  'OpenRouter: 402 with credit for less': status('credit_for_less', 402, { message: FOR_LESS('30104') }, ['openai-chat']),
  'OpenRouter: 402 with credit for nothing': status('quota', 402, { message: FOR_LESS('0') }, ['openai-chat']),

  'Anthropic: overload, told in the stream': inStream('overloaded', 529, { word: 'overloaded_error', message: 'Overloaded' }, ANTHROPIC),
  'Anthropic: a rate limit, told in the stream': inStream('rate_limited', 429, { word: 'rate_limit_error' }, ANTHROPIC),
  'Anthropic: a limit that is used up': limited(
    (seconds) => ({
      headers: {
        'anthropic-ratelimit-tokens-remaining': '0',
        'anthropic-ratelimit-tokens-reset': new Date(Date.now() + seconds * 1000).toISOString(),
      },
    }),
    ANTHROPIC,
  ),
  'Anthropic: no credit': status('quota', 400, { message: 'Your credit balance is too low to access the Anthropic API.' }, ANTHROPIC),
  'Anthropic: a limit of spend': status(
    'quota',
    400,
    { message: 'You have reached your specified API usage limits. You will regain access on 2027-04-01 at 00:00 UTC.' },
    ANTHROPIC,
  ),
  'Anthropic: the limit of its tier': status(
    'quota',
    429,
    { more: { details: { error_code: 'enforced_spend_limit_reached' } } },
    ANTHROPIC,
  ),
  'Anthropic: a request that is too large': status('context_too_long', 413, { word: 'request_too_large' }, ANTHROPIC),
  'Anthropic: a content filter': status('content_filtered', 400, { message: 'Output blocked by content filtering policy' }, ANTHROPIC),

  'Gemini: 429 with RetryInfo': limited((seconds) => RETRY_INFO(seconds), GEMINI),
  'Gemini: 429 with RetryInfo, told in the stream': {
    row: 'rate_limited_until',
    answer: (wire, seconds) => report(wire, 429, RETRY_INFO(seconds)),
    only: 'stream',
    of: GEMINI,
  },
  'Gemini: the sentence of a quota, for a limit of a minute': status(
    'rate_limited',
    429,
    { message: 'You exceeded your current quota, please check your plan and billing details.' },
    GEMINI,
  ),
  'Gemini: overload, told in the stream': inStream('overloaded', 503, { message: 'The model is overloaded.' }, GEMINI),
  'Gemini: a key that is none': status(
    'auth',
    400,
    {
      message: 'API key not valid.',
      more: { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }] },
    },
    GEMINI,
  ),
  'Vertex: a token whose time is over': status(
    'server_error',
    401,
    { more: { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'ACCESS_TOKEN_EXPIRED' }] } },
    GEMINI,
  ),
  'Vertex: a key file that is none': {
    row: 'no_credential',
    provider: { kind: 'vertex', project: 'p', region: 'us', keyFile: 'file:key-a' },
    of: GEMINI,
  },
  'Gemini: a country that it does not serve': status(
    'server_error',
    400,
    { word: 'FAILED_PRECONDITION', message: 'User location is not supported for the API use.' },
    GEMINI,
  ),

  'Bedrock: ThrottlingException': status(
    'rate_limited',
    429,
    { word: 'ThrottlingException', message: 'Too many tokens, please wait before trying again.' },
    BEDROCK,
  ),
  'Bedrock: throttlingException in a frame': inStream(
    'rate_limited',
    429,
    { message: 'Too many tokens, please wait before trying again.' },
    BEDROCK,
  ),
  'Bedrock: serviceUnavailableException in a frame': inStream('overloaded', 503, {}, BEDROCK),
  'Bedrock: modelStreamErrorException in a frame': inStream('server_error', 424, { word: 'ModelStreamErrorException' }, BEDROCK),
  'Bedrock: modelTimeoutException in a frame': inStream('server_error', 408, { word: 'ModelTimeoutException' }, ['invoke']),
  'Bedrock: ModelNotReadyException': status('rate_limited', 429, { word: 'ModelNotReadyException' }, BEDROCK),
  'Bedrock: ModelErrorException': status('server_error', 424, { word: 'ModelErrorException' }, BEDROCK),
  'Bedrock: ServiceQuotaExceededException': status(
    'rate_limited',
    400,
    { word: 'ServiceQuotaExceededException', message: 'Your request exceeds the service quota for your account.' },
    BEDROCK,
  ),
  'Bedrock: an unknown model': status('model_not_found', 400, { message: 'The provided model identifier is invalid.' }, BEDROCK),
  'Bedrock: a model behind profiles alone': status(
    'model_not_found',
    400,
    {
      message:
        'Invocation of model ID m with on-demand throughput isn’t supported. Retry your request with the ID of an inference profile.',
    },
    BEDROCK,
  ),
  'Bedrock: credentials whose time is over': status(
    'server_error',
    403,
    { word: 'ExpiredTokenException', message: 'The security token included in the request is expired' },
    BEDROCK,
  ),
  'Bedrock: a clock that is wrong': status(
    'server_error',
    403,
    { word: 'InvalidSignatureException', message: 'Signature expired: 20261121T100000Z is now earlier than 20261121T101000Z' },
    BEDROCK,
  ),
}

/** The failures of a wire. */
export function failuresOf({ name }: Wire): readonly (readonly [what: string, failure: Failure])[] {
  return Object.entries(FAILURES_WALL).filter(([, { of }]) => of?.includes(name) ?? true)
}
