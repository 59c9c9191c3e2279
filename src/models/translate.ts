import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import { type Handler, replyOf, type Stage, transform } from '../core/stage.ts'
import type { ReplyContext, StreamWriter, Written, WrittenFrame } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { malformed } from './dialects/provider-reply.ts'
import { estimateTokens } from './neutral/estimate.ts'
import { CallTurner, turnCalls } from './neutral/free-calls.ts'
import { freeNames } from './neutral/free-tools.ts'
import { cannotCarry, type Loss, refuseLosses } from './neutral/loss.ts'
import type { NeutralRequest } from './neutral/request.ts'
import type { Attempt, ModelPart, ModelRequest, Target } from './types.ts'

/**
 * Stands between a caller and a provider of another wire: the request goes on in the provider's words, the reply comes back in the caller's.
 * Where both speak the same wire it does nothing.
 * @throws request_not_carried where the model is strict and something would be lost; invalid_request, operation_not_supported
 */
export const translate: Stage<Attempt, ModelPart> = (call, attempt, next) => {
  const { request, target } = attempt
  if (request.wire === target.wire && !request.isVariant) return next(call, attempt)
  const own = target.also?.find(({ wire }) => wire === request.wire && !request.isVariant)
  if (own !== undefined) return next(call, { ...attempt, target: { ...target, ...own } })
  switch (request.operation) {
    case 'embed':
      return embed(call, attempt, next)
    case 'count-tokens':
      return count(call, attempt, next)
    default:
      return generate(call, attempt, next)
  }
}

async function generate(call: Call, attempt: Attempt, next: Handler<Attempt, ModelPart>): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  const { text, losses, likelyInputTokens, free } = writeAsked(request, target)
  checkLosses(call, losses, target)
  const reply = await next(call, { ...attempt, encoded: text })
  const context = contextOf(call, request)
  const note = (more: readonly Loss[]) => noteLosses(call, more)
  return request.isStream
    ? transform(reply, new StreamTranslation(request, target, { ...context, likelyInputTokens }, { free, note }))
    : transform(reply, { part: (part) => [wholeInto(request, part, context, { free, note })] })
}

/** The body for the provider. A function of its own, so that what it reads is let go of before the answer comes. */
function writeAsked(request: ModelRequest, target: Target): Written & Pick<Expected, 'free'> & Pick<ReplyContext, 'likelyInputTokens'> {
  const asked = request.neutral()
  refuseNothing(asked)
  const wantsEstimate = request.isStream && dialectOf(request.wire).beginsWithUsage === true
  const written = dialectOf(target.wire).writeRequest(asked, request.isStream, target)
  return { ...written, likelyInputTokens: wantsEstimate ? estimateTokens(asked) : undefined, free: freeNames(asked) }
}

/** A request of which nothing is left to ask but what could not be carried. */
function refuseNothing({ messages, losses: [first] }: NeutralRequest): void {
  if (first === undefined || messages.some(({ role }) => role === 'user' || role === 'assistant')) return
  throw cannotCarry(first.path, `${first.reason}, and nothing else is asked`)
}

async function embed(call: Call, attempt: Attempt, next: Handler<Attempt, ModelPart>): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  const [own, theirs] = [dialectOf(request.wire).embedding, dialectOf(target.wire).embedding]
  const inputs = request.inputs?.()
  if (own === undefined || theirs === undefined || inputs === undefined) throw cannot(target, 'make embeddings')
  const { text, losses } = theirs.writeRequest(inputs, target)
  checkLosses(call, losses, target)
  const reply = await next(call, { ...attempt, encoded: text })
  const context = contextOf(call, request)
  return transform(reply, {
    part: (part): readonly ModelPart[] => {
      const made = part.embeddings?.()
      if (made === undefined) throw new GatewayError('internal', 'A reply that should hold vectors holds none.')
      const [got, asked] = [made.vectors.length, inputs.inputs.length]
      if (got !== asked) throw malformed(target, `it made ${got} vectors of ${asked} texts`)
      const written = own.writeReply(made, inputs, context)
      noteLosses(call, written.losses)
      return [{ ...part, bytes: encoder.encode(written.text) }]
    },
  })
}

