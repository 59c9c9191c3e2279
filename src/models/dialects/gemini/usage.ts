import type { Usage } from '../../../core/events.ts'
import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import type { PeerHeaders } from '../../../core/peer-reply.ts'
import { count, rawUsage } from '../token-count.ts'
import { field } from './words.ts'

/**
 * Reads `usageMetadata`. Cached tokens are part of the prompt's; thoughts stand beside the candidates' and results of server-side tools beside
 * the prompt's. Fields of 0 are left out by Google, so what is missing is told by the total;
 * one that is no more than the prompt tells nothing: the first chunks of a stream have it.
 * @param servedTier what the reply's header said, for usage that names no tier
 */
export function readUsage(metadata: Json | undefined, servedTier?: string): Usage | undefined {
  if (!isObject(metadata)) return undefined
  const prompt = count(field(metadata, 'promptTokenCount'))
  const toolPrompt = count(field(metadata, 'toolUsePromptTokenCount'))
  const candidates = count(field(metadata, 'candidatesTokenCount'))
  const thoughts = count(field(metadata, 'thoughtsTokenCount'))
  const cached = count(field(metadata, 'cachedContentTokenCount'))
  const input = sum(prompt, toolPrompt)
  const output = sum(candidates, thoughts) ?? rest(count(field(metadata, 'totalTokenCount')), input)
  if (input === undefined && output === undefined) return undefined
  const read: { -readonly [Field in keyof Usage]: Usage[Field] } = {}
  if (input !== undefined) read.inputTokens = input
  if (output !== undefined) read.outputTokens = output
  if (cached !== undefined) read.cachedInputTokens = cached
  if (thoughts !== undefined) read.reasoningTokens = thoughts
  const asked = field(metadata, 'promptTokensDetails')
  const [audioIn, imageIn, audioOut] = [
    ofModality(asked, 'AUDIO'),
    ofModality(asked, 'IMAGE'),
    ofModality(field(metadata, 'candidatesTokensDetails'), 'AUDIO'),
  ]
  if (audioIn !== undefined) read.audioInputTokens = audioIn
  if (imageIn !== undefined) read.imageInputTokens = imageIn
  if (audioOut !== undefined) read.audioOutputTokens = audioOut
  const tier = tierOf(metadata) ?? servedTier
  if (tier !== undefined) read.serviceTier = tier
  const raw = rawUsage(metadata)
  if (raw !== undefined) read.raw = raw
  return read
}

/**
 * The tier of service: Vertex names it in `trafficType` (ON_DEMAND, ON_DEMAND_FLEX, ON_DEMAND_PRIORITY, PROVISIONED_THROUGHPUT), the Gemini API
 * in `serviceTier`. Source: the types of @google/genai (read 2026-11-21).
 */
function tierOf(metadata: JsonObject): string | undefined {
  const tier = plainTier(field(metadata, 'serviceTier') ?? field(metadata, 'trafficType'))
  return tier === undefined || ORDINARY_TIERS.has(tier) ? undefined : tier
}

/** Tiers that the header may name, of those that have a price of their own. Anything else that stands there is no tier that is known. */
const SERVED_TIERS: ReadonlySet<string> = new Set(['flex', 'priority'])

/**
 * The Gemini API says in a header which tier it served, which may be another than was asked for; the usage need not name it.
 * Source: https://ai.google.dev/gemini-api/docs/priority-inference (read 2026-11-21).
 */
export function servedTierOf(headers: PeerHeaders | undefined): string | undefined {
  const tier = plainTier(headers?.get('x-gemini-service-tier') ?? undefined)
  return tier !== undefined && SERVED_TIERS.has(tier) ? tier : undefined
}

/** A tier by its plain name: SERVICE_TIER_PRIORITY and ON_DEMAND_PRIORITY are `priority`. */
export function plainTier(named: Json | undefined): string | undefined {
  if (typeof named !== 'string') return undefined
  const tier = named.toLowerCase().replace(/^(?:service_tier_|on_demand_)/, '')
  return tier.slice(0, 40)
}

const ORDINARY_TIERS: ReadonlySet<string> = new Set(['standard', 'on_demand', 'unspecified', 'traffic_type_unspecified'])

function ofModality(details: Json | undefined, modality: string): number | undefined {
  const found = objectsIn(details).find((one) => one.modality === modality)
  return found === undefined ? undefined : count(field(found, 'tokenCount'))
}

/** Writes `usageMetadata`. */
export function writeUsage({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: Usage): JsonObject {
  const total = sum(inputTokens, outputTokens)
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens === undefined ? undefined : Math.max(0, outputTokens - (reasoningTokens ?? 0)),
    thoughtsTokenCount: reasoningTokens,
    cachedContentTokenCount: cachedInputTokens,
    totalTokenCount: total,
  }
}

function sum(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined && right === undefined ? undefined : (left ?? 0) + (right ?? 0)
}

function rest(total: number | undefined, part: number | undefined): number | undefined {
  return total === undefined || part === undefined || total <= part ? undefined : total - part
}
