import { isObject, type Json } from '../../../core/json.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readReply } from './read-reply.ts'
import { readUsage } from './read-usage.ts'
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

/** The first choice's reason, or undefined. */
export function readFinishReason(choices: Json | undefined): string | undefined {
  const first: Json | undefined = Array.isArray(choices) ? choices[0] : undefined
  return isObject(first) && typeof first.finish_reason === 'string' ? first.finish_reason : undefined
}
