import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { JsonEnd } from '../open-calls.ts'
import { calledIn, callsIn, freedom } from './read-reply.ts'

/** Calls that are kept account of: a provider may begin as many as it likes. */
const MAX_CALLS = 1000
/** Reasons that leave nothing open. Behind any other a call may end in its middle. */
const COMPLETE: ReadonlySet<unknown> = new Set(['stop', 'tool_calls', 'function_call'])

interface ChoiceCalls {
  /** By index: the id that was told, and how far the arguments have come. */
  readonly open: Map<unknown, { readonly id: unknown; readonly end: JsonEnd }>
  isComplete: boolean
  /** A call that another took the place of had not ended. */
  isCut: boolean
}

/**
 * Follows the arguments of the calls in the chunks of one stream. This wire does not say where a call ends: one whose arguments have not come to
 * an end when the finish reason says that all was said was cut on the way.
 */
export class ChunkCalls {
  readonly #choices = new Map<unknown, ChoiceCalls>()

  /** Whether the text of a chunk may go on with a call. Before the first has begun, no chunk does. */
  mayGoOn(data: string): boolean {
    return this.#choices.size > 0 && (data.includes('"tool_calls"') || data.includes('"function_call"'))
  }

  follow(choices: Json | undefined): void {
    if (!Array.isArray(choices)) return
    for (const choice of choices as readonly Json[]) if (isObject(choice)) this.#followChoice(choice)
  }

  get isCut(): boolean {
    for (const { open, isComplete, isCut } of this.#choices.values()) {
      if (isComplete && (isCut || [...open.values()].some(({ end }) => end.isCut))) return true
    }
    return false
  }

  #followChoice({ index, delta, finish_reason: reason }: JsonObject): void {
    const calls = isObject(delta) ? callsIn(delta) : []
    let known = this.#choices.get(index)
    if (known === undefined && calls.length > 0 && this.#choices.size < MAX_CALLS) {
      known = { open: new Map(), isComplete: false, isCut: false }
      this.#choices.set(index, known)
    }
    if (known === undefined) return
    for (const [position, call] of calls.entries()) followCall(call, position, known)
    known.isComplete ||= COMPLETE.has(reason)
  }
}

function followCall(call: JsonObject, position: number, choice: ChoiceCalls): void {
  // Free text has no end of its own.
  if (freedom(call).isFree) return
  const at = call.index ?? position
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : undefined
  const before = choice.open.get(at)
  // Some servers give each call the index 0, and tell them apart by the id.
  const isAnother = before === undefined || (id !== undefined && before.id !== undefined && id !== before.id)
  if (isAnother && before !== undefined) choice.isCut ||= before.end.isCut
  const current = isAnother ? { id, end: new JsonEnd() } : before
  if (choice.open.size < MAX_CALLS) choice.open.set(at, current)
  const text = calledIn(call).arguments
  if (typeof text === 'string') current.end.push(text)
}
