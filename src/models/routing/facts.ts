import type { Call, Principal } from '../../core/call.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { RequestNeeds } from '../../core/route-explanation.ts'
import { fullTextOf, type ModelRequest } from '../types.ts'
import { readNeeds, readShape } from './shape.ts'
import type { RequestFacts, RequestShape } from './types.ts'

/** What a route looks at. The body is read again only where a route asks for what is in it. */
export class CallFactsForRoute implements RequestFacts {
  readonly principal: Principal
  readonly isStream: boolean
  readonly promptHash: string | undefined
  readonly #request: Pick<ModelRequest, 'text' | 'elided'>
  readonly #session: (() => string | undefined) | undefined
  #needs: RequestNeeds | undefined
  #shape: RequestShape | undefined

  /** @param session what the client's headers name its session by */
  constructor(
    { principal }: Pick<Call, 'principal'>,
    request: Pick<ModelRequest, 'text' | 'elided' | 'isStream' | 'prompt'>,
    session?: () => string | undefined,
  ) {
    this.principal = principal
    this.isStream = request.isStream
    this.promptHash = request.prompt.hash
    this.#request = request
    this.#session = session
  }

  get session(): string | undefined {
    return this.#session?.() ?? this.shape.cacheKey
  }

  get needs(): RequestNeeds {
    this.#needs ??= this.#shape ?? readNeeds(bodyOf(this.#request.text))
    return this.#needs
  }

  get shape(): RequestShape {
    this.#shape ??= readShape(bodyOf(fullTextOf(this.#request)))
    return this.#shape
  }
}

function bodyOf(text: string): JsonObject {
  // It was decoded before: it is JSON.
  const body: unknown = JSON.parse(text)
  return isObject(body) ? body : {}
}
