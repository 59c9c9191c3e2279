import { GatewayError } from '../../core/errors.ts'

/** What a caller wants of the cache for one call. */
export interface CacheWish {
  /** Neither given out nor kept. */
  readonly isOff: boolean
  /** Not given out, but kept. */
  readonly isRefresh: boolean
  readonly ttlMs?: number
  /** Older answers are not wanted. */
  readonly maxAgeMs?: number
}

const NO_WISH: CacheWish = { isOff: false, isRefresh: false }
const MAX_SECONDS = 31_536_000

/**
 * Reads `x-signalbox-cache: no-store | refresh | ttl=60 | max-age=60`, and where it is missing `Cache-Control` as a browser means it
 * (no-store, no-cache, max-age).
 * @param isCached whether anything is: else only what is said wrongly counts
 * @throws invalid_request
 */
export function readCacheWish(headers: Headers, isCached: boolean): CacheWish {
  const own = headers.get('x-signalbox-cache')
  if (own !== null) return fold(own, true)
  if (!isCached) return NO_WISH
  const control = headers.get('cache-control')
  return control === null ? NO_WISH : fold(control, false)
}

function fold(text: string, isOwn: boolean): CacheWish {
  let wish = NO_WISH
  for (const written of text.split(',')) {
    const word = written.trim().toLowerCase()
    const [name = '', value] = word.split('=', 2)
    if (name === 'no-store') wish = { ...wish, isOff: true }
    else if (name === (isOwn ? 'refresh' : 'no-cache') && value === undefined) wish = { ...wish, isRefresh: true }
    else if (name === 'ttl' && isOwn) wish = { ...wish, ttlMs: readSeconds(word, value) }
    else if (name === 'max-age' && (isOwn || isSeconds(value))) wish = { ...wish, maxAgeMs: readSeconds(word, value) }
    else if (isOwn && word !== '') throw unknownWord(word)
  }
  return wish
}

function readSeconds(word: string, value: string | undefined): number {
  if (!isSeconds(value)) throw unknownWord(word)
  return Number(value) * 1000
}

function isSeconds(value: string | undefined): value is string {
  return value !== undefined && /^\d{1,9}$/.test(value) && Number(value) <= MAX_SECONDS
}

function unknownWord(word: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The header "x-signalbox-cache" holds "${word.slice(0, 40)}"; it may hold no-store, refresh, ttl=<seconds> and max-age=<seconds>.`,
    { param: 'x-signalbox-cache' },
  )
}
