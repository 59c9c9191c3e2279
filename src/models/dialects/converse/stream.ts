import { isObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamDecoder } from '../../dialect.ts'
import type { ModelPart, ModelRequest, Target } from '../../types.ts'
import { callNeverClosed, OpenCalls } from '../open-calls.ts'
import { parseFrameData } from '../provider-reply.ts'
import { exceptionInStream } from './error.ts'
import { toolName } from './reply.ts'
import { readUsage } from './usage.ts'

const EXCEPTION = 'exception/'
const PREAMBLES = new Set(['messageStart', 'initial-response'])
/** Reasons that leave nothing open. Behind any other a call may end in its middle. */
const COMPLETE: ReadonlySet<unknown> = new Set(['end_turn', 'tool_use', 'stop_sequence'])
const NOTHING = new Uint8Array(0)

/**
 * Decodes one stream, whose messages come as SSE frames (cloud/event-stream-framing.ts). `messageStop` ends the answer, `metadata` with the usage
 * follows it and ends the stream.
 */
export function decodeStream(_request: Pick<ModelRequest, 'wantsUsage'>, target: Target): StreamDecoder {
  const calls = new OpenCalls()
  let isStopped = false
  let isComplete = false
  let isLast = false
  return {
    frame: (bytes) => {
      const { event = '', data } = decodeSseFrame(bytes)
      const plain: ModelPart = { type: 'frame', bytes, isLast: false, isHidden: false }
      if (data === undefined) return plain
      const value = parseFrameData(data, target)
      if (event.startsWith(EXCEPTION)) {
        return { ...plain, error: exceptionInStream(event.slice(EXCEPTION.length), value, target.provider) }
      }
      if (PREAMBLES.has(event)) return { ...plain, isPreamble: true }
      if (event === 'contentBlockStart') {
        const toolCalls = toolName(isObject(value.start) ? value.start.toolUse : undefined)
        if (toolCalls.length > 0) calls.begin(value.contentBlockIndex)
        return toolCalls.length === 0 ? { ...plain, isPreamble: true } : { ...plain, toolCalls }
      }
      if (event === 'messageStop') {
        isStopped = true
        isComplete = COMPLETE.has(value.stopReason)
        return typeof value.stopReason === 'string' ? { ...plain, finishReason: value.stopReason } : plain
      }
      if (event === 'contentBlockDelta' && isObject(value.delta) && isObject(value.delta.toolUse)) {
        calls.push(value.contentBlockIndex, value.delta.toolUse.input)
      }
      if (event === 'contentBlockStop') calls.close(value.contentBlockIndex)
      if (event !== 'metadata') return plain
      const usage = readUsage(value.usage, value.serviceTier)
      const ends = isStopped && !isLast
      isLast ||= ends
      if (ends && isComplete && calls.isCut) return { ...plain, error: callNeverClosed(target) }
      return { ...plain, isLast: ends, ...(usage === undefined ? {} : { usage }) }
    },
    // Without its metadata the answer is whole once it has stopped; only its usage is unknown.
    atEnd: () =>
      isStopped && !isLast && !(isComplete && calls.isCut) ? { type: 'frame', bytes: NOTHING, isLast: true, isHidden: true } : undefined,
  }
}
