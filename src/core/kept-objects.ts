import type { BodyFilter } from './ports.ts'

/** A place at a provider. */
export interface Elsewhere {
  readonly provider: string
  /** Fingerprint of the key with which it was made: no other may reach it. */
  readonly key: string
  /** As the provider calls it, where that is not as its owner does. */
  readonly id?: string
}

/** What is known of a kept object without its content. */
export interface ObjectHead {
  /** Where its id is told apart from others: `responses`, `openai/files`. */
  readonly space: string
  readonly id: string
  /** A text that stands for the principal whose it is. To anybody else there is no such object. */
  readonly owner: string
  /** Who made it, for erasure. */
  readonly madeBy: { readonly team?: string; readonly user?: string; readonly keyId?: string }
  /** The call that made it. */
  readonly callId: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** Milliseconds since the epoch from which on there is none any more. Left out: it stays until it is removed. */
  readonly untilMs?: number
  /** Where the object itself stands, where that is not here: then an erasure here leaves the head, so that it can be reached. */
  readonly elsewhere?: Elsewhere
}

/** Something that a caller made and may ask for again: what the gateway keeps itself, or whose it is that a provider keeps under the gateway's own key. */
export interface KeptObject extends ObjectHead {
  /** Empty where only its owner is known here. */
  readonly bytes: Uint8Array
}

/** Where kept objects stand. Ids are told apart by their space. */
export interface ObjectStore {
  /**
   * Keeps an object, on disk before it resolves. One of the same owner is replaced.
   * @returns false where it is somebody else's: then nothing is changed
   * @throws store_unavailable, log_unavailable (as a rejection)
   */
  keep(object: KeptObject): Promise<boolean>
  /** Undefined where there is none, or none any more. @throws store_unavailable */
  get(space: string, id: string): Promise<KeptObject | undefined>
  /** Those of these ids that are known, without their content. @throws store_unavailable */
  heads(space: string, ids: readonly string[]): Promise<readonly ObjectHead[]>
  /** What an owner made last at a provider, in any space. @throws store_unavailable */
  latest(owner: string, provider: string): Promise<ObjectHead | undefined>
  /** Removes it whole. Returns whether it was there. @throws store_unavailable, log_unavailable */
  remove(space: string, id: string): Promise<boolean>
  /** Erases content; what stands elsewhere keeps its head. Returns how many had content. @throws invalid_request where nothing says what */
  erase(filter: BodyFilter): Promise<number>
}
