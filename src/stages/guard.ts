import type { Call } from '../core/call.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import { type Handler, type Stage, transform } from '../core/stage.ts'
import type { GuardedTexts, ReplyTexts } from './guards/port.ts'
import { guardReply, restoreReply } from './guards/reply.ts'
import { guardRequest, judgeRequest } from './guards/request.ts'
import type { Guard, Judges } from './guards/types.ts'

interface GuardDeps<In, Part> {
  /** The guards of a call, in their order; mostly none. */
  readonly guardsOf: (call: Call, input: In) => readonly Guard[]
  readonly texts: GuardedTexts<In, Part>
  readonly judges: Judges
}

/**
 * Looks at a request before anything else is done with it, and puts back into the reply what was hidden.
 * @throws guard_blocked, guard_unavailable
 */
export function guardInput<In, Part>({ guardsOf, texts, judges }: GuardDeps<In, Part>): Stage<In, Part> {
  return (call, input, next) => {
    const guards = guardsOf(call, input)
    return guards.length === 0 ? next(call, input) : guarded(call, input, { guards, texts, judges, next })
  }
}

interface Guarded<In, Part> {
  readonly guards: readonly Guard[]
  readonly texts: GuardedTexts<In, Part>
  readonly judges: Judges
  readonly next: Handler<In, Part>
}

async function guarded<In, Part>(call: Call, input: In, { guards, texts, judges, next }: Guarded<In, Part>): Promise<Reply<Part>> {
  const asked = { guards, port: texts.request, judges }
  const request = await guardRequest(call, input, asked)
  await judgeRequest(call, request.input, asked)
  const reply = await next(call, request.input)
  if (!request.placeholders.canRestore) return reply
  return transform(reply, restoreReply(request.placeholders, texts.openReply(input)))
}

/**
 * Looks at a reply on its way to the caller. A stage of its own: what keeps bodies stands between the two, so that what was hidden in a request,
 * and what may not be in a reply, is not kept either.
 */
export function guardOutput<In, Part>({ guardsOf, texts, judges }: GuardDeps<In, Part>): Stage<In, Part> {
  return (call, input, next) => {
    const guards = guardsOf(call, input)
    if (guards.length === 0) return next(call, input)
    return next({ ...call, mayBeCut: true }, input).then((reply) => {
      const replyTexts = texts.openReply(input)
      const readOn = (error: GatewayError) => readToLast(call, reply, { replyTexts, error })
      return transform(reply, guardReply({ call, guards, judges, readOn }, replyTexts))
    })
  }
}

/** How long a reply is read on that was refused at the end of one of its texts, in milliseconds. */
const READ_ON_MS = 1000

interface Refused<Part> {
  readonly replyTexts: ReplyTexts<Part>
  readonly error: GatewayError
}

/** Reads what the provider has still to say: mostly no more than what it will bill, which some wires tell behind the end. The reply has not ended well by it. */
async function readToLast<Part>({ world }: Call, reply: Reply<Part>, { replyTexts, error }: Refused<Part>): Promise<void> {
  const stop = world.after(READ_ON_MS, () => reply.leave(error))
  try {
    for (let part = await reply.next(); part !== undefined && replyTexts.ends(part) !== 'all'; part = await reply.next());
  } catch {
    // What is wrong with the rest is not what the caller is told: the reply is refused already.
  } finally {
    stop()
  }
}
