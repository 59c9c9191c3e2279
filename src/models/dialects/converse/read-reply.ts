import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Citation, Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralReply, StopReason } from '../../neutral/reply.ts'
import type { Target } from '../../types.ts'
import { redactedSeal, signatureSeal } from './seal.ts'
import { readUsage } from './usage.ts'

const STOPS: Readonly<Record<string, StopReason>> = {
  end_turn: { type: 'stop' },
  tool_use: { type: 'tool-calls' },
  max_tokens: { type: 'length' },
  stop_sequence: { type: 'stop-sequence' },
  guardrail_intervened: { type: 'content-filter' },
  content_filtered: { type: 'content-filter' },
  model_context_window_exceeded: { type: 'context-full' },
  refusal: { type: 'refusal' },
}

/** What a whole answer says. The decoder has seen that it is one. */
export function readReply(value: JsonObject, target: Target): NeutralReply {
  const losses = new Losses()
  const content = blocksOf(value).flatMap((block, index) => readBlock(block, { index, target, losses }))
  const stop = readStop(value.stopReason)
  const usage = readUsage(value.usage, value.serviceTier)
  return {
    candidates: [{ content, ...(stop === undefined ? {} : { stop }) }],
    ...(usage === undefined ? {} : { usage }),
    losses: losses.list,
  }
}

/** Why the model stopped; undefined where it did not say. */
export function readStop(reason: Json | undefined): StopReason | undefined {
  if (typeof reason !== 'string' || reason === '') return undefined
  return Object.hasOwn(STOPS, reason) ? STOPS[reason] : { type: 'other', said: reason }
}

/** The blocks of an answer. */
export function blocksOf({ output }: JsonObject): readonly JsonObject[] {
  const message = isObject(output) ? output.message : undefined
  const content: readonly Json[] = isObject(message) && Array.isArray(message.content) ? message.content : []
  return content.filter(isObject)
}

interface BlockPlace {
  readonly index: number
  readonly target: Target
  readonly losses: Losses
}

function readBlock(block: JsonObject, { index, target, losses }: BlockPlace): readonly Content[] {
  if (typeof block.text === 'string') return block.text === '' ? [] : [{ type: 'text', text: block.text }]
  if (isObject(block.toolUse) && !isProviders(block.toolUse)) return [readCall(block.toolUse, index)]
  if (isObject(block.reasoningContent)) return readReasoning(block.reasoningContent, target)
  if (isObject(block.citationsContent)) return readCited(block.citationsContent)
  const [kind = 'unknown'] = Object.keys(block)
  losses.drop(`output.message.content.${kind.slice(0, 50)}`, 'other wires cannot carry it in an answer')
  return []
}

/** Whether a call is of a tool that the provider runs itself: the caller must not run it too. */
export function isProviders({ type }: JsonObject): boolean {
  return type === 'server_tool_use'
}

function readCall({ toolUseId, name, input }: JsonObject, index: number): Content {
  const id = typeof toolUseId === 'string' && toolUseId !== '' ? toolUseId : `call_${index}`
  return { type: 'tool-call', id, name: typeof name === 'string' ? name : '', arguments: input === undefined ? '' : JSON.stringify(input) }
}

function readReasoning({ reasoningText, redactedContent }: JsonObject, target: Target): readonly Content[] {
  if (typeof redactedContent === 'string') return [{ type: 'thinking', text: '', isHidden: true, seal: redactedSeal(redactedContent) }]
  if (!isObject(reasoningText)) return []
  const { text, signature } = reasoningText
  const said = typeof text === 'string' ? text : ''
  // Models that sign nothing get their thoughts back all the same.
  return [{ type: 'thinking', text: said, seal: signatureSeal(typeof signature === 'string' ? signature : '', target) }]
}

function readCited({ content, citations }: JsonObject): readonly Content[] {
  const parts: readonly Json[] = Array.isArray(content) ? content : []
  const text = parts.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? [part.text] : [])).join('')
  const list: readonly Json[] = Array.isArray(citations) ? citations : []
  const cited = list
    .filter(isObject)
    .map(readCitation)
    .filter((citation) => Object.keys(citation).length > 0)
  return text === '' ? [] : [{ type: 'text', text, ...(cited.length === 0 ? {} : { citations: cited }) }]
}

/** One citation, of the web or of a document. */
export function readCitation({ title, location, sourceContent }: JsonObject): Citation {
  const web = isObject(location) && isObject(location.web) ? location.web : {}
  const sources: readonly Json[] = Array.isArray(sourceContent) ? sourceContent : []
  const citedText = sources.flatMap((source) => (isObject(source) && typeof source.text === 'string' ? [source.text] : [])).join('')
  return {
    ...(typeof web.url === 'string' ? { url: web.url } : {}),
    ...(typeof title === 'string' ? { title } : {}),
    ...(citedText === '' ? {} : { citedText }),
  }
}
