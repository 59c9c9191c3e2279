import { GatewayError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { encodeSseFrame } from '../../core/sse.ts'
import type { FrameSplitter, Framing } from '../framing.ts'
import { decodeMessage, type EventStreamMessage, EventStreamSplitter } from './event-stream.ts'

/** How a message of AWS becomes the SSE frame that a dialect reads. */
type Reframe = (message: EventStreamMessage) => Uint8Array

/**
 * Streams of Bedrock's Converse: each message becomes `event: <its type>` with its JSON as data. One that reports a failure becomes
 * `event: exception/<its type>`.
 */
export const CONVERSE_FRAMING: Framing = framingOf(reframeConverse)

/**
 * Streams of Bedrock's Invoke of Claude: each message holds one event of `anthropic-messages` in base64, and becomes that event. A failure becomes
 * that wire's `error`.
 */
export const INVOKE_FRAMING: Framing = framingOf(reframeInvoke)

function framingOf(reframe: Reframe): Framing {
  return {
    isStream: (contentType) => contentType.startsWith('application/vnd.amazon.eventstream'),
    open: (maxFrameBytes) => openSplitter(new EventStreamSplitter(maxFrameBytes), reframe),
  }
}

function openSplitter(splitter: EventStreamSplitter, reframe: Reframe): FrameSplitter {
  return {
    push: (bytes) => {
      try {
        return splitter.push(bytes).map((message) => reframe(decodeMessage(message)))
      } catch (thrown) {
        if (thrown instanceof RangeError || thrown instanceof GatewayError) throw thrown
        throw malformed(thrown instanceof Error ? thrown.message : 'it cannot be read', thrown)
      }
    },
    get rest() {
      return splitter.rest
    },
  }
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('provider_malformed', `The provider's event stream is not one: ${what}.`, { cause })
}

/** The name of a failure that a message reports, or undefined. */
function failureOf({ headers }: EventStreamMessage): string | undefined {
  const { ':message-type': kind, ':exception-type': exception, ':error-code': code } = headers
  if (kind === 'exception') return typeof exception === 'string' ? exception : 'unknown'
  if (kind === 'error') return typeof code === 'string' ? code : 'unknown'
  return undefined
}

function saidBy({ headers, payload }: EventStreamMessage): string {
  const said = headers[':error-message']
  return typeof said === 'string' ? said : messageIn(payload)
}

/** `{"message": …}` of an exception, or nothing. */
function messageIn(payload: Uint8Array): string {
  try {
    const value: unknown = JSON.parse(text.decode(payload))
    return isObject(value) && typeof value.message === 'string' ? value.message : ''
  } catch {
    // An exception that says nothing readable is one all the same.
    return ''
  }
}

const text = new TextDecoder()

function reframeConverse(message: EventStreamMessage): Uint8Array {
  const failure = failureOf(message)
  if (failure !== undefined) return frame(`exception/${failure}`, JSON.stringify({ message: saidBy(message) }))
  const type = message.headers[':event-type']
  if (typeof type !== 'string') throw malformed('a message has no type')
  return frame(type, text.decode(message.payload))
}

/** What the wire of Claude calls the failures of Bedrock. */
const INVOKE_FAILURES: Readonly<Record<string, string>> = {
  throttlingException: 'rate_limit_error',
  serviceUnavailableException: 'overloaded_error',
  validationException: 'invalid_request_error',
  modelTimeoutException: 'timeout_error',
}

function reframeInvoke(message: EventStreamMessage): Uint8Array {
  const failure = failureOf(message)
  if (failure !== undefined) {
    const error = { type: INVOKE_FAILURES[failure] ?? 'api_error', message: saidBy(message) || failure }
    return frame('error', JSON.stringify({ type: 'error', error }))
  }
  const json = innerEvent(message.payload)
  const type = typeIn(json)
  if (type === undefined) throw malformed('a chunk holds no event')
  return frame(type, json)
}

/** The event in `{"bytes": "<base64>"}`. */
function innerEvent(payload: Uint8Array): string {
  try {
    const outer: unknown = JSON.parse(text.decode(payload))
    return isObject(outer) && typeof outer.bytes === 'string' ? Buffer.from(outer.bytes, 'base64').toString('utf8') : ''
  } catch {
    return ''
  }
}

function typeIn(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) && typeof value.type === 'string' ? value.type : undefined
  } catch {
    return undefined
  }
}

/** A name with a line's end in it would begin another field. */
function frame(event: string, data: string): Uint8Array {
  return encodeSseFrame({ event: event.replace(/[\r\n]/g, ' ').slice(0, 200), data: data.replaceAll('\r', ' ') })
}
