import type { Call } from '../core/call.ts'
import type { ToolAsks } from '../core/ports.ts'
import { type Stage, tap } from '../core/stage.ts'

/** Most tools that the record of one call names. */
const MAX_NAMES = 32

interface NoteToolAsksDeps<In, Part> {
  readonly asks: ToolAsks
  /** The tools that a part asks for; undefined for almost every part. */
  readonly toolCallsOf: (part: Part) => readonly string[] | undefined
  /** Whether nobody gets the answer: then nobody calls the tools either. */
  readonly isDropped: (call: Call) => boolean
  /** The gateway's name of the model that answers. */
  readonly modelOf: (input: In) => string
}

/**
 * Writes down which tools a model asks for, and remembers it for the tools gateway, before the caller sees the part: by the time that the
 * caller calls the tool, its cause is known.
 */
export function noteToolAsks<In, Part>(deps: NoteToolAsksDeps<In, Part>): Stage<In, Part> {
  return (call, input, next) => {
    // Not the input itself: a stream lives long, and the caller's text would as long.
    const asked = { asks: deps.asks, model: deps.modelOf(input) }
    const see = (part: Part) => noteAsked(call, deps.toolCallsOf(part), asked)
    return next(call, input).then((reply) => (deps.isDropped(call) ? reply : tap(reply, see)))
  }
}

interface Asked {
  readonly asks: ToolAsks
  /** The gateway's name of the model that answers. */
  readonly model: string
}

/** Writes down the tools that a part of an answer asks for. @param names undefined for almost every part */
export function noteAsked(call: Call, names: readonly string[] | undefined, { asks, model }: Asked): void {
  if (names === undefined) return
  const { facts } = call.record
  const known = new Set(facts.toolCalls)
  for (const name of names) if (known.size < MAX_NAMES) known.add(name)
  facts.toolCalls = [...known]
  asks.note(call.trace.traceId, { callId: call.id, model, prompt: facts.prompt }, names)
}
