import type { Usage } from '../../../core/events.ts'
import { isObject, type Json } from '../../../core/json.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readReply } from './read-reply.ts'
import { readToolNames } from './tool-names.ts'

/** Reads a whole reply. Its bytes go on as they came. */
export function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  // Some other JSON, of a server that is none of this wire: it must not pass as an answer.
  if (!Array.isArray(value.choices)) throw malformed(target, 'its reply has no choices')
  const usage = readUsage(value.usage, value.service_tier)
  const finishReason = readFinishReason(value.choices)
  const toolCalls = readToolNames(value.choices)
  return {
    type: 'whole',
    bytes: body,
    isLast: true,
    isHidden: false,
    neutral: () => readReply(value),
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
  }
}

/**
 * Reads `usage`. What the provider did not say stays absent.
 * @param serviceTier what stands beside it
 */
export function readUsage(usage: Json | undefined, serviceTier?: Json): Usage | undefined {
  if (!isObject(usage)) return undefined
  const input = count(usage.prompt_tokens)
  const output = count(usage.completion_tokens)
  const { prompt_tokens_details: asked, completion_tokens_details: answered } = usage
  const cached = isObject(asked) ? count(asked.cached_tokens) : undefined
  const reasoning = isObject(answered) ? count(answered.reasoning_tokens) : undefined
  const audioIn = isObject(asked) ? count(asked.audio_tokens) : undefined
  const audioOut = isObject(answered) ? count(answered.audio_tokens) : undefined
  if (input === undefined && output === undefined) return undefined
  // Field by field: four spreads here were a tenth of a microsecond each.
  const read: { -readonly [Field in keyof Usage]: Usage[Field] } = {}
  if (input !== undefined) read.inputTokens = input
  if (output !== undefined) read.outputTokens = output
  if (cached !== undefined) read.cachedInputTokens = cached
  if (reasoning !== undefined) read.reasoningTokens = reasoning
  if (audioIn !== undefined && audioIn > 0) read.audioInputTokens = audioIn
  if (audioOut !== undefined && audioOut > 0) read.audioOutputTokens = audioOut
  if (typeof serviceTier === 'string' && serviceTier !== 'default') read.serviceTier = serviceTier.slice(0, 40)
  return read
}

/** The first choice's reason, or undefined. */
export function readFinishReason(choices: Json | undefined): string | undefined {
  const first: Json | undefined = Array.isArray(choices) ? choices[0] : undefined
  return isObject(first) && typeof first.finish_reason === 'string' ? first.finish_reason : undefined
}

/** A number of tokens: a whole number from 0. A provider that says anything else has said nothing. */
function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
