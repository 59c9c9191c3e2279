import { isObject, type JsonObject } from '../../../core/json.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { blocksOf, isProviders, readReply } from './read-reply.ts'
import { readUsage } from './usage.ts'

/** Longest name that is kept of a tool. Models write what they like. */
const MAX_NAME = 200

/** Reads a whole answer. */
export function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  // Some other JSON, of a server that is none of this wire: it must not pass as an answer.
  if (!isObject(value.output) || !isObject(value.output.message)) throw malformed(target, 'its reply has no message')
  const usage = readUsage(value.usage, value.serviceTier)
  const toolCalls = blocksOf(value).flatMap(({ toolUse }) => toolName(toolUse))
  return {
    type: 'whole',
    bytes: body,
    isLast: true,
    isHidden: false,
    neutral: () => readReply(value, target),
    ...(usage === undefined ? {} : { usage }),
    ...(typeof value.stopReason === 'string' ? { finishReason: value.stopReason } : {}),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  }
}

/** The name of the tool that a block asks for, if it does. */
export function toolName(toolUse: JsonObject[string]): readonly string[] {
  if (!isObject(toolUse) || isProviders(toolUse)) return []
  return typeof toolUse.name === 'string' && toolUse.name !== '' ? [toolUse.name.slice(0, MAX_NAME)] : []
}
