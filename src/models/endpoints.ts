import { nearestWord } from '../core/did-you-mean.ts'
import { dialects } from './dialects/index.ts'
import { isPassedPath, METHODS, type Method } from './passthrough/rules.ts'
import type { Operation, WireName } from './types.ts'

/** What stands at a path. */
export interface Endpoint {
  readonly methods: readonly Method[]
  readonly action: 'models.call' | 'models.list' | 'models.kept' | 'models.passthrough'
  readonly wire: WireName
  readonly operation: Operation
  /** What is asked about a kept response. */
  readonly kept?: 'response' | 'input_items' | 'cancel'
  /** Whether the path asks for a stream. */
  readonly isStream?: boolean
}

/** An endpoint that a request was sent to, with the model that its path names. */
export interface FoundEndpoint {
  readonly endpoint: Endpoint
  readonly model?: string
}

interface Pattern {
  readonly prefix: string
  readonly suffix: string
  readonly endpoint: Endpoint
}

/** What a path names: a model, or a kept response. */
const NAMED = /\{(?:model|response)\}/
const listOf = (wire: WireName): Endpoint => ({ methods: ['GET'], action: 'models.list', wire, operation: 'generate' })

/** What is asked about a kept response; its id is read as a model's name is elsewhere. */
const KEPT = { action: 'models.kept', wire: 'openai-responses', operation: 'generate' } as const

const CALLS: readonly (readonly [path: string, endpoint: Endpoint])[] = Object.values(dialects).flatMap(({ wire, endpoints }) =>
  endpoints.map(({ path, ...said }): readonly [string, Endpoint] => [path, { methods: ['POST'], action: 'models.call', wire, ...said }]),
)
const ALL: readonly (readonly [path: string, endpoint: Endpoint])[] = [
  ...CALLS,
  ['/v1/models', listOf('openai-chat')],
  ['/v1beta/models', listOf('gemini')],
  ['/v1/responses/{response}/input_items', { ...KEPT, methods: ['GET'], kept: 'input_items' }],
  ['/v1/responses/{response}/cancel', { ...KEPT, methods: ['POST'], kept: 'cancel' }],
  ['/v1/responses/{response}', { ...KEPT, methods: ['GET', 'DELETE'], kept: 'response' }],
  // Behind those that have a method at their end.
  ['/v1/models/{model}', listOf('openai-chat')],
  ['/v1beta/models/{model}', listOf('gemini')],
]

/** What a provider's configuration lists; refusals are in the shape of the wire that most providers speak. */
const PASSED: FoundEndpoint = {
  endpoint: { methods: METHODS, action: 'models.passthrough', wire: 'openai-chat', operation: 'generate' },
}

const EXACT: ReadonlyMap<string, FoundEndpoint> = new Map(
  ALL.filter(([path]) => !NAMED.test(path)).map(([path, endpoint]) => [path, { endpoint }]),
)
const PATTERNS: readonly Pattern[] = ALL.filter(([path]) => NAMED.test(path)).map(([path, endpoint]) => {
  const [prefix = '', suffix = ''] = path.split(NAMED)
  return { prefix, suffix, endpoint }
})

/** Every path that is answered, as docs and refusals name it. */
export const PATHS: readonly string[] = [...ALL.map(([path]) => path), '/passthrough/{provider}/{path}']

/** What stands at a path, or undefined. */
export function findEndpoint(path: string): FoundEndpoint | undefined {
  const exact = EXACT.get(path)
  if (exact !== undefined) return exact
  if (isPassedPath(path)) return PASSED
  for (const { prefix, suffix, endpoint } of PATTERNS) {
    if (path.length <= prefix.length + suffix.length || !path.startsWith(prefix) || !path.endsWith(suffix)) continue
    const model = decodeName(path.slice(prefix.length, path.length - suffix.length))
    if (model !== undefined) return { endpoint, model }
  }
  return undefined
}

/** The path that was meant by one that clients make of a base URL with the version, or a slash, too many; undefined where none is near. */
export function meantPath(path: string): string | undefined {
  const meant = path
    .replace(/\/{2,}/g, '/')
    .replace(/^(\/v1(?:beta)?)(?:\/v1(?:beta)?)+(?=\/)/, '$1')
    .replace(/\/$/, '')
  return meant !== path && findEndpoint(meant) !== undefined ? meant : undefined
}

/** Longer paths are no typing mistakes. */
const LONGEST_TYPO = 40

/** The path that a typing mistake most likely meant; undefined where none is near. */
export function nearestPath(path: string): string | undefined {
  return path.length > LONGEST_TYPO ? undefined : nearestWord(path, EXACT.keys())
}

/** The wire in which a request is answered: that of its endpoint, else the one that it looks like. */
export function wireOf(path: string, headers: Headers, endpoint: Endpoint | undefined): WireName {
  const isCall = endpoint?.action === 'models.call' || endpoint?.action === 'models.passthrough'
  if (!isCall && headers.has('anthropic-version')) return 'anthropic-messages'
  return endpoint?.wire ?? (path.startsWith('/v1beta') ? 'gemini' : 'openai-chat')
}

/** A name in a path as it is meant; undefined where its escapes are none. */
function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
