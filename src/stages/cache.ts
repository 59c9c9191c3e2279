import type { AnswerCache, CachedAnswer, CachedPart, Likeness } from '../core/answer-cache.ts'
import type { Call } from '../core/call.ts'
import type { Ending } from '../core/reply.ts'
import { Reply } from '../core/reply.ts'
import { type Shared, share } from '../core/share.ts'
import { type Handler, type Stage, tap, whenEnded } from '../core/stage.ts'

/** How one call uses the cache. */
export interface CachePlan {
  /** Key of the question as it was written. Equal questions that come at the same time share one answer. */
  readonly exactKey: string
  /** Keys of the same question written otherwise. Asked only where nothing is found under the exact one. */
  readonly otherKeys: () => readonly string[]
  /** Whose answers may be used. */
  readonly scope: string
  readonly ttlMs: number
  /** Not looked for, but kept: the caller wants a new one. */
  readonly isRefresh: boolean
  /** An older one than this is not given out. */
  readonly maxAgeMs?: number
  readonly maxBytes: number
  /** Finds out what the question means. Left out: only equal questions match. A rejection is a miss. */
  readonly similar?: { readonly threshold: number; readonly likenessOf: () => Promise<Likeness | undefined> }
}

/** What the stage needs to know of the layer that it serves. */
export interface CacheDeps<In, Part> {
  readonly cache: () => AnswerCache | undefined
  /** Undefined where this call has nothing to do with the cache. */
  readonly planOf: (call: Call, input: In) => CachePlan | undefined
  readonly bytesOf: (part: Part) => Uint8Array
  /** Whether a reply that ended `ok` may be given out again: one that was filtered, say, may not. */
  readonly isWorthKeeping: (call: Call) => boolean
  readonly describe: (call: Call, input: In) => Pick<CachedAnswer, 'model' | 'provider' | 'target' | 'wire' | 'isStream'>
  /** The answer for this caller, or undefined where it is not readable (any more). */
  readonly replay: (call: Call, input: In, answer: CachedAnswer) => Reply<Part> | undefined
  /** Sees each part of an answer that was not made for this call: what stands inside of this stage has not. */
  readonly seeGiven?: (call: Call, input: In, part: Part) => void
}

/** Bytes of an answer that is being made which are kept for those who join. */
const SHARED_BYTES = 1024 * 1024

/**
 * Gives out answers that are there already, and does the work once for equal calls that come at the same time: each of them has a reply
 * of its own, whoever began it may leave, and the work ends when nobody is left. A hit costs nothing, and passes everything outside of
 * this stage, guards among them.
 */
export function cache<In, Part>(deps: CacheDeps<In, Part>): Stage<In, Part> {
  const flights = new Map<string, Shared<Part>>()
  return (call, input, next) => {
    const store = deps.cache()
    const plan = store === undefined ? undefined : deps.planOf(call, input)
    if (store === undefined || plan === undefined) return next(call, input)
    return new CachedCall(deps, { store, plan, call, input, flights }).answer(next)
  }
}

interface Asked<In, Part> {
  readonly store: AnswerCache
  readonly plan: CachePlan
  readonly call: Call
  readonly input: In
  readonly flights: Map<string, Shared<Part>>
}

class CachedCall<In, Part> {
  readonly #deps: CacheDeps<In, Part>
  readonly #asked: Asked<In, Part>
  #others: readonly string[] | undefined

  constructor(deps: CacheDeps<In, Part>, asked: Asked<In, Part>) {
    this.#deps = deps
    this.#asked = asked
  }

  answer(next: Handler<In, Part>): Promise<Reply<Part>> {
    const { store, plan, call } = this.#asked
    if (plan.isRefresh) {
      call.record.facts.cache = { result: 'refresh' }
      return this.#make(next, undefined)
    }
    const known = store.find([plan.exactKey], call.world.now())
    return this.#answerBy(known, next)
  }

  /** @param found what the exact question has; only another machine's memory is waited for */
  async #answerBy(found: CachedAnswer | undefined | Promise<CachedAnswer | undefined>, next: Handler<In, Part>): Promise<Reply<Part>> {
    const { plan, call } = this.#asked
    const exact = found instanceof Promise ? await found : found
    const answer = exact ?? (await this.#written())
    if (answer !== undefined && this.#isFit(answer)) {
      await call.record.start()
      const known = this.#give(answer, undefined)
      if (known !== undefined) return known
    }
    const joined = this.#join()
    if (joined !== undefined) return joined
    if (plan.similar === undefined) return this.#miss(next, undefined)
    const likeness = await plan.similar.likenessOf().catch(() => undefined)
    if (likeness === undefined) return this.#miss(next, undefined)
    const alike = await this.#similar(likeness, plan.similar.threshold)
    return alike ?? this.#join() ?? this.#miss(next, likeness)
  }

  /** The answer to the same question written otherwise. */
  #written(): CachedAnswer | undefined | Promise<CachedAnswer | undefined> {
    const { store, call } = this.#asked
    return store.find(this.#otherKeys(), call.world.now())
  }

