import type { Call, Principal } from '../../core/call.ts'
import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { CachePlan } from '../../stages/cache.ts'
import { dialectOf } from '../dialects/index.ts'
import type { ModelRequest, Target } from '../types.ts'
import { canonicalJson, isUnambiguous, joined, keyOf } from './canonical.ts'
import { type Embedder, likenessOf } from './semantic.ts'
import type { CacheScope, CacheSettings } from './settings.ts'
import type { CacheWish } from './wish.ts'

/** One question, and who would answer it. */
export interface Question {
  readonly request: ModelRequest
  /** Everything that may answer, as `textOfTargets` gives it: a change of any makes another question of it. */
  readonly targets: string
  readonly settings: CacheSettings | undefined
  readonly wish: CacheWish
}

/** What says who may answer. */
export function textOfTargets(targets: readonly Pick<Target, 'provider' | 'id' | 'wire' | 'url'>[]): string {
  return joined(targets.flatMap(({ provider, id, wire, url }) => [provider, id, wire, url]))
}

/** How a call uses the cache; undefined where nothing of it may be kept. */
export function planCache(call: Call, question: Question, embedderOf: (name: string) => Embedder | undefined): CachePlan | undefined {
  const { request, settings, wish } = question
  if (settings === undefined || wish.isOff || request.operation === 'count-tokens') return undefined
  const scope = scopeOf(call.principal, settings.scope)
  const { operation, model, wire, isStream, text } = request
  const base = joined([scope, operation, model, question.targets])
  const headers = ownHeaders(request)
  const embedder = settings.semantic === undefined ? undefined : embedderOf(settings.semantic.embedder)
  return {
    exactKey: keyOf('exact', joined([base, wire, isStream ? 'stream' : 'whole', headers, text])),
    otherKeys: () => otherKeys(base, headers, request),
    scope,
    ttlMs: Math.min(wish.ttlMs ?? settings.ttlMs, settings.ttlMs),
    isRefresh: wish.isRefresh,
    maxBytes: settings.maxAnswerBytes,
    ...(wish.maxAgeMs === undefined ? {} : { maxAgeMs: wish.maxAgeMs }),
    ...(settings.semantic === undefined || embedder === undefined || request.operation !== 'generate'
      ? {}
      : {
          similar: {
            threshold: settings.semantic.threshold,
            likenessOf: likenessOf({ call, request, scope, targets: base, settings: settings.semantic, embedder }),
          },
        }),
  }
}

/** What the caller's headers ask for, where it is more than every caller of the wire asks for. */
function ownHeaders({ wire, headers = {} }: ModelRequest): string {
  const usual = dialectOf(wire).headers ?? {}
  const own = Object.entries(headers).filter(([name, value]) => usual[name] !== value)
  return own.length === 0 ? '' : JSON.stringify(own)
}

/** A principal without a team or a user is known by its key: nothing is shared by those of whom nothing is known. */
function scopeOf({ organisation, team, user, keyId }: Principal, scope: CacheScope): string {
  if (scope === 'organisation') return JSON.stringify(['organisation', organisation])
  if (scope === 'team' && team !== undefined) return JSON.stringify(['team', organisation, team])
  if (user !== undefined) return JSON.stringify(['user', organisation, team ?? '', user])
  return JSON.stringify(['key', organisation, team ?? '', keyId ?? ''])
}

/** Keys of the same question written otherwise: with other spaces and order, as a stream or whole, in another wire. */
function otherKeys(base: string, headers: string, request: ModelRequest): readonly string[] {
  const keys: string[] = []
  try {
    const value: unknown = JSON.parse(request.text)
    // Who writes a question that two read as two could else lay an answer in the way of somebody who asks the one.
    if (!isUnambiguous(request.text, value)) return []
    keys.push(keyOf('canonical', joined([base, request.wire, headers, canonicalJson(withoutStream(value))])))
    if (request.operation === 'generate' && headers === '') {
      const { losses, ...neutral } = request.neutral()
      // What the neutral form cannot say would be left out of the comparison.
      if (losses.length === 0) keys.push(keyOf('neutral', joined([base, canonicalJson(asJson(neutral))])))
    }
  } catch {
    // Nested too deep, or not what its wire says: such a question equals only itself, and its provider says what is wrong with it.
  }
  return keys
}

const STREAM_KEYS: ReadonlySet<string> = new Set(['stream', 'stream_options'])

function withoutStream(value: unknown): JsonObject {
  const entries = isObject(value) ? Object.entries(value) : []
  return Object.fromEntries(entries.filter(([key]) => !STREAM_KEYS.has(key)))
}

/** The neutral form holds nothing but what JSON can say. */
function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
