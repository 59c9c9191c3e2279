import { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject, scanTopLevel, spliceText } from '../../../core/json.ts'
import type { ObjectHead } from '../../../core/kept-objects.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { ModelPart } from '../../types.ts'
import { parseAgain } from '../decode-body.ts'

/** A response that the gateway keeps for whoever asked for it. */
export interface KeptResponse extends Pick<ObjectHead, 'id' | 'owner' | 'madeBy' | 'callId' | 'elsewhere'> {
  /** As it was told. */
  readonly response: JsonObject
  /** What was asked in this turn, without the turns before it. */
  readonly input: readonly JsonObject[]
  /** The turn before. */
  readonly previousId?: string
  /** Milliseconds since the epoch. */
  readonly keptAtMs: number
}

/** Finds a kept response: `elsewhere` where only its provider has it, undefined where the owner has none of this id. */
export type FindKept = (owner: string, id: string) => Promise<KeptResponse | 'elsewhere' | undefined>

/** What was said before a turn. */
export interface History {
  /** The oldest first. */
  readonly items: readonly JsonObject[]
  /** What comes before them is kept by the provider, under this id. */
  readonly before?: string
}

/** Turns that one conversation may have. */
const MAX_TURNS = 1000

/** The turn before, as a request names it. */
export function previousIdOf(text: string): string | undefined {
  const { previous_response_id: id } = parseAgain(text)
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** Whether a request wants its response to be kept: so unless it says otherwise. */
export function wantsKept(text: string): boolean {
  return parseAgain(text).store !== false
}

/**
 * A request with all that was said before in place of the name of the turn before; what the caller wrote stays as it wrote it. Instructions are
 * of one turn only.
 */
export function withHistory(text: string, { items, before }: History): string {
  const top = scanTopLevel(text, HISTORY_KEYS, Number.POSITIVE_INFINITY)
  if (top.type !== 'object') throw new GatewayError('internal', 'A body that was an object is none any more.')
  const input = top.keys.get('input')
  const said = items.map((item) => JSON.stringify(item)).join(',')
  const named = top.keys.get('previous_response_id')
  return spliceText(text, [
    ...(named === undefined ? [] : [{ ...named, with: JSON.stringify(before ?? null) }]),
    input === undefined
      ? { from: top.inside, to: top.inside, with: `"input":[${said}]${top.isEmpty ? '' : ','}` }
      : { ...input, with: joined(said, text.slice(input.from, input.to)) },
  ])
}

const HISTORY_KEYS: ReadonlySet<string> = new Set(['input', 'previous_response_id'])

/** Items, and behind them an input as it was written: a list, or a text, which is a message of the user. */
function joined(items: string, input: string): string {
  const own = input.startsWith('[')
    ? input.slice(1, -1)
    : inputItems(JSON.parse(input) as Json)
        .map((item) => JSON.stringify(item))
        .join(',')
  return `[${items}${items === '' || own.trim() === '' ? '' : ','}${own}]`
}

/**
 * All that was said up to a kept response.
 * @throws invalid_request where a turn is not kept, is somebody else's, or has not ended
 */
export async function readHistory(find: FindKept, owner: string, id: string): Promise<History> {
  const turns: (readonly JsonObject[])[] = []
  let next: string | undefined = id
  while (next !== undefined) {
    const kept: KeptResponse | 'elsewhere' | undefined = turns.length < MAX_TURNS ? await find(owner, next) : undefined
    if (kept === 'elsewhere') return { items: turns.flat(), before: next }
    if (kept === undefined) throw unusable(`leads to "${next.slice(0, 100)}", which is not kept here.`)
    if (isUnderWay(kept.response)) throw unusable(`leads to "${next.slice(0, 100)}", which has not ended yet.`)
    turns.unshift([...kept.input, ...outputOf(kept.response)])
    next = kept.previousId
  }
  return { items: turns.flat() }
}

function unusable(why: string): GatewayError {
  return new GatewayError('invalid_request', `The field "previous_response_id" ${why}`, { param: 'previous_response_id' })
}

/** Whether a response has not ended yet. */
export function isUnderWay({ status }: JsonObject): boolean {
  return status === 'queued' || status === 'in_progress'
}

/** What is kept of a turn. @param text the request as the caller sent it, before its history was put in */
export function keepTurn(
  text: string,
  response: JsonObject,
  by: Omit<KeptResponse, 'id' | 'response' | 'input' | 'previousId'>,
): KeptResponse {
  const previousId = previousIdOf(text)
  const id = typeof response.id === 'string' ? response.id : ''
  const input = inputItems(parseAgain(text).input).map((item, index) => ({ id: `item_${id.replace(/^resp_/, '')}_${index}`, ...item }))
  return { ...by, id, response, input, ...(previousId === undefined ? {} : { previousId }) }
}

/** The response that a last part carries, whole or as the last event of a stream; undefined where it carries none. */
export function responseIn(part: Pick<ModelPart, 'type' | 'bytes'>): JsonObject | undefined {
  const value = objectIn(part.type === 'whole' ? new TextDecoder().decode(part.bytes) : decodeSseFrame(part.bytes).data)
  const response = value !== undefined && isObject(value.response) ? value.response : value
  return response?.object === 'response' ? response : undefined
}

/** How a list of input items is asked for. */
export interface ItemQuery {
  /** 1 to 100. Left out: 20. */
  readonly limit?: number
  /** Left out: `desc`. */
  readonly order?: 'asc' | 'desc'
  /** The id after which the list begins. */
  readonly after?: string
}

/** `GET /v1/responses/{id}/input_items`. */
export function listInputItems({ input }: Pick<KeptResponse, 'input'>, { limit = 20, order = 'desc', after }: ItemQuery): JsonObject {
  const ordered = order === 'asc' ? input : [...input].reverse()
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  const data = ordered.slice(from, from + Math.min(100, Math.max(1, limit)))
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + data.length < ordered.length,
  }
}

/** `DELETE /v1/responses/{id}`. */
export function deletedResponse(id: string): JsonObject {
  return { id, object: 'response', deleted: true }
}

/** The input as items: a text is one message of the user. */
function inputItems(input: Json | undefined): readonly JsonObject[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
  const items: readonly Json[] = Array.isArray(input) ? input : []
  return items.filter(isObject)
}

function outputOf({ output }: JsonObject): readonly JsonObject[] {
  const items: readonly Json[] = Array.isArray(output) ? output : []
  return items.filter(isObject)
}

/** The object that a text is; undefined where it is none. */
export function objectIn(text: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
