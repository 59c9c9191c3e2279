import type { GatewayError } from '../../../core/errors.ts'
import { isObject, type JsonObject, scanTopLevel, spliceText } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { ReplyContext } from '../../dialect.ts'
import { parseAgain } from '../decode-body.ts'
import { encodeEvent } from './error.ts'
import { objectIn } from './kept.ts'
import { writeResponse } from './response.ts'

const KEYS: ReadonlySet<string> = new Set(['background'])

/** Whether a request wants its response to be worked on while nobody waits. */
export function wantsBackground(text: string): boolean {
  return text.includes('"background"') && parseAgain(text).background === true
}

/** The same request for whoever waits: all else stays as it was written. */
export function inForeground(text: string): string {
  const top = scanTopLevel(text, KEYS, Number.MAX_SAFE_INTEGER)
  const span = top.type === 'object' ? top.keys.get('background') : undefined
  return span === undefined ? text : spliceText(text, [{ ...span, with: 'false' }])
}

/** A response that nobody works on yet. */
export function queuedResponse(context: ReplyContext): JsonObject {
  return { ...writeResponse(context, { status: 'queued' }), background: true }
}

/** A response under the id that its caller knows, whatever its provider called it. */
export function asBackground(response: JsonObject, id: string): JsonObject {
  return { ...response, id, background: true }
}

/** A response that failed, or that was cancelled. */
export function endedBadly(response: JsonObject, error: GatewayError, status: 'failed' | 'cancelled'): JsonObject {
  const said = status === 'cancelled' ? null : { code: error.code, message: error.message }
  return { ...response, status, error: said }
}

/** An event of a stream, renamed as `asBackground` does it. `number` is its place in the stream. */
export interface NumberedFrame {
  readonly bytes: Uint8Array
  readonly number: number
}

/** Renames a frame of a stream, and reads its number; a frame that carries no event is given the number of the one before. */
export function renameFrame(bytes: Uint8Array, id: string, before: number): NumberedFrame {
  const event = objectIn(decodeSseFrame(bytes).data)
  if (event === undefined) return { bytes, number: before }
  const number = typeof event.sequence_number === 'number' ? event.sequence_number : before + 1
  if (!isObject(event.response)) return { bytes, number }
  const type = typeof event.type === 'string' ? event.type : 'message'
  return { bytes: encodeEvent({ ...event, type, response: asBackground(event.response, id) }), number }
}
