import { field, REFERENCE, Refused } from './fields.ts'
import { hasPassword } from './postgres-url.ts'
import { Secret } from './secret.ts'

/** Where replicas share what is not worth a database. The URL is a reference where it holds a password. */
export type SharedPlace = { readonly type: 'none' } | { readonly type: 'redis'; readonly url: string | Secret }

const NO_PLACE = 'is no such place; write none, or redis://host:6379'

/** `none`, `redis://host:6379`, `rediss://…`, or `env:NAME` and `file:PATH`, which hold such a URL with its password. */
export function sharedPlace() {
  const doc = {
    unit: 'none, redis://… or a reference to it',
    pattern: '^(none|rediss?://.+|env:.+|file:.+)$',
    examples: ['none', 'redis://redis.internal:6379', 'env:REDIS_URL'],
  }
  return field<SharedPlace>(doc, (written) => {
    if (written === 'none') return { type: 'none' }
    if (typeof written !== 'string') return new Refused(NO_PLACE)
    if (REFERENCE.test(written)) return { type: 'redis', url: Secret.reference(written) }
    if (!isRedisUrl(written)) return new Refused(NO_PLACE)
    return hasPassword(written)
      ? new Refused('a password is never written here; write env:NAME or file:PATH that holds the whole URL (the value is not shown)')
      : { type: 'redis', url: written }
  })
}

/** What is wrong with what a reference refers to; undefined where nothing is, or it is not known yet. */
export function sharedPlaceProblem(place: SharedPlace): string | undefined {
  if (place.type === 'none' || !(place.url instanceof Secret) || !place.url.isResolved) return undefined
  return isRedisUrl(place.url.reveal()) ? undefined : 'what it refers to is not the URL of a Redis (the value is not shown)'
}

function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//.test(text) && URL.canParse(text)
}
