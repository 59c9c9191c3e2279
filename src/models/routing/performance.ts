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
  /** The latest first tokens, for their 95th percentile. */
  readonly firstTokens: Latest
  /** The same of whole answers. */
  readonly wholes: Latest
}

const KEPT_LATEST = 64

/** The latest of some durations in milliseconds; each new one takes the place of the oldest. */
export class Latest {
  readonly #kept: number[] = []
  #next = 0

  get size(): number {
    return this.#kept.length
  }

  add(ms: number): void {
    this.#kept[this.#next] = ms
    this.#next = (this.#next + 1) % KEPT_LATEST
  }

  /** Shortest first. */
  sorted(): readonly number[] {
    return this.#kept.toSorted((left, right) => left - right)
  }
}

/** A target that was never called. */
export function unmeasured(): Performance {
  return { samples: 0, recent: {}, usual: {}, atMs: 0, firstTokens: new Latest(), wholes: new Latest() }
}

/** Share of a new observation where calls come often; after a pause the new one counts more. */
const RECENT_WEIGHT = 0.2
const USUAL_WEIGHT = 0.01
const RECENT_HALF_LIFE_MS = 60_000
const USUAL_HALF_LIFE_MS = 3_600_000
/** Fewer say nothing of what is usual, and a percentile of fewer is one call's luck. */
const LEAST_SAMPLES = 10

/** Takes an observation in. Pure, but for the latest ones, which go on in the place where they are: to copy them was a kilobyte a call. */
export function observe(before: Performance, measured: Measured, nowMs: number): Performance {
  const elapsedMs = Math.max(0, nowMs - before.atMs)
  const recentShare = shareOf(before.samples, RECENT_WEIGHT, elapsedMs / RECENT_HALF_LIFE_MS)
  const usualShare = shareOf(before.samples, USUAL_WEIGHT, elapsedMs / USUAL_HALF_LIFE_MS)
  const { firstTokens, wholes } = before
  if (measured.firstTokenMs !== undefined) firstTokens.add(measured.firstTokenMs)
  if (measured.wholeMs !== undefined) wholes.add(measured.wholeMs)
  return {
    samples: before.samples + 1,
    recent: blend(before.recent, measured, recentShare),
    usual: blend(before.usual, measured, usualShare),
    atMs: nowMs,
    firstTokens,
    wholes,
  }
}

/** The 95th percentile of the latest first tokens, or of the latest whole answers; undefined where too few are known. */
export function slowMs({ firstTokens, wholes }: Performance, how: 'stream' | 'whole'): number | undefined {
  const known = how === 'stream' ? firstTokens : wholes
  return known.size < LEAST_SAMPLES ? undefined : known.sorted()[Math.ceil(known.size * 0.95) - 1]
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
  const least = Math.max(1 / (samples + 1), weight)
  // A pause so short changes nothing: 1 - 2^-x is below x, and a power costs more than all the rest.
  return halfLives <= least ? least : Math.max(least, 1 - 0.5 ** halfLives)
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
