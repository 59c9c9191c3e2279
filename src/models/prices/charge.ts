import type { PricedLine, Usage } from '../../core/events.ts'
import { costOfItems } from '../../core/money.ts'
import type { Charge } from '../../stages/meter.ts'
import { inService, ratesFor } from './rates.ts'
import type { Price, Rates, Tariff } from './types.ts'

const UNPRICED: Charge = { type: 'unpriced' }
/** No attempt uses this many; a provider that says so has said nothing. */
export const MOST_TOKENS = 1e9
/** Prices of single things stand in lines as prices of a million of them, so that one sum is all there is. */
const MILLION = 1_000_000

/**
 * What a usage costs. The one function that does: for estimates, for what was used, and for what is costed again.
 *
 * Tokens that the provider did not report make the call unpriced: half a bill is no bill. So do counts that are no counts, a tier of service
 * whose price is not known, and calls of the provider's own tools, and units, where the price does not name them.
 * @param atMs when the reply ended: prices change with the day, and some with the hour
 */
export function charge(price: Price | undefined, usage: Usage, atMs: number): Charge {
  const { inputTokens, outputTokens = price?.output === 0 ? 0 : undefined, toolCalls = 0, units = 0 } = usage
  if (price === undefined || inputTokens === undefined || outputTokens === undefined || !isCounted(usage)) return UNPRICED
  const tariff = ratesFor(price, { inputTokens, serviceTier: usage.serviceTier, atMs })
  if (tariff === undefined || (toolCalls > 0 && tariff.toolCall === undefined) || (units > 0 && tariff.unit === undefined)) return UNPRICED
  const lines: PricedLine[] = []
  const add = (kind: PricedLine['kind'], tokens: number, nanoUsd: number) => {
    if (tokens > 0) lines.push({ kind, tokens, nanoUsd })
  }
  addInput(add, tariff, usage, inputTokens)
  addOutput(add, tariff, usage, outputTokens)
  add('call', tariff.perCall === undefined ? 0 : 1, (tariff.perCall ?? 0) * MILLION)
  add('toolCall', toolCalls, (tariff.toolCall ?? 0) * MILLION)
  add('unit', units, (tariff.unit ?? 0) * MILLION)
  const costNanoUsd = costOfItems(lines)
  return Number.isSafeInteger(costNanoUsd) ? { type: 'priced', costNanoUsd, version: price.version, lines } : UNPRICED
}

type Add = (kind: PricedLine['kind'], tokens: number, nanoUsd: number) => void

/**
 * A provider cannot have read more from its cache than there was input; one that says so is charged for its input, not for less.
 * Which of the cached tokens were audio nobody says: those beyond what can have been fresh.
 */
function addInput(add: Add, rates: Rates, usage: Usage, inputTokens: number): void {
  const { cachedInputTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0, audioInputTokens = 0, imageInputTokens = 0 } = usage
  const cached = Math.min(cachedInputTokens, inputTokens)
  const written = Math.min(cacheWriteTokens, inputTokens - cached)
  const hour = Math.min(cacheWrite1hTokens, written)
  const fresh = inputTokens - cached - written
  const audio = Math.min(audioInputTokens, fresh)
  const image = Math.min(imageInputTokens, fresh - audio)
  const cachedAudio = Math.min(audioInputTokens - audio, cached)
  const cachedImage = Math.min(imageInputTokens - image, cached - cachedAudio)
  const { input, cachedInput = input, cacheWrite = input, audioInput = input, imageInput = input } = rates
  add('input', fresh - audio - image, input)
  add('audioInput', audio, audioInput)
  add('imageInput', image, imageInput)
  add('cachedInput', cached - cachedAudio - cachedImage, cachedInput)
  add('cachedAudioInput', cachedAudio, rates.cachedAudioInput ?? cachedInput)
  add('cachedImageInput', cachedImage, rates.cachedImageInput ?? cachedInput)
  add('cacheWrite', written - hour, cacheWrite)
  add('cacheWrite1h', hour, rates.cacheWrite1h ?? cacheWrite)
}

function addOutput(add: Add, { output, audioOutput = output, reasoning }: Rates, usage: Usage, outputTokens: number): void {
  const audio = Math.min(usage.audioOutputTokens ?? 0, outputTokens)
  const thought = reasoning === undefined ? 0 : Math.min(usage.reasoningTokens ?? 0, outputTokens - audio)
  add('output', outputTokens - audio - thought, output)
  add('audioOutput', audio, audioOutput)
  add('reasoning', thought, reasoning ?? output)
}

const COUNTS = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'audioInputTokens',
  'imageInputTokens',
  'outputTokens',
  'reasoningTokens',
  'audioOutputTokens',
  'toolCalls',
  'units',
] as const satisfies readonly (keyof Usage)[]

/** Whether each count that is there is one: a whole number from 0 that something may have used. */
function isCounted(usage: Usage): boolean {
  for (const name of COUNTS) {
    const count = usage[name]
    if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0 && count <= MOST_TOKENS)) return false
  }
  return true
}

/** So many tokens, of which nobody knows yet what they will be. */
export interface UnknownTokens {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Whether the request may have the provider keep something for an hour. */
  readonly mayKeepForAnHour: boolean
  /** Tiers of service that it may be billed at, besides the ordinary one. */
  readonly serviceTiers: readonly string[]
}

/** The most that so many tokens can cost: each at the dearest of its prices, in the dearest tier that they can reach, at any time. */
export function chargeAtMost(price: Price, unknown: UnknownTokens): number | undefined {
  const { inputTokens, outputTokens, mayKeepForAnHour } = unknown
  let most: number | undefined
  for (const tariff of tariffsOf(price, unknown)) {
    const { input, output, cachedInput = input, cacheWrite = input, cacheWrite1h = cacheWrite, reasoning = output } = tariff
    const dearestInput = Math.max(input, cachedInput, cacheWrite, mayKeepForAnHour ? cacheWrite1h : 0)
    const flat: Price = { input: dearestInput, output: Math.max(output, reasoning), version: price.version }
    const charged = charge(tariff.perCall === undefined ? flat : { ...flat, perCall: tariff.perCall }, { inputTokens, outputTokens }, 0)
    if (charged.type === 'unpriced') return undefined
    if (most === undefined || charged.costNanoUsd > most) most = charged.costNanoUsd
  }
  return most
}

/** The tariffs of every time, in every tier that an input of at most this length can come to, in each tier of service. */
function tariffsOf(price: Price, { inputTokens, serviceTiers }: UnknownTokens): readonly Tariff[] {
  const ordinary =
    price.tiers === undefined && price.periods === undefined
      ? [price]
      : [price, ...(price.periods ?? [])].flatMap((tariff) => [
          tariff,
          ...(tariff.tiers ?? []).filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens).map((tier) => ({ ...tariff, ...tier })),
        ])
  if (price.serviceTiers === undefined || serviceTiers.length === 0) return ordinary
  return ordinary.flatMap((tariff) => [
    tariff,
    ...serviceTiers.map((tier) => inService(price, tariff, tier)).filter((served) => served !== undefined),
  ])
}
