import { dialects } from './dialects/index.ts'
import type { Operation, WireName } from './types.ts'

/** What stands at a path. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly action: 'models.call' | 'models.list'
  readonly wire: WireName
  readonly operation: Operation
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

const MODEL = '{model}'
const OPENAI_LIST: Endpoint = { method: 'GET', action: 'models.list', wire: 'openai-chat', operation: 'generate' }

const CALLS: readonly (readonly [path: string, endpoint: Endpoint])[] = Object.values(dialects).flatMap(({ wire, endpoints }) =>
  endpoints.map(({ path, ...said }): readonly [string, Endpoint] => [path, { method: 'POST', action: 'models.call', wire, ...said }]),
)
const ALL: readonly (readonly [path: string, endpoint: Endpoint])[] = [...CALLS, ['/v1/models', OPENAI_LIST]]

const EXACT: ReadonlyMap<string, Endpoint> = new Map(ALL.filter(([path]) => !path.includes(MODEL)))
const PATTERNS: readonly Pattern[] = ALL.filter(([path]) => path.includes(MODEL)).map(([path, endpoint]) => {
  const [prefix = '', suffix = ''] = path.split(MODEL)
  return { prefix, suffix, endpoint }
})

/** Every path that is answered, as docs and refusals name it. */
export const PATHS: readonly string[] = ALL.map(([path]) => path)

/** What stands at a path, or undefined. */
export function findEndpoint(path: string): FoundEndpoint | undefined {
  const exact = EXACT.get(path)
  if (exact !== undefined) return { endpoint: exact }
  for (const { prefix, suffix, endpoint } of PATTERNS) {
    if (path.length <= prefix.length + suffix.length || !path.startsWith(prefix) || !path.endsWith(suffix)) continue
    const model = decodeName(path.slice(prefix.length, path.length - suffix.length))
    if (model !== undefined) return { endpoint, model }
  }
  return undefined
}

/** A name in a path as it is meant; undefined where its escapes are none. */
function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
