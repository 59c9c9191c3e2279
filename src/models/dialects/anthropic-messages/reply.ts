import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readReply } from './read-reply.ts'
import { readUsage } from './usage.ts'

/** Longest name that is kept of a tool. */
const MAX_NAME = 200

/** Reads a whole message. Its bytes go on as they came. */
export function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  // Some other JSON, of a server that is none of this wire: it must not pass as an answer.
  if (!Array.isArray(value.content)) throw malformed(target, 'its reply has no content')
  const usage = readUsage(value.usage)
  const toolCalls = readToolNames(value.content)
  return {
    type: 'whole',
    bytes: body,
    isLast: true,
    isHidden: false,
    neutral: () => readReply(value),
    ...(usage === undefined ? {} : { usage }),
    ...(typeof value.stop_reason === 'string' ? { finishReason: value.stop_reason } : {}),
    ...(toolCalls === undefined ? {} : { toolCalls }),
  }
}

/** Names of the tools that blocks of content ask the caller for; undefined where they ask for none. */
export function readToolNames(blocks: readonly Json[]): readonly string[] | undefined {
  const names = blocks.filter(isObject).flatMap((block: JsonObject) => nameOf(block))
  return names.length === 0 ? undefined : names
}

function nameOf({ type, name }: JsonObject): readonly string[] {
  return type === 'tool_use' && typeof name === 'string' && name !== '' ? [name.slice(0, MAX_NAME)] : []
}
