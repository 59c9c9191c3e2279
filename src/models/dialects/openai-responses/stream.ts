import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { NanoUsd } from '../../../core/money.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamDecoder } from '../../dialect.ts'
import type { ModelPart, ModelRequest, Target } from '../../types.ts'
import { withCost } from '../cost-in-usage.ts'
import { callNeverClosed, OpenCalls } from '../open-calls.ts'
import { parseFrameData } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { told, toolNames } from './reply.ts'

/** Events that say that something will come, and not yet anything of it. */
const PREAMBLES = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
])
/** Events whose data is looked at. */
const TELLING = new Set(['response.output_item.added', 'response.completed', 'response.incomplete', 'response.failed', 'error'])
/** Events that go on with a call, or end it: looked at while one is open. */
const OF_CALLS = new Set(['response.function_call_arguments.delta', 'response.function_call_arguments.done', 'response.output_item.done'])
const TERMINAL = new Set(['response.completed', 'response.incomplete'])

/** Decodes one stream of response events. Only those that tell something are parsed. */
export function decodeStream(_request: Pick<ModelRequest, 'wantsUsage'>, target: Target): StreamDecoder {
  const calls = new OpenCalls()
  return {
    frame: (bytes) => {
      const { event, data } = decodeSseFrame(bytes)
      const plain: ModelPart = { type: 'frame', bytes, isLast: false, isHidden: false }
      // Some servers end with the word of the older wire.
      if (data === undefined || data === '[DONE]') return plain
      const isTelling = event === undefined || TELLING.has(event) || (!calls.isEmpty && OF_CALLS.has(event))
      const said = isTelling ? parseFrameData(data, target) : undefined
      const type = typeof said?.type === 'string' ? said.type : event
      if (type !== undefined && PREAMBLES.has(type)) return { ...plain, isPreamble: true }
      return said === undefined ? plain : tellingPart(plain, said, { target, calls })
    },
    // Without the terminal event the answer is cut.
    atEnd: () => undefined,
  }
}

interface Telling {
  readonly target: Target
  readonly calls: OpenCalls
}

function tellingPart(plain: ModelPart, event: JsonObject, { target, calls }: Telling): ModelPart {
  const error = errorInReply(event, target.provider)
  if (error !== undefined) return { ...plain, error }
  followCall(event, calls)
  if (event.type === 'response.output_item.added') {
    const names = toolNames(event.item)
    return names.length === 0 ? { ...plain, isPreamble: true } : { ...plain, toolCalls: names }
  }
  if (typeof event.type !== 'string' || !TERMINAL.has(event.type)) return plain
  if (event.type === 'response.completed' && calls.isCut) return { ...plain, error: callNeverClosed(target) }
  // The tools were told when their items were added.
  const { toolCalls: _known, ...last } = isObject(event.response) ? told(event.response) : {}
  return { ...plain, isLast: true, ...last, ...(last.usage === undefined ? {} : { takesCost: true as const }) }
}

function followCall({ type, output_index: at, item, delta, response }: JsonObject, calls: OpenCalls): void {
  switch (type) {
    case 'response.output_item.added':
      if (isCall(item)) calls.begin(at, typeof item.arguments === 'string' ? item.arguments : '')
      return
    case 'response.function_call_arguments.delta':
      calls.push(at, delta)
      return
    case 'response.function_call_arguments.done':
    case 'response.output_item.done':
      calls.close(at)
      return
    case 'response.completed': {
      // Some servers tell the whole of an item only here.
      const output: readonly Json[] = isObject(response) && Array.isArray(response.output) ? response.output : []
      for (const [index, whole] of output.entries()) if (isCall(whole) && !calls.isEmpty) calls.close(index)
      return
    }
    default:
  }
}

function isCall(item: Json | undefined): item is JsonObject {
  return isObject(item) && (item.type === 'function_call' || item.type === 'custom_tool_call')
}

/** The last event, or the whole response, with what it cost as a decimal number of US dollars in `usage.cost`. */
export function encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array {
  return withCost(part, cost, [['response', 'usage'], ['usage']])
}
