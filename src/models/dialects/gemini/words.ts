import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { StopReason } from '../../neutral/reply.ts'

/**
 * A field by its name in camel case, or as many write it, in snake case: servers of this wire read both.
 * Source: https://protobuf.dev/programming-guides/json/ (read 2026-11-21).
 */
export function field(value: JsonObject, name: string): Json | undefined {
  return value[name] ?? value[snakeName(name)]
}

/** Names that the code asks for, in snake case: few, and asked for with each chunk of a stream. */
const SNAKE_NAMES = new Map<string, string>()

function snakeName(name: string): string {
  const known = SNAKE_NAMES.get(name)
  if (known !== undefined) return known
  const made = snakeCase(name)
  SNAKE_NAMES.set(name, made)
  return made
}

/** A name in snake case. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Why the prompt was refused, or undefined. */
export function blockReason(value: JsonObject): string | undefined {
  const feedback = field(value, 'promptFeedback')
  const reason = isObject(feedback) ? field(feedback, 'blockReason') : undefined
  return typeof reason === 'string' && reason !== '' && reason !== 'BLOCKED_REASON_UNSPECIFIED' ? reason : undefined
}

/** Why a candidate stopped, by `finishReason`. STOP stands for the end of an answer and for calls of tools alike. */
const STOPS: Readonly<Record<string, StopReason>> = {
  MAX_TOKENS: { type: 'length' },
  SAFETY: { type: 'content-filter' },
  RECITATION: { type: 'content-filter' },
  LANGUAGE: { type: 'content-filter' },
  BLOCKLIST: { type: 'content-filter' },
  PROHIBITED_CONTENT: { type: 'content-filter' },
  SPII: { type: 'content-filter' },
  IMAGE_SAFETY: { type: 'content-filter' },
  IMAGE_PROHIBITED_CONTENT: { type: 'content-filter' },
  IMAGE_RECITATION: { type: 'content-filter' },
  // No word of Gemini's own, but of servers that speak its wire.
  FUNCTION_CALL: { type: 'tool-calls' },
  CONTINUATION: { type: 'pause' },
}

/** Why a candidate stopped; undefined where it did not say. */
export function readStop(reason: Json | undefined, hasCalls: boolean): StopReason | undefined {
  if (typeof reason !== 'string' || reason === '' || reason === 'FINISH_REASON_UNSPECIFIED') return undefined
  if (reason === 'STOP') return { type: hasCalls ? 'tool-calls' : 'stop' }
  return Object.hasOwn(STOPS, reason) ? STOPS[reason] : { type: 'other', said: reason }
}

/** The finish reason of a stop, with the provider's own word where this wire has none. */
export function writeStop(stop: StopReason): { readonly finishReason: string; readonly finishMessage?: string } {
  switch (stop.type) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return { finishReason: 'STOP' }
    case 'length':
    case 'context-full':
      return { finishReason: 'MAX_TOKENS' }
    case 'content-filter':
    case 'refusal':
      return { finishReason: 'SAFETY' }
    case 'pause':
      return { finishReason: 'OTHER', finishMessage: 'pause' }
    default:
      return { finishReason: 'OTHER', finishMessage: stop.said }
  }
}
