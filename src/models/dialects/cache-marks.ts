import { isObject, type JsonObject } from '../../core/json.ts'
import type { CacheMark, Content } from '../neutral/content.ts'
import type { Losses } from '../neutral/loss.ts'
import type { NeutralRequest, Tool } from '../neutral/request.ts'

/**
 * The mark of a part of a message, as both wires of OpenAI have it.
 * Source: https://developers.openai.com/api/docs/guides/prompt-caching (read 2026-11-21).
 */
export function readBreakpoint({ prompt_cache_breakpoint: mark }: JsonObject): { readonly cache?: CacheMark } {
  return isObject(mark) ? { cache: { breakpoint: mark } } : {}
}

/** The mark for a part of a message on a wire of OpenAI. Those of other makers mean nothing there. */
export function writeBreakpoint(cache: CacheMark | undefined, losses: Losses): JsonObject {
  if (cache?.breakpoint !== undefined) return { prompt_cache_breakpoint: cache.breakpoint }
  if (cache !== undefined) losses.drop('cache_control', 'providers of this wire cache prompts by themselves')
  return {}
}

/** A request for a server of these wires that is not known to take such marks. */
export function withoutBreakpoints(request: NeutralRequest, losses: Losses): NeutralRequest {
  if (!request.messages.some(({ content }) => content.some(hasBreakpoint))) return request
  losses.drop('prompt_cache_breakpoint', 'only providers of the kind openai are known to take it')
  return { ...request, messages: request.messages.map(({ role, content }) => ({ role, content: content.map(unmarked) })) }
}

function hasBreakpoint(piece: Content): boolean {
  return 'cache' in piece && piece.cache?.breakpoint !== undefined
}

function unmarked(piece: Content): Content {
  if (!('cache' in piece) || !hasBreakpoint(piece)) return piece
  const { cache: _marked, ...plain } = piece
  return plain
}

/** For wires that have no marks on tools. */
export function dropToolMarks(tools: readonly Tool[] | undefined, losses: Losses): void {
  if (tools?.some(({ cache }) => cache !== undefined))
    losses.drop('tools.cache_control', 'providers of this wire cache prompts by themselves')
}
