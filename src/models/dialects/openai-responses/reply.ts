import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readReply } from './read-reply.ts'
import { readUsage } from './usage.ts'

/** Reads a whole response. Its bytes go on as they came. */
export function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  // Some other JSON, of a server that is none of this wire: it must not pass as an answer.
  if (!Array.isArray(value.output)) throw malformed(target, 'its reply has no output')
  return { type: 'whole', bytes: body, isLast: true, isHidden: false, takesCost: true, neutral: () => readReply(value), ...told(value) }
}

/** Usage, finish reason and names of tools that a response tells. */
export function told(response: JsonObject): Pick<ModelPart, 'usage' | 'finishReason' | 'toolCalls'> {
  const usage = readUsage(response.usage, response.service_tier)
  const output: readonly Json[] = Array.isArray(response.output) ? response.output : []
  const finishReason = finishReasonOf(response)
  const toolCalls = output.flatMap(toolNames)
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  }
}

/** Longest name that is kept of a tool. Models write what they like. */
const MAX_NAME = 200

/** The name of the function that an item calls, if it does. */
export function toolNames(item: Json | undefined): readonly string[] {
  if (!isObject(item) || item.type !== 'function_call' || typeof item.name !== 'string' || item.name === '') return []
  return [item.name.slice(0, MAX_NAME)]
}

function finishReasonOf({ status, incomplete_details: details }: JsonObject): string | undefined {
  if (status === 'incomplete' && isObject(details) && typeof details.reason === 'string') return details.reason
  return typeof status === 'string' && status !== '' ? status : undefined
}
