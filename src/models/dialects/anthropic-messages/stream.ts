import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { NanoUsd } from '../../../core/money.ts'
import { decodeSseFrame, encodeSseFrame } from '../../../core/sse.ts'
import type { StreamDecoder } from '../../dialect.ts'
import type { ModelPart, ModelRequest, Target } from '../../types.ts'
import { withCost } from '../cost-in-usage.ts'
import { callNeverClosed, OpenCalls } from '../open-calls.ts'
import { malformed, parseFrameData } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readToolNames } from './reply.ts'
import { readUsage } from './usage.ts'

const STOP_FRAME = encodeSseFrame({ event: 'message_stop', data: '{"type":"message_stop"}' })
const TYPE = /"type"\s*:\s*"(\w+)"/

/** What one stream has said so far. */
interface Told {
  /** Of the first event, to which the last one adds. */
  usage?: JsonObject
  isFinished: boolean
  isDone: boolean
  /** It says that it has said all that it wanted to. */
  isComplete: boolean
  readonly calls: OpenCalls
}

/** Reasons that leave nothing open. Behind any other a call may end in its middle. */
const COMPLETE: ReadonlySet<unknown> = new Set(['end_turn', 'tool_use', 'stop_sequence'])

/** Decodes one stream of message events. */
export function decodeStream(_request: Pick<ModelRequest, 'wantsUsage'>, target: Target): StreamDecoder {
  const told: Told = { isFinished: false, isDone: false, isComplete: false, calls: new OpenCalls() }
  return {
    frame: (bytes) => decodeFrame(bytes, told, target),
    // A clean end behind the stop reason: the content is complete, and only the last event is missing.
    atEnd: () =>
      told.isFinished && !told.isDone && !isCut(told) ? { type: 'frame', bytes: STOP_FRAME, isLast: true, isHidden: false } : undefined,
  }
}

function isCut({ isComplete, calls }: Told): boolean {
  return isComplete && calls.isCut
}

/** The event that carries the usage, or a whole message, with what it cost in `usage.cost`. */
export function encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array {
  return withCost(part, cost, [['usage']])
}

function decodeFrame(bytes: Uint8Array, told: Told, target: Target): ModelPart {
  const { event, data } = decodeSseFrame(bytes)
  const plain: ModelPart = { type: 'frame', bytes, isLast: false, isHidden: false }
  if (data === undefined) return plain
  if (!data.startsWith('{') || !data.endsWith('}')) throw malformed(target, 'an event of its stream is not a JSON object')
  switch (event ?? TYPE.exec(data)?.[1]) {
    case 'content_block_delta':
    case 'content_block_stop':
      if (!told.calls.isEmpty) followCall(parseFrameData(data, target), told.calls)
      return plain
    case 'ping':
      return { ...plain, isPreamble: true }
    case 'message_start':
      return startPart(plain, parseFrameData(data, target), told)
    case 'content_block_start':
      return blockPart(plain, parseFrameData(data, target), told)
    case 'message_delta':
      return deltaPart(plain, parseFrameData(data, target), told)
    case 'message_stop':
      told.isDone = true
      if (isCut(told)) return { ...plain, error: callNeverClosed(target) }
      return { ...plain, isLast: true }
    default: {
      const error = errorInReply(parseFrameData(data, target), target.provider)
      return error === undefined ? plain : { ...plain, error }
    }
  }
}

function startPart(plain: ModelPart, value: JsonObject, told: Told): ModelPart {
  const message = isObject(value.message) ? value.message : {}
  if (isObject(message.usage)) told.usage = message.usage
  const usage = readUsage(message.usage)
  // The output is only begun: should nothing more be said of it, this is the least that was used.
  const content: readonly Json[] = Array.isArray(message.content) ? message.content : []
  const toolCalls = readToolNames(content)
  const stop = typeof message.stop_reason === 'string' ? message.stop_reason : undefined
  told.isFinished ||= stop !== undefined
  return {
    ...plain,
    ...(content.length > 0 ? {} : { isPreamble: true as const }),
    ...(usage === undefined ? {} : { usage: { ...usage, isEstimate: true } }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
    ...(stop === undefined ? {} : { finishReason: stop }),
  }
}

/** Of the pieces of a stream, those of a call alone are looked into, while one is open. */
function followCall({ type, index, delta }: JsonObject, calls: OpenCalls): void {
  if (type === 'content_block_stop') calls.close(index)
  else if (isObject(delta) && delta.type === 'input_json_delta') calls.push(index, delta.partial_json)
}

function blockPart(plain: ModelPart, value: JsonObject, { calls }: Told): ModelPart {
  const { content_block: block, index } = value
  if (!isObject(block)) return plain
  if (block.type === 'tool_use') calls.begin(index, isObject(block.input) && Object.keys(block.input).length > 0 ? '{}' : '')
  const toolCalls = readToolNames([block])
  if (toolCalls !== undefined) return { ...plain, toolCalls }
  const isEmpty = block.text === '' || (block.type === 'thinking' && block.thinking === '')
  return isEmpty ? { ...plain, isPreamble: true } : plain
}

function deltaPart(plain: ModelPart, value: JsonObject, told: Told): ModelPart {
  const delta = isObject(value.delta) ? value.delta : {}
  const usage = mergeUsage(told, value.usage)
  const stop = typeof delta.stop_reason === 'string' ? delta.stop_reason : undefined
  told.isFinished ||= stop !== undefined
  told.isComplete ||= COMPLETE.has(stop)
  return {
    ...plain,
    ...(usage === undefined ? {} : { usage, takesCost: true as const }),
    ...(stop === undefined ? {} : { finishReason: stop }),
  }
}

/** What the last event says counts; what it leaves out stands as the first one said it. */
function mergeUsage(told: Told, last: JsonObject[string]): Usage | undefined {
  if (!isObject(last)) return undefined
  const said = Object.fromEntries(Object.entries(last).filter(([, value]) => value !== null))
  const merged = { ...told.usage, ...said }
  told.usage = merged
  return readUsage(merged)
}
