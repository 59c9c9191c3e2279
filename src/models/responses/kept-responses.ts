import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { KeptObject, ObjectStore } from '../../core/kept-objects.ts'
import type { BodyFilter, BodyKeeping } from '../../core/ports.ts'
import type { World } from '../../core/world.ts'
import type { KeptResponse } from '../dialects/openai-responses/kept.ts'
import type { ResponsesConfig } from './config.ts'
import { MemoryResponses } from './memory-store.ts'

const MEMORY_BYTES = 64 * 1024 * 1024
/** A store that hangs holds a reply up for so long; then the response is kept in memory. */
const STORE_WAIT_MS = 2000

/** What keeping responses needs of the rest. */
export interface KeptResponsesDeps {
  readonly world: World
  readonly objects: ObjectStore
  readonly keeping: BodyKeeping
  readonly settings: () => ResponsesConfig
}

/** Where a response is kept: the less of what the configuration and the body policy allow. */
export type Keep = 'durable' | 'memory' | 'off'

/** The text and the head of what is written down. */
interface Written {
  readonly response: JsonObject
  readonly input: readonly JsonObject[]
  readonly previousId?: string
}

/**
 * Responses that are kept for their callers: in the store as far as the policy allows texts to be written down, else in memory. Whose a
 * response is that a provider keeps too is written down in each case, for that is no text.
 */
export class KeptResponses {
  readonly #deps: KeptResponsesDeps
  readonly #memory: MemoryResponses

  constructor(deps: KeptResponsesDeps) {
    this.#deps = deps
    this.#memory = new MemoryResponses(deps.world, { maxBytes: MEMORY_BYTES, ttlMs: () => deps.settings().retention })
  }

  /** Where a response of this call is kept. */
  where(call: Call): Keep {
    const { keep } = this.#deps.settings()
    if (keep !== 'policy') return keep
    return this.#deps.keeping.detailFor(call.principal, call.record.facts.subject) === 'full' ? 'durable' : 'memory'
  }

  /** Keeps a response, on disk before it resolves where it goes there. Undefined, and nothing to wait for, where it is in memory alone. */
  put(kept: KeptResponse, where: Keep): Promise<void> | undefined {
    if (where === 'off') return undefined
    const { response, input, previousId } = kept
    const written: Written = { response, input, ...(previousId === undefined ? {} : { previousId }) }
    const bytes = new TextEncoder().encode(JSON.stringify(written))
    const isKept = bytes.length <= this.#deps.settings().maxSize
    if (isKept && where === 'memory') this.#memory.put(kept, bytes.length)
    if (where === 'memory' && kept.elsewhere === undefined) return undefined
    if (!isKept && kept.elsewhere === undefined) return undefined
    return this.#write({ ...this.#headOf(kept), bytes: isKept && where === 'durable' ? bytes : NOTHING }, kept, bytes.length)
  }

  /** Of this owner. `content` is absent where only a provider has it. @throws store_unavailable */
  async get(owner: string, id: string): Promise<FoundResponse | undefined> {
    const held = this.#memory.get(owner, id)
    if (held !== undefined) return { content: held, elsewhere: held.elsewhere }
    const object = await this.#deps.objects.get(spaceOf(owner), id)
    if (object === undefined) return undefined
    const { madeBy, callId, atMs: keptAtMs, elsewhere } = object
    if (object.bytes.length === 0) return { content: undefined, elsewhere }
    // What was written by `put`.
    const written = JSON.parse(new TextDecoder().decode(object.bytes)) as Written
    return { content: { id, owner, madeBy, callId, keptAtMs, ...written, ...(elsewhere && { elsewhere }) }, elsewhere }
  }

  /** @throws store_unavailable, log_unavailable */
  async delete(owner: string, id: string): Promise<void> {
    this.#memory.delete(owner, id)
    await this.#deps.objects.remove(spaceOf(owner), id)
  }

  /** Erases what is in memory. Returns how many those were. */
  erase(filter: BodyFilter): number {
    return this.#memory.erase(filter)
  }

  async #write(object: KeptObject, kept: KeptResponse, sizeBytes: number): Promise<void> {
    const { world, objects } = this.#deps
    const late = Promise.withResolvers<never>()
    const cancel = world.after(STORE_WAIT_MS, () => late.reject(new GatewayError('store_unavailable', 'The store took too long.')))
    try {
      await Promise.race([objects.keep(object), late.promise])
    } catch {
      // Readiness tells of a store that is away. Here at least it can be continued until the process ends.
      if (object.bytes.length > 0) this.#memory.put(kept, sizeBytes)
    } finally {
      cancel()
    }
  }

  #headOf({ id, owner, madeBy, callId, keptAtMs, elsewhere }: KeptResponse): Omit<KeptObject, 'bytes'> {
    const untilMs = keptAtMs + this.#deps.settings().retention
    return { space: spaceOf(owner), id, owner, madeBy, callId, atMs: keptAtMs, untilMs, ...(elsewhere && { elsewhere }) }
  }
}

/** A response of a caller. */
export interface FoundResponse {
  readonly content: KeptResponse | undefined
  readonly elsewhere: KeptObject['elsewhere'] | undefined
}

const NOTHING = new Uint8Array(0)

/** A space an owner: an answer of the cache has the same id for each of its callers. */
function spaceOf(owner: string): string {
  return `responses ${owner}`
}