  #otherKeys(): readonly string[] {
    this.#others ??= this.#asked.plan.otherKeys()
    return this.#others
  }

  async #similar(likeness: Likeness, threshold: number): Promise<Reply<Part> | undefined> {
    const { store, call } = this.#asked
    const found = await store.findSimilar(likeness, threshold, call.world.now())
    if (found === undefined || !this.#isFit(found.answer)) return undefined
    await call.record.start()
    return this.#give(found.answer, found.similarity)
  }

  #isFit({ scope, storedAtMs }: CachedAnswer): boolean {
    const { plan, call } = this.#asked
    // The key is a hash over the scope: this can only be another's by an error of a store, and must not be given out even then.
    if (scope !== plan.scope) return false
    return plan.maxAgeMs === undefined || call.world.now() - storedAtMs <= plan.maxAgeMs
  }

  /** What can be given out. The call has been recorded by now: what cannot be recorded is not answered, though nothing leaves the process. */
  #give(answer: CachedAnswer, similarity: number | undefined): Reply<Part> | undefined {
    const { store, call, input } = this.#asked
    const reply = this.#deps.replay(call, input, answer)
    if (reply === undefined) {
      store.drop(answer.id)
      return undefined
    }
    const { facts } = call.record
    const ageMs = Math.max(0, call.world.now() - answer.storedAtMs)
    facts.cache = { result: similarity === undefined ? 'hit' : 'similar', ageMs, similarity, savedNanoUsd: answer.costNanoUsd }
    facts.provider = answer.provider
    facts.target = answer.target
    facts.costNanoUsd = 0
    return this.#watchGiven(reply)
  }

  #watchGiven(reply: Reply<Part>): Reply<Part> {
    const { seeGiven } = this.#deps
    const { call, input } = this.#asked
    return seeGiven === undefined ? reply : tap(reply, (part) => seeGiven(call, input, part))
  }

  /** The work of another call that asks the same, where one is under way. */
  #join(): Promise<Reply<Part>> | undefined {
    const { plan, call, flights } = this.#asked
    const joined = flights.get(plan.exactKey)?.join(call.signal)
    if (joined === undefined) return undefined
    const { facts } = call.record
    facts.cache = { result: 'shared' }
    facts.costNanoUsd = 0
    return call.record.start().then(async () => this.#watchGiven(await joined))
  }

  #miss(next: Handler<In, Part>, likeness: Likeness | undefined): Promise<Reply<Part>> {
    this.#asked.call.record.facts.cache = { result: 'miss' }
    return this.#make(next, likeness)
  }

  /** Does the work under a signal of its own, so that whoever began it may leave; its cost stays on that call's record. */
  #make(next: Handler<In, Part>, likeness: Likeness | undefined): Promise<Reply<Part>> {
    const { plan, call, input, flights } = this.#asked
    const key = plan.exactKey
    const over = Promise.withResolvers<void>()
    const work = share<Part>(
      (signal) => {
        const end = (): undefined => {
          if (flights.get(key) === work) flights.delete(key)
          over.resolve()
        }
        const reply = next({ ...call, signal }, input).then((made) => this.#watch(made, likeness))
        return whenEnded(reply, end)
      },
      { maxBytes: SHARED_BYTES, sizeOf: (part) => this.#deps.bytesOf(part).length },
    )
    flights.set(key, work)
    const own = work.join(call.signal)
    if (own === undefined) return next(call, input)
    call.record.awaitWork(over.promise)
    return own
  }

  /** Gathers what goes by, and keeps it where it ended well. */
  #watch(reply: Reply<Part>, likeness: Likeness | undefined): Reply<Part> {
    const { plan, call } = this.#asked
    const parts: CachedPart[] = []
    let size = 0
    let beganMs: number | undefined
    tap(reply, (part) => {
      const bytes = this.#deps.bytesOf(part)
      size += bytes.length
      beganMs ??= call.world.monotonicMs()
      if (size > plan.maxBytes) parts.length = 0
      else parts.push({ bytes, afterMs: Math.round(call.world.monotonicMs() - beganMs) })
    })
    return whenEnded(reply, (ending) => this.#keep(ending, size > plan.maxBytes ? [] : parts, likeness))
  }

  #keep(ending: Ending, parts: readonly CachedPart[], likeness: Likeness | undefined): undefined {
    const { store, plan, call, input } = this.#asked
    if (ending.outcome !== 'ok' || parts.length === 0 || !this.#deps.isWorthKeeping(call)) return
    const nowMs = call.world.now()
    const { team, user, keyId, labels } = call.principal
    store.keep({
      ...this.#deps.describe(call, input),
      id: plan.exactKey,
      keys: [plan.exactKey, ...this.#otherKeys()],
      scope: plan.scope,
      labels,
      storedAtMs: nowMs,
      expiresAtMs: nowMs + plan.ttlMs,
      parts,
      callId: call.id,
      ...(team === undefined ? {} : { team }),
      ...(user === undefined ? {} : { user }),
      ...(keyId === undefined ? {} : { keyId }),
      ...(ending.costNanoUsd === undefined ? {} : { costNanoUsd: ending.costNanoUsd }),
      ...(likeness === undefined ? {} : { likeness }),
    })
  }
}

/** Gives out parts with the pauses that they first had. */
export function replayTimed<Part>(call: Call, parts: readonly { readonly part: Part; readonly afterMs: number }[]): Reply<Part> {
  let position = 0
  const beganMs = call.world.monotonicMs()
  return new Reply<Part>(
    {
      pull: async () => {
        const next = parts[position++]
        if (next === undefined) return undefined
        const waitMs = next.afterMs - (call.world.monotonicMs() - beganMs)
        if (waitMs > 0) await call.world.sleep(waitMs, call.signal)
        return next.part
      },
      cancel: () => {},
    },
    call.signal,
  )
}
