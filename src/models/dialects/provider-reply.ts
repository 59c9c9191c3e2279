import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { Target } from '../types.ts'

const decoder = new TextDecoder()

/** An error that says what in the provider's answer is against its wire. */
export function malformed(target: Target, what: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'provider_malformed',
    `Provider ${target.provider} answered wrongly: ${what}.`,
    cause === undefined ? {} : { cause },
  )
}

/** A whole reply that is a JSON object. @throws provider_malformed */
export function parseReplyBody(body: Uint8Array, target: Target): JsonObject {
  return parseObject(decoder.decode(body), target, 'its reply')
}

/** The data of a frame that is a JSON object. @throws provider_malformed */
export function parseFrameData(text: string, target: Target): JsonObject {
  return parseObject(text, target, 'a chunk of its stream')
}

/** The data of a frame that the decoder has seen, as an object. One that is none says nothing: the decoder refuses it where it tells something. */
export function readFrameData(data: string | undefined): JsonObject | undefined {
  if (data === undefined) return undefined
  try {
    const value: unknown = JSON.parse(data)
    return isObject(value) ? value : undefined
  } catch {
    // The decoder looks only at frames that tell something; one that is broken elsewhere says nothing.
    return undefined
  }
}

function parseObject(text: string, target: Target, what: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw malformed(target, `${what} is not valid JSON`, cause)
  }
  if (!isObject(value)) throw malformed(target, `${what} is not a JSON object`)
  return value
}
