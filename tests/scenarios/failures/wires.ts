import type { JsonObject } from '../../../src/core/json.ts'
import { encodeMessage } from '../../../src/models/cloud/event-stream.ts'
import { type Answer, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { PROVIDERS } from '../wires/lies.ts'
import { PROVIDER_STREAMS, type ProviderStream } from '../wires/provider-streams.ts'

/** What a provider says of a failure, where it says more than a status. */
export interface Said {
  readonly message?: string
  /** Its own word for it: a code, a type, the name of an exception. */
  readonly word?: string
  /** More of the error object. */
  readonly more?: JsonObject
  readonly headers?: Readonly<Record<string, string>>
}

/** A wire that providers speak: how it tells of failures, in its own form. */
export interface Wire extends Pick<ProviderStream, 'name' | 'provider' | 'contentType' | 'frames' | 'contentFrame'> {
  /** A good answer in one piece. */
  readonly whole: JsonObject
  readonly error: (status: number, said: Said) => JsonObject
  /** Headers of its error answers. */
  readonly headers?: (said: Said) => Readonly<Record<string, string>>
  /** A failure that is told inside a stream. */
  readonly report: (status: number, said: Said) => Uint8Array
}

const NO = 'The provider failed on purpose.'
const frame = (value: JsonObject, event?: string) =>
  new TextEncoder().encode(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(value)}\n\n`)

const openai = (status: number, { message = NO, word, more }: Said): JsonObject => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code: word ?? null, ...more },
})
const anthropic = (status: number, { message = NO, word, more }: Said): JsonObject => ({
  type: 'error',
  error: { type: word ?? ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'), message, ...more },
  request_id: 'req_1',
})
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}
const google = (status: number, { message = NO, word, more }: Said): JsonObject => ({
  error: { code: status, message, status: word ?? GOOGLE_STATUSES[status] ?? 'UNKNOWN', ...more },
})
const GOOGLE_STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}
/** Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html (read 2026-11-21). */
const AWS_EXCEPTIONS: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
}
const bedrock = {
  error: (_status: number, { message = NO }: Said): JsonObject => ({ message }),
  headers: ({ word }: Said) => (word === undefined ? {} : { 'x-amzn-errortype': `${word}:http://internal.amazon.com/coral/` }),
  report: (status: number, { message = NO, word = AWS_EXCEPTIONS[status] ?? 'InternalServerException' }: Said) => {
    const type = `${word.charAt(0).toLowerCase()}${word.slice(1)}`
    const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' }
    return encodeMessage(headers, new TextEncoder().encode(JSON.stringify({ message })))
  },
}

const FORMS: Readonly<Record<string, Pick<Wire, 'error' | 'headers' | 'report'>>> = {
  'openai-chat': { error: openai, report: (status, said) => frame(openai(status, said)) },
  'openai-responses': {
    error: openai,
    report: (_status, { message = NO, word = 'server_error' }) =>
      frame(
        { type: 'response.failed', sequence_number: 2, response: { id: 'resp_1', status: 'failed', error: { code: word, message } } },
        'response.failed',
      ),
  },
  'anthropic-messages': { error: anthropic, report: (status, said) => frame(anthropic(status, said), 'error') },
  gemini: { error: google, report: (status, said) => frame(google(status, said)) },
  converse: bedrock,
  invoke: bedrock,
}

/** Every wire that a provider speaks, and Claude in the frames of Bedrock. */
export const WIRES: readonly Wire[] = PROVIDER_STREAMS.map((stream) => {
  const form = FORMS[stream.name]
  const whole = PROVIDERS.find(({ wire }) => wire === (stream.name === 'invoke' ? 'anthropic-messages' : stream.name))
  if (form === undefined || whole === undefined) throw new Error(`Nothing is known of the wire ${stream.name}.`)
  return { ...stream, ...form, whole: whole.whole(whole.usage) }
})

/** An answer that is well. */
export function well(wire: Wire, isStream: boolean): Answer {
  return isStream ? streamOf(wire, wire.frames) : wholeReply({ body: wire.whole })
}

/** A refusal with a status. */
export function refuse(wire: Wire, status: number, said: Said = {}): Answer {
  return wholeReply({ status, headers: { ...wire.headers?.(said), ...said.headers }, body: wire.error(status, said) })
}

/** A stream that begins, says nothing yet, and reports a failure. */
export function report(wire: Wire, status: number, said: Said = {}): Answer {
  return streamOf(wire, [...beginning(wire), wire.report(status, said)])
}

/** What comes before the first content. */
export function beginning({ frames, contentFrame }: Wire): readonly Uint8Array[] {
  return frames.slice(0, contentFrame)
}

/** A stream of these frames, which then ends. */
export function streamOf({ contentType }: Wire, frames: readonly Uint8Array[]): Answer {
  return wholeReply({ headers: { 'content-type': contentType }, body: Buffer.concat(frames) })
}
