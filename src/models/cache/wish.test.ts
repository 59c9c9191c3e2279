import { expect, test } from 'bun:test'
import { readCacheWish } from './wish.ts'

const NOTHING = { isOff: false, isRefresh: false }

test.each<[own: string | undefined, control: string | undefined, wish: object]>([
  [undefined, undefined, NOTHING],
  ['no-store', undefined, { isOff: true, isRefresh: false }],
  ['refresh, ttl=60', undefined, { isOff: false, isRefresh: true, ttlMs: 60_000 }],
  ['max-age=0', undefined, { ...NOTHING, maxAgeMs: 0 }],
  ['NO-STORE ,', undefined, { isOff: true, isRefresh: false }],
  [undefined, 'no-cache', { isOff: false, isRefresh: true }],
  [undefined, 'no-store, max-age=5', { isOff: true, isRefresh: false, maxAgeMs: 5000 }],
  [undefined, 'max-age=5', { ...NOTHING, maxAgeMs: 5000 }],
  // A browser or a proxy may say what it likes: what is not known there is passed over.
  [undefined, 'max-age=soon, private, ttl=5, only-if-cached', NOTHING],
  // Its own header wins.
  ['ttl=7', 'no-store', { ...NOTHING, ttlMs: 7000 }],
])('x-signalbox-cache: %p with Cache-Control: %p', (own, control, wish) => {
  const headers = new Headers()
  if (own !== undefined) headers.set('x-signalbox-cache', own)
  if (control !== undefined) headers.set('cache-control', control)
  expect(readCacheWish(headers, true)).toEqual({ ...NOTHING, ...wish })
})

test.each(['soon', 'ttl', 'ttl=', 'ttl=-1', 'ttl=1.5', 'max-age=99999999999', 'no-cache', 'refresh=1'])(
  '%s is refused in the own header',
  (word) => {
    const headers = new Headers({ 'x-signalbox-cache': word })
    for (const isCached of [false, true])
      expect(() => readCacheWish(headers, isCached)).toThrow('it may hold no-store, refresh, ttl=<seconds> and max-age=<seconds>')
  },
)
