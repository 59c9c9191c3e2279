import type { Call } from '../../core/call.ts'
import type { NanoUsd } from '../../core/money.ts'
import type { Estimate, Estimator } from '../../stages/hold.ts'
import type { Attempt, Price } from '../types.ts'
import { strictInputTokens } from './input-bound.ts'
import { charge } from './price.ts'

/** Output of a model whose bound neither the caller nor the configuration gives: an estimate, and what a strict budget asks the provider for. */
export const DEFAULT_OUTPUT_TOKENS = 4096
/** What an image, a file or a sound is estimated at. Nobody can know before it is sent: strict budgets refuse them. */
const MEDIA_TOKENS = 2000

/** How attempts at models are estimated: by the function that prices their usage, with the most that they may use. */
export const estimator: Estimator<Attempt> = {
  estimate: (call, attempt, isStrict) => estimateAttempt(call, attempt, isStrict),
  priceOf: ({ target }, tokens) => mostFor(target.price, tokens),
  clampOutput: () => undefined,
}

/**
 * What an attempt may cost at the most. Input: a token for each byte of the body, which no tokenizer that is in use goes beyond (see
 * input-bound.ts). Output: the caller's own bound, else the model's, else 4,096.
 */
function estimateAttempt(call: Call, { request, target }: Attempt, isStrict: boolean): Estimate {
  const { bounds, operation } = request
  const sizeBytes = call.record.facts.sizeInBytes ?? request.text.length
  const inputTokens = isStrict
    ? strictInputTokens(request.text, sizeBytes)
    : sizeBytes - (bounds?.mediaBytes ?? 0) + (bounds?.mediaParts ?? 0) * MEDIA_TOKENS
  const outputTokens =
    operation === 'generate' ? (bounds?.maxOutputTokens ?? target.maxOutputTokens ?? DEFAULT_OUTPUT_TOKENS) * (bounds?.choices ?? 1) : 0
  return {
    model: target.name,
    provider: target.provider,
    target: target.id,
    inputTokens,
    outputTokens,
    nanoUsd: mostFor(target.price, { inputTokens, outputTokens }),
    priceVersion: target.price?.version,
    leaseMs: target.timeouts.totalMs,
    unbounded: bounds === undefined ? 'a form that this gateway cannot bound' : bounds.unbounded,
  }
}

interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** The most that so many tokens can cost: all input at the dearest of its prices. */
function mostFor(price: Price | undefined, { inputTokens, outputTokens }: Tokens): NanoUsd | undefined {
  if (price === undefined) return undefined
  const { input, cachedInput = input, cacheWrite = input } = price
  const dearest = Math.max(input, cachedInput, cacheWrite)
  const kind = dearest === input ? {} : dearest === cacheWrite ? { cacheWriteTokens: inputTokens } : { cachedInputTokens: inputTokens }
  const most = charge(price, { inputTokens, outputTokens, ...kind })
  return most.type === 'priced' ? most.costNanoUsd : undefined
}
