import { isObject, type JsonObject, objectsIn } from '../../../core/json.ts'
import type { PeerHeaders } from '../../../core/peer-reply.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readReply } from './read-reply.ts'
import { readUsage, servedTierOf } from './usage.ts'
import { blockReason, field } from './words.ts'

/** Reads a whole reply. Its bytes go on as they came. */
export function decodeReply(body: Uint8Array, target: Target, headers?: PeerHeaders): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  if (!isAnswer(value)) throw malformed(target, 'its reply has no candidates')
  return {
    type: 'whole',
    bytes: body,
    isLast: true,
    isHidden: false,
    neutral: () => readReply(value),
    ...told(value, servedTierOf(headers)),
  }
}

/** Usage, finish reason and names of tools that an answer or a chunk tells. */
export function told(value: JsonObject, servedTier: string | undefined): Pick<ModelPart, 'usage' | 'finishReason' | 'toolCalls'> {
  const usage = readUsage(field(value, 'usageMetadata'), servedTier)
  const candidates = objectsIn(value.candidates)
  const finishReason = finishReasonOf(value, candidates)
  const toolCalls = candidates.flatMap(namesIn)
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  }
}

function isAnswer(value: JsonObject): boolean {
  return Array.isArray(value.candidates) || blockReason(value) !== undefined
}

/** The first candidate's reason, or that of a refused prompt. */
function finishReasonOf(value: JsonObject, [first]: readonly JsonObject[]): string | undefined {
  const reason = first === undefined ? blockReason(value) : field(first, 'finishReason')
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

/** Longest name that is kept of a tool. Models write what they like. */
const MAX_NAME = 200

function namesIn({ content }: JsonObject): readonly string[] {
  if (!isObject(content)) return []
  return objectsIn(content.parts).flatMap((part) => {
    const call = field(part, 'functionCall')
    return isObject(call) && typeof call.name === 'string' && call.name !== '' ? [call.name.slice(0, MAX_NAME)] : []
  })
}