/** Counts by the provider where its wire can; else estimates, and says so. */
async function count(call: Call, attempt: Attempt, next: Handler<Attempt, ModelPart>): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  const own = dialectOf(request.wire).counting
  const theirs = dialectOf(target.wire).counting
  if (own === undefined) throw cannot(target, 'count tokens')
  const asked = request.neutral()
  if (theirs === undefined || target.countUrl === undefined) {
    checkLosses(
      call,
      [{ path: 'input_tokens', action: 'approximated', reason: 'the provider does not count tokens; estimated from the text' }],
      target,
    )
    const tokens = estimateTokens(asked)
    return replyOf<ModelPart>(
      [{ type: 'whole', bytes: encoder.encode(own.writeReply(tokens)), isLast: true, isHidden: false, countedTokens: tokens }],
      call.signal,
    )
  }
  const { text, losses } = theirs.writeRequest(asked, target)
  checkLosses(call, losses, target)
  const reply = await next(call, { ...attempt, encoded: text })
  return transform(reply, {
    part: (part): readonly ModelPart[] => [{ ...part, bytes: encoder.encode(own.writeReply(part.countedTokens ?? 0)) }],
  })
}

function cannot({ name }: Target, what: string): GatewayError {
  return new GatewayError('operation_not_supported', `The provider of the model "${name.slice(0, 200)}" cannot ${what}.`)
}

function contextOf(call: Call, request: ModelRequest): ReplyContext {
  return { request, callId: call.id, nowSeconds: Math.floor(call.world.now() / 1000) }
}

function checkLosses(call: Call, losses: readonly Loss[], target: Target): void {
  if (losses.length === 0) return
  if (target.fidelity === 'strict') throw refuseLosses(losses, target.name)
  call.record.facts.losses = losses
  if (target.fidelity === 'lenient') call.record.facts.hidesLosses = true
}

/** Adds what a reply lost to what its request did. */
function noteLosses(call: Call, losses: readonly Loss[]): void {
  if (losses.length === 0) return
  const { facts } = call.record
  const known = new Set((facts.losses ?? []).map(({ path, action }) => `${action} ${path}`))
  facts.losses = [...(facts.losses ?? []), ...losses.filter(({ path, action }) => !known.has(`${action} ${path}`))].slice(0, MAX_LOSSES)
}

const MAX_LOSSES = 100
const encoder = new TextEncoder()

/** What a reply is read with. */
interface Expected {
  /** Tools of free text that the caller offered. */
  readonly free: ReadonlySet<string> | undefined
  readonly note: (losses: readonly Loss[]) => void
}

function wholeInto(request: ModelRequest, part: ModelPart, context: ReplyContext, { free, note }: Expected): ModelPart {
  const neutral = part.neutral?.()
  if (neutral === undefined) throw new GatewayError('internal', 'A whole reply cannot be read.')
  const { text, losses } = dialectOf(request.wire).writeReply(turnCalls(neutral, free), context)
  note(losses)
  return { ...part, bytes: encoder.encode(text) }
}

/** Turns the frames of a provider into those of a caller. */
class StreamTranslation {
  readonly #reader: ReturnType<ReturnType<typeof dialectOf>['readStream']>
  readonly #writer: StreamWriter
  readonly #turner: CallTurner
  readonly #note: Expected['note']
  #isOver = false

  constructor(request: ModelRequest, target: Target, context: ReplyContext, { free, note }: Expected) {
    this.#reader = dialectOf(target.wire).readStream(target)
    this.#writer = dialectOf(request.wire).writeStream(context)
    this.#turner = new CallTurner(free)
    this.#note = note
  }

  part(part: ModelPart): readonly ModelPart[] {
    // A provider that goes on behind its end says nothing more: the caller has been told that it is over.
    if (this.#isOver) return []
    const frames: ModelPart[] = []
    for (const event of this.#reader.read(part.bytes)) {
      if (event.type === 'loss') this.#note([event.loss])
      else if (!this.#turner.touches(event)) for (const frame of this.#writer.write(event)) frames.push(partOf(frame))
      else for (const turned of this.#turner.turn(event)) for (const frame of this.#writer.write(turned)) frames.push(partOf(frame))
    }
    if (!part.isLast) return frames
    this.#isOver = true
    for (const turned of this.#turner.end()) for (const frame of this.#writer.write(turned)) frames.push(partOf(frame))
    const last = this.#writer.end().map(partOf)
    const final = last.at(-1)
    if (final === undefined) throw new GatewayError('internal', 'A stream was translated without an end.')
    return [...frames, ...last.slice(0, -1), { ...final, isLast: true }]
  }
}

function partOf({ bytes, takesCost }: WrittenFrame): ModelPart {
  return { type: 'frame', bytes, isLast: false, isHidden: false, ...(takesCost ? { takesCost } : {}) }
}
