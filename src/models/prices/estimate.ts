import type { Estimate, Estimator } from '../../stages/hold.ts'
import type { Attempt, ModelRequest, RequestBounds, Target } from '../types.ts'
import { chargeAtMost, MOST_TOKENS } from './charge.ts'
import { clampAttempt } from './clamp-output.ts'
import { strictInputTokens } from './input-bound.ts'
import { isTierKnown } from './rates.ts'
import { boundsOf } from './request-bounds.ts'
import type { Price } from './types.ts'

/** Output of a model whose bound neither the caller nor the configuration gives: an estimate, and what a strict budget asks the provider for. */
const DEFAULT_OUTPUT_TOKENS = 4096
/** What an image, a file or a sound is estimated at. Nobody can know before it is sent: strict budgets refuse them. */
const MEDIA_TOKENS = 2000

/** What English text has, about. */
const BYTES_PER_TOKEN = 4
const LIKELY_OUTPUT_TOKENS = 1000

/** How attempts at models are estimated: by the function that prices their usage, with the most that they may use. */
export const estimator: Estimator<Attempt> = {
  estimate: estimateAttempt,
  pricing: ({ request, target }, isStrict) => {
    const { price } = target
    const mayBe = { mayKeepForAnHour: mayKeepForAnHour(request), serviceTiers: tiersFor(request, target, isStrict) }
    // More than can be counted has a price all the same: one for which there is room nowhere.
    return (tokens) => price && (chargeAtMost(price, { ...tokens, ...mayBe }) ?? Number.MAX_SAFE_INTEGER)
  },
  clampOutput: (attempt, outputTokens) => clampAttempt(attempt, Math.floor(outputTokens / boundsOf(attempt.request).choices)),
}

/**
 * What an attempt may cost. Input: a token for each byte of the body, which no tokenizer that is in use goes beyond (see input-bound.ts).
 * Output: the caller's own bound; else 4,096 tokens; else, where it must be a bound, what the model can give out.
 */
function estimateAttempt(attempt: Attempt, isStrict: boolean): Estimate {
  const { id, request, target, encoded = request.text } = attempt
  const bounds = boundsOf(request)
  // What is sent counts: in the provider's wire, where that is another.
  const sizeBytes = Buffer.byteLength(encoded)
  const inputTokens = isStrict
    ? strictInputTokens(encoded, sizeBytes) + (request.elided?.hiddenBytes ?? 0)
    : sizeBytes - bounds.mediaBytes + bounds.mediaParts * MEDIA_TOKENS
  const wanted = request.operation === 'generate' ? outputOf(bounds, target, isStrict) * bounds.choices : 0
  // Nothing can be told of more; a provider refuses it.
  const outputTokens = Math.min(wanted, MOST_TOKENS)
  return {
    attempt: id,
    model: target.name,
    provider: target.provider,
    target: target.id,
    inputTokens,
    outputTokens,
    nanoUsd: estimator.pricing(attempt, isStrict)({ inputTokens, outputTokens }),
    priceVersion: target.price?.version,
    leaseMs: target.timeouts.totalMs,
    choices: bounds.choices,
    unbounded: bounds.unbounded ?? unknownTier(askedTier(request, target), target.price),
  }
}

function outputOf({ maxOutputTokens }: RequestBounds, target: Target, isStrict: boolean): number {
  const most = target.maxOutputTokens
  if (maxOutputTokens !== undefined) return Math.min(maxOutputTokens, most ?? maxOutputTokens)
  return isStrict ? (most ?? DEFAULT_OUTPUT_TOKENS) : Math.min(DEFAULT_OUTPUT_TOKENS, most ?? DEFAULT_OUTPUT_TOKENS)
}

/** What limits on tokens take a call for until it ends: a token for four bytes, and an answer that is rarely as long as it may be. */
export function likelyTokens(request: ModelRequest): number {
  const { mediaBytes, mediaParts, maxOutputTokens, choices } = boundsOf(request)
  const input = Math.ceil((Buffer.byteLength(request.text) - mediaBytes) / BYTES_PER_TOKEN) + mediaParts * MEDIA_TOKENS
  return request.operation === 'generate'
    ? input + Math.min(maxOutputTokens ?? LIKELY_OUTPUT_TOKENS, LIKELY_OUTPUT_TOKENS) * choices
    : input
}

/**
 * What a provider may choose where nobody asked for a tier: a project of OpenAI's may be set to it, and nothing in a request tells. Gemini takes
 * the ordinary tier then.
 * Source: https://learn.microsoft.com/en-us/javascript/api/@azure/ai-projects/servicetier and
 * https://ai.google.dev/gemini-api/docs/priority-inference (read 2026-11-21).
 */
const CHOSEN_BY_PROVIDERS = ['priority']
const NOBODY_CHOSE: ReadonlySet<string> = new Set(['auto', 'unspecified'])

/** The tiers besides the ordinary one that an attempt may be billed at: a provider may also fall back to the ordinary one. */
function tiersFor(request: ModelRequest, target: Target, isStrict: boolean): readonly string[] {
  const asked = askedTier(request, target)
  if (asked !== undefined) return [asked]
  return isStrict && target.wire !== 'gemini' ? CHOSEN_BY_PROVIDERS : []
}

/** Tiers are each wire's own: a translated request asks for none. */
function askedTier(request: ModelRequest, target: Target): string | undefined {
  const tier = request.wire === target.wire ? boundsOf(request).serviceTier : undefined
  return tier === undefined || NOBODY_CHOSE.has(tier) ? undefined : tier
}

function unknownTier(tier: string | undefined, price: Price | undefined): string | undefined {
  if (tier === undefined || price === undefined || isTierKnown(price, tier)) return undefined
  return `the service tier ${JSON.stringify(tier).slice(0, 42)}, whose price is not known`
}

/** An hour is asked for in these letters, which JSON can write in one other way. */
function mayKeepForAnHour({ text }: ModelRequest): boolean {
  return text.includes('"1h"') || text.includes('\\u')
}
