import type { Call } from '../core/call.ts'
import type { Reply } from '../core/reply.ts'
import { type Handler, whenEnded } from '../core/stage.ts'
import type { Attempt } from './attempt.ts'
import type { ToolPart } from './types.ts'

/**
 * Keeps the id of a request in its session for as long as the request runs, so that it can be cancelled, and no other has the same.
 * @throws invalid_request where one has
 */
export function holdId(call: Call, attempt: Attempt, next: Handler<Attempt, ToolPart>): Promise<Reply<ToolPart>> {
  const { session, frame } = attempt
  if (session === undefined) return next(call, attempt)
  const running = session.begin(frame.idText, call)
  return whenEnded(next(call, { ...attempt, running }), () => {
    session.end(frame.idText)
    return undefined
  })
}
