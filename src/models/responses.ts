import type { Call, Principal } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Reply } from '../core/reply.ts'
import { type Handler, type Stage, tap } from '../core/stage.ts'
import {
  deletedResponse,
  keepTurn,
  listInputItems,
  previousIdOf,
  readHistory,
  responseIn,
  wantsKept,
  withHistory,
} from './dialects/openai-responses/kept.ts'
import type { ResponseStore } from './dialects/openai-responses/store.ts'
import type { ModelCall, ModelPart } from './types.ts'

/**
 * Keeps what the wire `openai-responses` says is kept, whatever provider answers: a turn that names the one before it is sent with all that was
 * said, and what a caller made is that caller's alone. Stands outside of the guards: what is kept is what was told.
 * @throws invalid_request where the turn before is not kept, or is somebody else's
 */
export function keepResponses(store: ResponseStore): Stage<ModelCall, ModelPart> {
  return (call, asked, next) => {
    const { request } = asked
    return request.wire === 'openai-responses' && request.operation === 'generate'
      ? keepTurnOf(store, call, asked, next)
      : next(call, asked)
  }
}

async function keepTurnOf(
  store: ResponseStore,
  call: Call,
  asked: ModelCall,
  next: Handler<ModelCall, ModelPart>,
): Promise<Reply<ModelPart>> {
  const { text } = asked.request
  const owner = ownerOf(call.principal)
  // Most requests name none: the text is read again only where one may be there.
  const previousId = text.includes('previous_response_id') ? previousIdOf(text) : undefined
  const sent =
    previousId === undefined
      ? asked
      : { ...asked, request: asked.decodeAgain(withHistory(text, await readHistory(store, owner, previousId))) }
  const reply = await next(call, sent)
  if (!wantsKept(text)) return reply
  return tap(reply, (part) => {
    const response = part.isLast || part.type === 'whole' ? responseIn(part) : undefined
    if (response === undefined) return
    store.put(keepTurn(text, response, { owner, keptAtMs: call.world.now() })).catch(() => {
      // The answer is the caller's all the same; that it is not kept, the next turn will be told.
    })
  })
}

/** What is asked about a kept response. */
export interface KeptQuestion {
  readonly method: string
  readonly id: string
  readonly what: 'response' | 'input_items' | 'cancel'
  readonly query: URLSearchParams
}

/**
 * Answers what is asked about a kept response.
 * @throws not_found where there is none of this caller; invalid_request
 */
export async function answerKept(store: ResponseStore, call: Call, { method, id, what, query }: KeptQuestion): Promise<JsonObject> {
  const owner = ownerOf(call.principal)
  const kept = await store.get(owner, id)
  if (kept === undefined) throw new GatewayError('not_found', `There is no response "${id.slice(0, 100)}" of yours here.`)
  if (what === 'cancel') {
    throw new GatewayError(
      'invalid_request',
      `The response "${id.slice(0, 100)}" has ended: only one that runs in the background can be cancelled.`,
    )
  }
  if (what === 'input_items') return listInputItems(kept, queryOf(query))
  if (method !== 'DELETE') return kept.response
  await store.delete(owner, id)
  return deletedResponse(id)
}

function queryOf(query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 20)
  const after = query.get('after')
  if (!Number.isSafeInteger(limit))
    throw new GatewayError('invalid_request', 'The parameter "limit" must be a whole number.', { param: 'limit' })
  return { limit, order: query.get('order') === 'asc' ? ('asc' as const) : ('desc' as const), ...(after === null ? {} : { after }) }
}

/** Whose a response is: the user's where the key has one, else the key's. */
function ownerOf({ organisation, team, user, keyId }: Principal): string {
  return JSON.stringify([organisation, team, user === undefined ? ['key', keyId] : ['user', user]])
}

export { MemoryResponseStore, type ResponseStore } from './dialects/openai-responses/store.ts'
