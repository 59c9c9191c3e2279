import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { ReplyContext } from '../../dialect.ts'
import type { Citation } from '../../neutral/content.ts'
import type { StopReason, TokenLogprob } from '../../neutral/reply.ts'
import { responseId } from './error.ts'

/**
 * A response as callers of this wire expect it, each of its fields there: what they asked for, and what would be so anyway.
 * Source: https://www.openresponses.org/specification (read 2026-11-21).
 */
export function writeResponse(context: ReplyContext, told: JsonObject): JsonObject {
  const asked = askedOf(context)
  return {
    id: responseId(context.callId),
    object: 'response',
    created_at: context.nowSeconds,
    completed_at: null,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: asked.instructions ?? null,
    max_output_tokens: asked.max_output_tokens ?? null,
    max_tool_calls: asked.max_tool_calls ?? null,
    model: context.request.model,
    output: [],
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    previous_response_id: context.request.continues ?? asked.previous_response_id ?? null,
    reasoning: { effort: null, summary: null, ...(isObject(asked.reasoning) ? asked.reasoning : {}) },
    store: asked.store ?? true,
    temperature: asked.temperature ?? 1,
    text: { format: { type: 'text' }, ...(isObject(asked.text) ? asked.text : {}) },
    tool_choice: asked.tool_choice ?? 'auto',
    tools: toolsOf(asked.tools),
    top_p: asked.top_p ?? 1,
    top_logprobs: asked.top_logprobs ?? 0,
    presence_penalty: asked.presence_penalty ?? 0,
    frequency_penalty: asked.frequency_penalty ?? 0,
    truncation: asked.truncation ?? 'disabled',
    background: false,
    service_tier: 'default',
    usage: null,
    user: asked.user ?? null,
    safety_identifier: asked.safety_identifier ?? null,
    prompt_cache_key: asked.prompt_cache_key ?? null,
    metadata: isObject(asked.metadata) ? asked.metadata : {},
    ...told,
  }
}

/**
 * Status of a response by why it stopped. What this wire has no word for is told as the reason why it is incomplete; where nobody said why,
 * nothing is made up.
 */
export function writeStatus(stop: StopReason | undefined, { hasRefused }: { readonly hasRefused: boolean }): JsonObject {
  if (stop === undefined) return { status: 'incomplete' }
  switch (stop.type) {
    case 'length':
    case 'context-full':
      return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    case 'content-filter':
      return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
    case 'refusal':
      // Without a word of it, it would look like an answer that is whole, and empty.
      return hasRefused ? { status: 'completed' } : { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
    case 'pause':
      return { status: 'incomplete', incomplete_details: { reason: 'pause' } }
    case 'other':
      return { status: 'incomplete', incomplete_details: { reason: stop.said } }
    default:
      return { status: 'completed' }
  }
}

/** Names for the items of one response. */
export function itemId(context: ReplyContext, kind: 'msg' | 'rs' | 'fc' | 'ctc', index: number): string {
  return `${kind}_${responseId(context.callId).slice('resp_'.length)}_${index}`
}

/** A text of an answer. */
export function outputText(text: string, citations: readonly Citation[], logprobs: readonly TokenLogprob[]): JsonObject {
  return { type: 'output_text', text, annotations: citations.flatMap(writeAnnotation), logprobs: logprobs.map(writeLogprob) }
}

/** A citation of the web; others have no place in this wire but in the text that cites them. */
export function writeAnnotation({ url, title, from, to }: Citation): readonly JsonObject[] {
  return url === undefined ? [] : [{ type: 'url_citation', url, title: title ?? url, start_index: from ?? 0, end_index: to ?? 0 }]
}

/** A token's probability. */
export function writeLogprob({ token, logprob, top }: TokenLogprob): JsonObject {
  const bytes = (text: string) => [...new TextEncoder().encode(text)]
  return { token, logprob, bytes: bytes(token), top_logprobs: top.map((one) => ({ ...one, bytes: bytes(one.token) })) }
}

function askedOf({ request }: ReplyContext): JsonObject {
  try {
    const value: unknown = JSON.parse(request.text)
    return isObject(value) ? value : {}
  } catch {
    // Whoever wrote the reply had no request: a test, or a reply that was kept.
    return {}
  }
}

function toolsOf(value: Json | undefined): readonly Json[] {
  const tools: readonly Json[] = Array.isArray(value) ? value : []
  return tools.map((tool) => {
    if (!isObject(tool) || tool.type !== 'function') return tool
    return { ...tool, description: tool.description ?? null, parameters: tool.parameters ?? null, strict: tool.strict ?? null }
  })
}
