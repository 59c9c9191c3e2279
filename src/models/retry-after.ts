/** Longer waits are told as this: a week. A date in another century is no advice. */
const LONGEST_SECONDS = 604_800

/**
 * Seconds after which a provider wants to be asked again, as its answer says; undefined where it does not. In this order:
 *
 * - `retry-after-ms`, `x-ms-retry-after-ms` (OpenAI, Azure): the finest there is.
 * - `Retry-After`, in seconds or as a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after. A date is measured by the `Date` of the
 *   same answer, which has the same clock; without one, by ours.
 * - Of a 429, when the limit that is used up is full again: `x-ratelimit-reset-requests: 6m0s` (OpenAI, Groq; Azure and Cerebras in seconds),
 *   `anthropic-ratelimit-tokens-reset` (RFC 3339), `x-ratelimit-reset` (OpenRouter: milliseconds since the epoch). Of several that are used up, the
 *   last. One of which something is left says nothing of this failure.
 *
 * Sources, read 2026-11-21: the pages on rate limits of OpenAI, Anthropic, Azure OpenAI, Groq, OpenRouter; anthropics/anthropic-sdk-typescript#357.
 */
export function askedWaitSeconds({ status, headers }: Pick<Response, 'status' | 'headers'>, nowMs: number): number | undefined {
  const ms = secondsOf(headers.get('retry-after-ms') ?? headers.get('x-ms-retry-after-ms'))
  if (ms !== undefined) return bounded(ms / 1000)
  const written = headers.get('retry-after')
  const thereMs = parseHttpDate(headers.get('date') ?? '') ?? nowMs
  const seconds = secondsOf(written) ?? secondsUntil(parseHttpDate(written ?? ''), thereMs)
  if (seconds !== undefined || status !== 429) return seconds === undefined ? undefined : bounded(seconds)
  const resets = usedUp(headers).flatMap((reset) => resetSeconds(reset, thereMs) ?? [])
  return resets.length === 0 ? undefined : bounded(Math.max(...resets))
}

/** A decimal number without a sign or an exponent. */
function secondsOf(written: string | null): number | undefined {
  return written !== null && /^\s*\d{1,13}(?:\.\d{1,9})?\s*$/.test(written) ? Number(written) : undefined
}

function bounded(seconds: number): number {
  return Math.min(LONGEST_SECONDS, Math.max(0, seconds))
}

function secondsUntil(atMs: number | undefined, nowMs: number): number | undefined {
  return atMs === undefined ? undefined : (atMs - nowMs) / 1000
}

const WEEKDAY = /^\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/

/** Milliseconds since the epoch of a date as HTTP writes it, in each of the three forms that a recipient must read. */
function parseHttpDate(written: string): number | undefined {
  if (!WEEKDAY.test(written)) return undefined
  // asctime's form names no zone; it is UTC all the same.
  const ms = Date.parse(/GMT\s*$/.test(written) ? written : `${written} GMT`)
  return Number.isNaN(ms) ? undefined : ms
}

/** The resets of the limits of which nothing is left. */
function usedUp(headers: Headers): readonly string[] {
  const resets: string[] = []
  headers.forEach((left, name) => {
    if (!/^(?:x|anthropic)-ratelimit-(?:.*-)?remaining(?:-|$)/.test(name) || Number(left) !== 0) return
    const reset = headers.get(name.replace('remaining', 'reset'))
    if (reset !== null) resets.push(reset)
  })
  return resets
}

const UNIT_SECONDS = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001, us: 0.000001, µs: 0.000001, ns: 0.000000001 } as const
const DURATION = /^(?:\d+(?:\.\d+)?(?:d|h|ms|m|s|us|µs|ns))+$/
/** A number from here on is a time, and no wait: 2001 in seconds, and in milliseconds. */
const EPOCH_SECONDS = 1e9
const EPOCH_MS = 1e12

/** When a limit is full again: `6m0s`, `20ms`, seconds, a time of RFC 3339, or a time since the epoch. */
function resetSeconds(written: string, nowMs: number): number | undefined {
  const text = written.trim()
  if (DURATION.test(text)) {
    const pieces = [...text.matchAll(/(\d+(?:\.\d+)?)(d|h|ms|m|s|us|µs|ns)/g)]
    // The pattern names the keys of the table.
    return pieces.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS], 0)
  }
  const number = secondsOf(text)
  if (number !== undefined) {
    if (number < EPOCH_SECONDS) return number
    return secondsUntil(number < EPOCH_MS ? number * 1000 : number, nowMs)
  }
  return /^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text)) ? secondsUntil(Date.parse(text), nowMs) : undefined
}
