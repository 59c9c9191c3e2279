import type { Call } from '../core/call.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'
import { type Handler, whenEnded } from '../core/stage.ts'
import type { Incoming } from './attempt.ts'
import { tellsModelOfBadArguments } from './revisions.ts'
import { httpStatusOf, rpcCodeOf } from './rpc-errors.ts'
import type { ToolPart } from './types.ts'

/** Adds to the record how the caller is told of a failure: the HTTP status and the JSON-RPC code. */
export function noteError(call: Call, incoming: Incoming, next: Handler<Incoming, ToolPart>): Promise<Reply<ToolPart>> {
  return whenEnded(next(call, incoming), (ending) => {
    if (!('error' in ending) || ending.error.code === 'client_closed') return undefined
    const { facts } = call.record
    facts.status ??= httpStatusOf(ending.error)
    if (!isToldToModel(ending.error, incoming)) facts.rpcErrorCode ??= rpcCodeOf(ending.error)
    return undefined
  })
}

/** Whether an error is told to the model, as the result of its tool, rather than to the client. */
export function isToldToModel(error: GatewayError, { frame, revision }: Incoming): boolean {
  return error.code === 'invalid_arguments' && frame?.method === 'tools/call' && tellsModelOfBadArguments(revision)
}
