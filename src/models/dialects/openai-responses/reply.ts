import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { ModelPart, Target } from '../../types.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readReply } from './read-reply.ts'
import { readUsage } from './usage.ts'

/** Reads a whole response. Its bytes go on as they came. */
export function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  // Some other JSON, of a server that is none of this wire: it must not pass as an answer.
  if (!Array.isArray(value.output)) throw malformed(target, 'its reply has no output')
  if (typeof value.status === 'string' && UNENDED.has(value.status))
    throw malformed(target, `its response is ${value.status}, which is no answer`)
  return { type: 'whole', bytes: body, isLast: true, isHidden: false, takesCost: true, neutral: () => readReply(value), ...told(value) }
}

/** What a response may be that nobody will go on with: it was asked for in the foreground, and its provider has answered. */
const UNENDED: ReadonlySet<string> = new Set(['queued', 'in_progress', 'cancelled'])

/** Usage, finish reason and names of tools that a response tells. */
export function told(response: JsonObject): Pick<ModelPart, 'usage' | 'finishReason' | 'toolCalls'> {
  const output: readonly Json[] = Array.isArray(response.output) ? response.output : []
  const usage = withSearches(readUsage(response.usage, response.service_tier), output.filter(isCharged).length)
  const finishReason = finishReasonOf(response)
  const toolCalls = output.flatMap(toolNames)
  return {
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  }
}

function withSearches(usage: Usage | undefined, searches: number): Usage | undefined {
  return usage === undefined || searches === 0 ? usage : { ...usage, toolCalls: searches }
}

/**
 * Whether an item is a call of a tool that the provider ran and charges by the call. To open a page that was found costs its tokens alone.
 * Source: https://platform.openai.com/docs/guides/tools-web-search (read 2026-11-21).
 */
function isCharged(item: Json): boolean {
  if (!isObject(item)) return false
  if (item.type === 'file_search_call') return true
  return item.type === 'web_search_call' && (!isObject(item.action) || item.action.type === undefined || item.action.type === 'search')
}

/** Longest name that is kept of a tool. Models write what they like. */
const MAX_NAME = 200

/** The name of the caller's tool that an item calls, if it does. */
export function toolNames(item: Json | undefined): readonly string[] {
  if (!isObject(item) || (item.type !== 'function_call' && item.type !== 'custom_tool_call')) return []
  if (typeof item.name !== 'string' || item.name === '') return []
  return [item.name.slice(0, MAX_NAME)]
}

function finishReasonOf({ status, incomplete_details: details }: JsonObject): string | undefined {
  if (status === 'incomplete' && isObject(details) && typeof details.reason === 'string') return details.reason
  return typeof status === 'string' && status !== '' ? status : undefined
}
