import { isObject, type JsonObject } from '../../../core/json.ts'
import { formatUsd, type NanoUsd } from '../../../core/money.ts'
import { decodeSseFrame, encodeSseFrame } from '../../../core/sse.ts'
import type { StreamDecoder } from '../../dialect.ts'
import type { ModelPart, ModelRequest, Target } from '../../types.ts'
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
const TERMINAL = new Set(['response.completed', 'response.incomplete'])

/** Decodes one stream of response events. Only those that tell something are parsed. */
export function decodeStream(_request: Pick<ModelRequest, 'wantsUsage'>, target: Target): StreamDecoder {
  return {
    frame: (bytes) => {
      const { event, data } = decodeSseFrame(bytes)
      const plain: ModelPart = { type: 'frame', bytes, isLast: false, isHidden: false }
      // Some servers end with the word of the older wire.
      if (data === undefined || data === '[DONE]') return plain
      const said = event !== undefined && !TELLING.has(event) ? undefined : parseFrameData(data, target)
      const type = typeof said?.type === 'string' ? said.type : event
      if (type !== undefined && PREAMBLES.has(type)) return { ...plain, isPreamble: true }
      return said === undefined ? plain : tellingPart(plain, said, target)
    },
    // Without the terminal event the answer is cut.
    atEnd: () => undefined,
  }
}

function tellingPart(plain: ModelPart, event: JsonObject, { provider }: Target): ModelPart {
  const error = errorInReply(event, provider)
  if (error !== undefined) return { ...plain, error }
  if (event.type === 'response.output_item.added') {
    const names = toolNames(event.item)
    return names.length === 0 ? { ...plain, isPreamble: true } : { ...plain, toolCalls: names }
  }
  if (typeof event.type !== 'string' || !TERMINAL.has(event.type)) return plain
  // The tools were told when their items were added.
  const { toolCalls: _known, ...last } = isObject(event.response) ? told(event.response) : {}
  return { ...plain, isLast: true, ...last, ...(last.usage === undefined ? {} : { takesCost: true as const }) }
}

const COST_MARK = '\u0000cost'

/** The last event, or the whole response, with what it cost as a decimal number of US dollars in `usage.cost`. */
export function encodeCost(part: ModelPart, cost: NanoUsd): Uint8Array {
  const { event, data } = part.type === 'frame' ? decodeSseFrame(part.bytes) : { data: new TextDecoder().decode(part.bytes) }
  const value: unknown = JSON.parse(data ?? 'null')
  if (!isObject(value)) return part.bytes
  const { response } = value
  const marked = isObject(response) ? { ...value, response: withMark(response) } : withMark(value)
  // The amount is put in as text: a float would print small amounts in another form than the receipt does.
  const text = JSON.stringify(marked).replace(JSON.stringify(COST_MARK), () => formatUsd(cost))
  return part.type === 'whole' ? new TextEncoder().encode(text) : encodeSseFrame({ ...(event === undefined ? {} : { event }), data: text })
}

function withMark(response: JsonObject): JsonObject {
  return isObject(response.usage) ? { ...response, usage: { ...response.usage, cost: COST_MARK } } : response
}
