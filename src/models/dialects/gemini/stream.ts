import { isObject, type JsonObject, objectsIn } from '../../../core/json.ts'
import type { PeerHeaders } from '../../../core/peer-reply.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamDecoder } from '../../dialect.ts'
import type { ModelPart, ModelRequest, Target } from '../../types.ts'
import { parseFrameData } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { told } from './reply.ts'
import { servedTierOf } from './usage.ts'
import { blockReason, field } from './words.ts'

/** Candidates that are kept account of. Google gives eight at the most. */
const MAX_CANDIDATES = 128

/**
 * Decodes one stream of `streamGenerateContent?alt=sse`. The wire has no terminal event: a stream is complete when it ends after each of its
 * candidates had a finish reason.
 */
export function decodeStream(_request: Pick<ModelRequest, 'wantsUsage'>, target: Target, headers?: PeerHeaders): StreamDecoder {
  const unfinished = new Set<number>()
  const servedTier = servedTierOf(headers)
  /** Candidates with a call that was to go on. */
  const open = new Set<number>()
  let isBegun = false
  return {
    frame: (bytes) => {
      const { data } = decodeSseFrame(bytes)
      const plain: ModelPart = { type: 'frame', bytes, isLast: false, isHidden: false }
      if (data === undefined) return plain
      const chunk = parseFrameData(data, target)
      const error = errorInReply(chunk, target.provider)
      if (error !== undefined) return { ...plain, error }
      for (const candidate of objectsIn(chunk.candidates)) {
        const index = typeof candidate.index === 'number' ? candidate.index : 0
        isBegun = true
        followCalls(candidate, index, open)
        const reason = field(candidate, 'finishReason')
        // Behind any other reason a call may end in its middle.
        if (typeof reason === 'string' && reason !== 'STOP') open.delete(index)
        if (typeof reason === 'string') unfinished.delete(index)
        else if (unfinished.size < MAX_CANDIDATES) unfinished.add(index)
      }
      isBegun ||= blockReason(chunk) !== undefined
      return { ...plain, ...told(chunk, servedTier) }
    },
    // Nothing is added for the caller to see.
    atEnd: () =>
      isBegun && unfinished.size === 0 && open.size === 0 ? { type: 'frame', bytes: NOTHING, isLast: true, isHidden: true } : undefined,
  }
}

/** Where the arguments of calls are streamed, each piece but the last says that another comes. */
function followCalls({ content }: JsonObject, index: number, open: Set<number>): void {
  for (const part of isObject(content) ? objectsIn(content.parts) : []) {
    const call = field(part, 'functionCall')
    if (!isObject(call)) continue
    if (field(call, 'willContinue') !== true) open.delete(index)
    else if (open.size < MAX_CANDIDATES) open.add(index)
  }
}

const NOTHING = new Uint8Array(0)

/** As it came: the official clients of this wire refuse fields that they do not know. */
export function encodeCost(part: ModelPart): Uint8Array {
  return part.bytes
}
