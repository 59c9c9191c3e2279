import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Reply } from '../../core/reply.ts'
import { replyOf } from '../../core/stage.ts'
import type { ModelCatalog } from '../catalog.ts'
import { endedBadly } from '../dialects/openai-responses/background.ts'
import { deletedResponse, isUnderWay, listInputItems } from '../dialects/openai-responses/kept.ts'
import { ownerOf } from '../owner.ts'
import type { BackgroundRuns } from './background.ts'
import { askKeeper } from './keeper.ts'
import type { KeptAnswer } from './kept-answer.ts'
import type { FoundResponse, KeptResponses } from './kept-responses.ts'

/** What is asked about a kept response. */
export interface KeptQuestion {
  readonly method: string
  readonly id: string
  readonly what: 'response' | 'input_items' | 'cancel'
  readonly query: URLSearchParams
}

/** What answers need. */
export interface AnswerDeps {
  readonly responses: KeptResponses
  readonly runs: BackgroundRuns
  readonly catalog: () => ModelCatalog
}

/**
 * Answers what is asked about a kept response.
 * @throws not_found where there is none of this caller; invalid_request; what its provider says, where only that keeps it
 */
export async function answerKept(deps: AnswerDeps, call: Call, question: KeptQuestion): Promise<Reply<KeptAnswer>> {
  const { method, id, what, query } = question
  const run = deps.runs.find(ownerOf(call.principal), id)
  if (what === 'response' && method === 'GET' && query.get('stream') === 'true') return readStream(run, call, id, query)
  const value = await answerTo(deps, call, question)
  return replyOf<KeptAnswer>([{ type: 'json', value }], call.signal)
}

async function answerTo(deps: AnswerDeps, call: Call, question: KeptQuestion): Promise<JsonObject> {
  const { method, id, what, query } = question
  const owner = ownerOf(call.principal)
  const run = deps.runs.find(owner, id)
  const found = await deps.responses.get(owner, id)
  if (found === undefined) throw nothingHere(id)
  switch (what) {
    case 'cancel':
      if (run === undefined || run.isOver) return cannotCancel(deps, found, id)
      run.cancel()
      return { ...run.response, status: 'cancelled' }
    case 'input_items':
      return found.content === undefined ? askKeeper(deps.catalog(), call, found, question) : listInputItems(found.content, queryOf(query))
    case 'response':
      if (method === 'DELETE') return remove(deps, call, found, question)
      if (run !== undefined) return run.response
      return found.content === undefined ? askKeeper(deps.catalog(), call, found, question) : asItIs(deps, found.content.response, id)
    default:
      return what satisfies never
  }
}

/** Removes it here and where its provider keeps it too: a caller who deletes wants it gone. */
async function remove(deps: AnswerDeps, call: Call, found: FoundResponse, question: KeptQuestion): Promise<JsonObject> {
  const { id } = question
  deps.runs.find(ownerOf(call.principal), id)?.cancel()
  if (found.elsewhere !== undefined) await removeThere(deps, call, found, question)
  await deps.responses.delete(ownerOf(call.principal), id)
  return deletedResponse(id)
}

async function removeThere(deps: AnswerDeps, call: Call, found: FoundResponse, question: KeptQuestion): Promise<void> {
  try {
    await askKeeper(deps.catalog(), call, found, question)
  } catch (thrown) {
    // It is gone there already: its time was over, or the provider did not keep it after all.
    if (!(thrown instanceof GatewayError && thrown.code === 'not_found')) throw thrown
  }
}

/** A response that is told to be under way, and nobody works on any more, has failed. */
async function asItIs({ runs }: AnswerDeps, response: JsonObject, id: string): Promise<JsonObject> {
  if (!isUnderWay(response) || (await runs.isElsewhere(id))) return response
  const error = new GatewayError('shutting_down', 'The gateway that worked on this response stopped before it was complete. Ask again.')
  return endedBadly(response, error, 'failed')
}

async function cannotCancel({ runs }: AnswerDeps, { content }: FoundResponse, id: string): Promise<never> {
  const isElsewhere = content !== undefined && isUnderWay(content.response) && (await runs.isElsewhere(id))
  throw new GatewayError(
    'invalid_request',
    isElsewhere
      ? `Another gateway works on the response "${id.slice(0, 100)}": it can be cancelled there.`
      : `The response "${id.slice(0, 100)}" has ended: only one that runs in the background can be cancelled.`,
  )
}

function readStream(run: ReturnType<BackgroundRuns['find']>, call: Call, id: string, query: URLSearchParams): Reply<KeptAnswer> {
  const after = Number(query.get('starting_after') ?? -1)
  if (!Number.isSafeInteger(after)) throw wrongParameter('starting_after')
  if (run === undefined) {
    throw new GatewayError(
      'invalid_request',
      `There are no events of a response "${id.slice(0, 100)}" of yours here: only one that runs in the background, and for some minutes after, can be read again.`,
      { param: 'stream' },
    )
  }
  return run.read(after, call.signal)
}

function nothingHere(id: string): GatewayError {
  return new GatewayError('not_found', `There is no response "${id.slice(0, 100)}" of yours here.`)
}

function wrongParameter(name: string): GatewayError {
  return new GatewayError('invalid_request', `The parameter "${name}" must be a whole number.`, { param: name })
}

function queryOf(query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 20)
  const after = query.get('after')
  if (!Number.isSafeInteger(limit)) throw wrongParameter('limit')
  return { limit, order: query.get('order') === 'asc' ? ('asc' as const) : ('desc' as const), ...(after === null ? {} : { after }) }
}
