import type { CachedAnswer, CachedPart } from '../../core/answer-cache.ts'
import type { Call } from '../../core/call.ts'
import type { Reply } from '../../core/reply.ts'
import { replyOf } from '../../core/stage.ts'
import { replayTimed } from '../../stages/cache.ts'
import type { ReplyContext, StreamDecoder } from '../dialect.ts'
import { dialectOf } from '../dialects/index.ts'
import { collectEvents } from '../neutral/collect.ts'
import type { NeutralReply, StreamEvent } from '../neutral/reply.ts'
import { spreadReply } from '../neutral/spread.ts'
import { callDialect } from '../operation.ts'
import type { ModelPart, ModelRequest, Target, WireName } from '../types.ts'

interface Replaying {
  readonly call: Call
  readonly request: ModelRequest
  /** Only for its names: nothing is sent. */
  readonly target: Target
  readonly isTimed: boolean
}

/** A part with its time. */
interface TimedPart {
  readonly part: ModelPart
  readonly afterMs: number
}

/** The answer for this caller: in its wire, whole or as a stream. Undefined where the entry cannot be read as what it says it is. */
export function replayAnswer(answer: CachedAnswer, replaying: Replaying): Reply<ModelPart> | undefined {
  const parts = readAgain(answer, replaying)
  if (parts === undefined || !parts.some(({ part }) => part.isLast)) return undefined
  if (replaying.isTimed && replaying.request.isStream) return replayTimed(replaying.call, parts)
  return replyOf(
    parts.map(({ part }) => part),
    replaying.call.signal,
  )
}

function readAgain(answer: CachedAnswer, replaying: Replaying): readonly TimedPart[] | undefined {
  const { request } = replaying
  try {
    if (answer.wire === request.wire && answer.isStream === request.isStream) return sameForm(answer, replaying)
    if (request.operation !== 'generate') return undefined
    if (answer.isStream && request.isStream && replaying.isTimed) return otherStream(answer, replaying)
    return otherForm(neutralOf(answer, replaying), replaying)
  } catch {
    // Not what its wire says: an entry that was written by a version that read it otherwise.
    return undefined
  }
}

function sameForm({ parts, wire, isStream }: CachedAnswer, { request, target }: Replaying): readonly TimedPart[] {
  if (!isStream) {
    const dialect = callDialect(wireOf(wire), request.operation)
    return parts.map(({ bytes, afterMs }) => ({ part: dialect.decodeReply(bytes, target), afterMs }))
  }
  return decodeFrames(parts, dialectOf(wireOf(wire)).decodeStream(request, target))
}

/** The parts of frames. In a wire whose streams have no last frame, what tells that they are over stands behind them and has no bytes. */
function decodeFrames(frames: readonly CachedPart[], decoder: StreamDecoder): readonly TimedPart[] {
  const parts = frames.flatMap(({ bytes, afterMs }) => (bytes.length === 0 ? [] : [{ part: decoder.frame(bytes), afterMs }]))
  const end = parts.some(({ part }) => part.isLast) ? undefined : decoder.atEnd()
  return end === undefined ? parts : [...parts, { part: end, afterMs: parts.at(-1)?.afterMs ?? 0 }]
}

function neutralOf({ parts, wire, isStream }: CachedAnswer, { target }: Replaying): NeutralReply {
  const dialect = dialectOf(wireOf(wire))
  if (isStream) {
    const reader = dialect.readStream(target)
    return collectEvents(parts.flatMap(({ bytes }): readonly StreamEvent[] => reader.read(bytes)))
  }
  const [whole] = parts
  const reply = whole === undefined ? undefined : dialect.decodeReply(whole.bytes, target).neutral?.()
  if (reply === undefined) throw new RangeError('an answer without a body')
  return reply
}

/** A stream in another wire, each piece of it at its own time. */
function otherStream({ parts, wire }: CachedAnswer, { call, request, target }: Replaying): readonly TimedPart[] {
  const dialect = dialectOf(request.wire)
  const reader = dialectOf(wireOf(wire)).readStream(target)
  const writer = dialect.writeStream(contextOf(call, request))
  const frames = parts.flatMap(({ bytes, afterMs }) =>
    reader.read(bytes).flatMap((event) => writer.write(event).map((frame) => ({ bytes: frame.bytes, afterMs }))),
  )
  const overMs = parts.at(-1)?.afterMs ?? 0
  for (const { bytes } of writer.end()) frames.push({ bytes, afterMs: overMs })
  return decodeFrames(frames, dialect.decodeStream(request, target))
}

function contextOf(call: Call, request: ModelRequest): ReplyContext {
  return { request, callId: call.id, nowSeconds: Math.floor(call.world.now() / 1000) }
}

function otherForm(reply: NeutralReply, { call, request, target }: Replaying): readonly TimedPart[] {
  const dialect = dialectOf(request.wire)
  const context = contextOf(call, request)
  if (!request.isStream) {
    const bytes = new TextEncoder().encode(dialect.writeReply(reply, context).text)
    return [{ part: dialect.decodeReply(bytes, target), afterMs: 0 }]
  }
  const writer = dialect.writeStream(context)
  const frames = [...spreadReply(reply).flatMap((event) => writer.write(event)), ...writer.end()]
  return decodeFrames(
    frames.map(({ bytes }) => ({ bytes, afterMs: 0 })),
    dialect.decodeStream(request, target),
  )
}

/** What is stored was a wire when it was stored; `dialectOf` says where nobody speaks it any more. */
function wireOf(wire: string): WireName {
  return wire as WireName
}
