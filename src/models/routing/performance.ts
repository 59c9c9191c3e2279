/** What was measured of one reply. */
export interface Measured {
  /** Milliseconds from sending to the first content. Only streams tell it. */
  readonly firstTokenMs?: number
  /** Output tokens a second, the first token's wait left out where it is known. */
  readonly tokensPerSecond?: number
  /** Milliseconds of a whole answer. */
  readonly wholeMs?: number
}

/** How fast a target is now, and how fast it usually is. Newer observations count more. */
export interface Performance {
  readonly samples: number
  readonly recent: Measured
  /** The same over a long time: what "slower than usual" is measured by. */
  readonly usual: Measured
  readonly atMs: number
  /** The latest first tokens, for their 95th percentile; the oldest goes first. */
  readonly firstTokens: readonly number[]
  /** The same of whole answers. */
  readonly wholes: readonly number[]
}

/** A target that was never called. */
export const UNMEASURED: Performance = { samples: 0, recent: {}, usual: {}, atMs: 0, firstTokens: [], wholes: [] }

const KEPT_FIRST_TOKENS = 64
/** Share of a new observation where calls come often; after a pause the new one counts more. */
const RECENT_WEIGHT = 0.2
const USUAL_WEIGHT = 0.01
const RECENT_HALF_LIFE_MS = 60_000
const USUAL_HALF_LIFE_MS = 3_600_000
/** Fewer say nothing of what is usual, and a percentile of fewer is one call's luck. */
const LEAST_SAMPLES = 10

/** Takes an observation in. Pure. */
export function observe(before: Performance, measured: Measured, nowMs: number): Performance {
  const elapsedMs = Math.max(0, nowMs - before.atMs)
  const recentShare = shareOf(before.samples, RECENT_WEIGHT, elapsedMs / RECENT_HALF_LIFE_MS)
  const usualShare = shareOf(before.samples, USUAL_WEIGHT, elapsedMs / USUAL_HALF_LIFE_MS)
  const { firstTokenMs } = measured
  return {
    samples: before.samples + 1,
    recent: blend(before.recent, measured, recentShare),
    usual: blend(before.usual, measured, usualShare),
    atMs: nowMs,
    firstTokens: kept(before.firstTokens, firstTokenMs),
    wholes: kept(before.wholes, measured.wholeMs),
  }
}

function kept(before: readonly number[], ms: number | undefined): readonly number[] {
  return ms === undefined ? before : [...before.slice(1 - KEPT_FIRST_TOKENS), ms]
}

/** The 95th percentile of the latest first tokens, or of the latest whole answers; undefined where too few are known. */
export function slowMs({ firstTokens, wholes }: Performance, how: 'stream' | 'whole'): number | undefined {
  const known = how === 'stream' ? firstTokens : wholes
  if (known.length < LEAST_SAMPLES) return undefined
  return known.toSorted((left, right) => left - right)[Math.ceil(known.length * 0.95) - 1]
}

/** Milliseconds in which a reply of so many tokens is expected; undefined where nothing was measured. */
export function expectedMs({ recent }: Performance, outputTokens: number): number | undefined {
  const { firstTokenMs, tokensPerSecond } = recent
  if (firstTokenMs === undefined && tokensPerSecond === undefined) return undefined
  return (firstTokenMs ?? 0) + (tokensPerSecond === undefined ? 0 : (outputTokens / tokensPerSecond) * 1000)
}

/** Whether it has become slower than usual by this factor, in its first token or in its tokens a second. */
export function isDegraded({ samples, recent, usual }: Performance, factor: number): boolean {
  if (samples < LEAST_SAMPLES) return false
  const isLate = recent.firstTokenMs !== undefined && usual.firstTokenMs !== undefined && recent.firstTokenMs > usual.firstTokenMs * factor
  const isSlow =
    recent.tokensPerSecond !== undefined && usual.tokensPerSecond !== undefined && recent.tokensPerSecond * factor < usual.tokensPerSecond
  return isLate || isSlow
}

/** While there are few observations they count alike: the mean of all. Later each new one has the weight, or more after a pause. */
function shareOf(samples: number, weight: number, halfLives: number): number {
  return Math.max(1 / (samples + 1), weight, 1 - 0.5 ** halfLives)
}

function blend(before: Measured, measured: Measured, share: number): Measured {
  const blended: { firstTokenMs?: number; tokensPerSecond?: number } = {}
  const firstTokenMs = mean(before.firstTokenMs, measured.firstTokenMs, share)
  const tokensPerSecond = mean(before.tokensPerSecond, measured.tokensPerSecond, share)
  if (firstTokenMs !== undefined) blended.firstTokenMs = firstTokenMs
  if (tokensPerSecond !== undefined) blended.tokensPerSecond = tokensPerSecond
  return blended
}

function mean(before: number | undefined, measured: number | undefined, share: number): number | undefined {
  if (before === undefined || measured === undefined) return measured ?? before
  return before + (measured - before) * share
}
