import type { Call } from '../../../core/call.ts'
import { GatewayError } from '../../../core/errors.ts'
import type { Json } from '../../../core/json.ts'
import type { ObjectHead, ObjectStore } from '../../../core/kept-objects.ts'
import { madeByOf, ownerOf, teamOwnerOf } from '../../owner.ts'
import type { PassedProvider } from '../types.ts'
import { type AskedObject, MAX_REFERENCES, type NamedObject, referencesIn, tooMany } from './find.ts'
import { ReferenceScanner } from './scan.ts'

/** Whoever looks at a body as it goes by. Undefined where there is nothing to wait for. */
export interface BodyWatch {
  /** @throws not_found where it names what is somebody else's; invalid_request where it names too much */
  piece(bytes: Uint8Array): Promise<void> | undefined
  /** @throws as `piece` */
  end(): Promise<void> | undefined
}

/** Whose is what stands at one provider, for one call. */
export class ObjectOwners {
  readonly #objects: ObjectStore
  readonly #call: Call
  readonly #to: PassedProvider
  readonly #owner: string

  constructor(objects: ObjectStore, call: Call, to: PassedProvider) {
    this.#objects = objects
    this.#call = call
    this.#to = to
    this.#owner = to.ownedBy === 'team' ? teamOwnerOf(call.principal) : ownerOf(call.principal)
  }

  /**
   * The key with which the object that is asked for was made; else that of what the caller made last, which belongs together.
   * @throws not_found where the object is not the caller's, as if there were none
   */
  async keyFor(asked: AskedObject | undefined): Promise<{ readonly keyId: string; readonly isNeeded: boolean } | undefined> {
    if (asked?.id !== undefined)
      return { keyId: this.#keyOf(asked.row.name, asked.id, await this.#heads(asked.row.name, [asked.id])), isNeeded: true }
    const { provider } = this.#to.target
    const latest = await this.#objects.latest(this.#owner, provider)
    return latest?.elsewhere === undefined ? undefined : { keyId: latest.elsewhere.key, isNeeded: asked?.ask === 'list' }
  }

  /**
   * The key with which everything was made that a body names; undefined where it names nothing.
   * @throws not_found where it names what is not the caller's
   */
  async keyForBody(body: Json): Promise<{ readonly keyId: string; readonly isNeeded: boolean } | undefined> {
    const named = referencesIn(this.#to.objects, body)
    let keyId: string | undefined
    const kinds = Map.groupBy(named, ({ id }) => id)
    for (const [id, candidates] of kinds) {
      const heads = (await Promise.all(candidates.map(({ row }) => this.#heads(row, [id])))).flat()
      keyId = this.#keyOf(candidates[0]?.row ?? '', id, heads)
    }
    return keyId === undefined ? undefined : { keyId, isNeeded: true }
  }

  /** @throws not_found where a body names what is somebody else's; what is nobody's passes */
  async refuseForeign(body: Json): Promise<void> {
    const kinds = Map.groupBy(referencesIn(this.#to.objects, body), ({ id }) => id)
    for (const [id, candidates] of kinds) {
      const heads = (await Promise.all(candidates.map(({ row }) => this.#heads(row, [id])))).flat()
      if (heads.length > 0) this.#keyOf(candidates[0]?.row ?? '', id, heads)
    }
  }

  /**
   * Looks at a body that is no JSON as it goes by. Each piece is to be sent on only once this has resolved for it.
   */
  watch(): BodyWatch {
    const scanner = new ReferenceScanner(this.#to.objects)
    const known = new Set<string>()
    const check = (names: readonly string[]): Promise<void> | undefined => {
      const fresh = names.filter((name) => !known.has(name))
      for (const name of fresh) known.add(name)
      if (known.size > MAX_REFERENCES) throw tooMany()
      return fresh.length === 0 ? undefined : this.refuseForeign(fresh)
    }
    return { piece: (bytes) => check(scanner.push(bytes)), end: () => check(scanner.end()) }
  }

  /** Those of these ids that are the caller's. */
  async ownOf(row: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const heads = ids.length === 0 ? [] : await this.#heads(row, ids)
    return new Set(heads.filter(({ owner }) => owner === this.#owner).map(({ id }) => id))
  }

  /** Makes them the caller's, on disk before it resolves. What is somebody else's stays so. */
  async claim(named: readonly NamedObject[], keyId: string): Promise<void> {
    const { provider } = this.#to.target
    for (const { row, id } of named) {
      const [known] = await this.#heads(row, [id])
      if (known !== undefined) continue
      await this.#objects.keep({
        ...{ space: this.#spaceOf(row), id, owner: this.#owner, madeBy: madeByOf(this.#call.principal), callId: this.#call.id },
        ...{ atMs: this.#call.world.now(), elsewhere: { provider, key: keyId }, bytes: NOTHING },
      })
    }
  }

  /** It was deleted at the provider. */
  async release(row: string, id: string): Promise<void> {
    await this.#objects.remove(this.#spaceOf(row), id)
  }

  #keyOf(row: string, id: string, heads: readonly ObjectHead[]): string {
    const own = heads.find(({ owner }) => owner === this.#owner)
    if (own?.elsewhere !== undefined) return own.elsewhere.key
    throw new GatewayError(
      'not_found',
      `There is nothing of yours called "${id.slice(0, 100)}" among the ${row} at ${this.#to.target.provider}.`,
    )
  }

  #heads(row: string, ids: readonly string[]): Promise<readonly ObjectHead[]> {
    return this.#objects.heads(this.#spaceOf(row), ids)
  }

  #spaceOf(row: string): string {
    return `${this.#to.target.provider}/${row}`
  }
}

const NOTHING = new Uint8Array(0)
