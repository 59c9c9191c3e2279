import { isObject, type JsonObject } from '../../../core/json.ts'
import type { NanoUsd } from '../../../core/money.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamDecoder } from '../../dialect.ts'
import type { ModelPart, ModelRequest, Target } from '../../types.ts'
import { withCost } from '../cost-in-usage.ts'
import { callNeverClosed } from '../open-calls.ts'
import { malformed, parseFrameData } from '../provider-reply.ts'
import { ChunkCalls } from './chunk-calls.ts'
import { errorInReply } from './error.ts'
import { readUsage } from './read-usage.ts'
import { readFinishReason } from './reply.ts'
import { mayNameTools, readToolNames } from './tool-names.ts'

/** What matters here of the request. */
type Asker = Pick<ModelRequest, 'wantsUsage'>

const DONE = '[DONE]'
const DONE_FRAME = new TextEncoder().encode('data: [DONE]\n\n')
/** Only frames with one of these need their JSON read. In content the quotes are escaped, so these do not match there. */
const TELLING = /"usage"\s*:\s*\{|"error"\s*:\s*[^n]|"finish_reason"\s*:\s*"/

/** Decodes one stream of chat completion chunks. */
export function decodeStream({ wantsUsage }: Asker, target: Target): StreamDecoder {
  // Not the request itself: a stream lives long, and would keep the caller's text as long.
  const request: Asker = { wantsUsage }
  let isFinished = false
  let isDone = false
  let hasBegun = false
  const calls = new ChunkCalls()
  return {
    frame: (bytes) => {
      const read = decodeFrame(bytes, request, { target, calls })
      const part = hasBegun || !saysNothing(read, target) ? read : { ...read, isPreamble: true as const }
      hasBegun ||= part.isPreamble === undefined
      isFinished ||= part.finishReason !== undefined
      isDone ||= part.isLast
      return part
    },
    // Some servers close without `[DONE]`. With a finish reason the content is complete; without one it was cut.
    atEnd: () => (isFinished && !isDone && !calls.isCut ? { type: 'frame', bytes: DONE_FRAME, isLast: true, isHidden: false } : undefined),
  }
}

/** Whether a frame before the first content is a chunk that holds none: the role alone, or the result of a filter of the prompt. */
function saysNothing({ bytes, error, isLast }: ModelPart, target: Target): boolean {
  if (error !== undefined || isLast) return false
  const { data } = decodeSseFrame(bytes)
  if (data === undefined) return true
  const { choices } = parseFrameData(data, target)
  return Array.isArray(choices) && choices.every((choice) => isObject(choice) && isEmptyChoice(choice))
}

function isEmptyChoice({ delta, finish_reason: finishReason }: JsonObject): boolean {
  if (typeof finishReason === 'string') return false
  return !isObject(delta) || Object.entries(delta).every(([key, value]) => key === 'role' || value === '' || value === null)
}

/** The usage chunk with what it cost, as a decimal number of US dollars in `usage.cost`. */
export function encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array {
  return withCost(part, cost, [['usage']])
}

interface Reading {
  readonly target: Target
  readonly calls: ChunkCalls
}

function decodeFrame(bytes: Uint8Array, request: Asker, { target, calls }: Reading): ModelPart {
  const { data } = decodeSseFrame(bytes)
  const plain: ModelPart = { type: 'frame', bytes, isLast: false, isHidden: false }
  if (data === undefined) return plain
  if (data === DONE) return calls.isCut ? { ...plain, error: callNeverClosed(target) } : { ...plain, isLast: true }
  if (!data.startsWith('{') || !data.endsWith('}')) throw malformed(target, 'a chunk of its stream is not a JSON object')
  if (!TELLING.test(data) && !mayNameTools(data) && !calls.mayGoOn(data)) return plain
  const chunk = parseFrameData(data, target)
  calls.follow(chunk.choices)
  return tellingPart(plain, chunk, { request, target })
}

function tellingPart(plain: ModelPart, chunk: JsonObject, context: { request: Asker; target: Target }): ModelPart {
  const error = errorInReply(chunk, context.target.provider)
  if (error !== undefined) return { ...plain, error }
  const usage = readUsage(chunk.usage, chunk.service_tier)
  const finishReason = readFinishReason(chunk.choices)
  const toolCalls = readToolNames(chunk.choices)
  const isUsageOnly = isObject(chunk.usage) && Array.isArray(chunk.choices) && chunk.choices.length === 0
  return {
    ...plain,
    isHidden: isUsageOnly && !context.request.wantsUsage,
    ...(usage === undefined ? {} : { usage }),
    ...(usage !== undefined && context.request.wantsUsage ? { takesCost: true as const } : {}),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
  }
}
