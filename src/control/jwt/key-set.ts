import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { GatewayError } from '../../core/errors.ts'
import { fetchGuarded, type GuardedWorld } from '../../core/guarded-fetch.ts'
import { isObject, type JsonObject, parseJson } from '../../core/json.ts'
import type { World } from '../../core/world.ts'
import { addressProblem, isOwnMachine } from './addresses.ts'
import type { IssuerRules } from './config.ts'

/** After this, keys are fetched anew before they are used. */
const FRESH_MS = 10 * 60_000
/** An issuer that cannot be reached is believed by the keys that it had for so long. */
const STALE_MS = 24 * 3_600_000
/** Between two fetches for a key that is not there, or after one that failed: a flood of bad tokens must not become one at the issuer. */
const COOLDOWN_MS = 30_000
const ANSWER_MS = 5_000
const MOST_BYTES = 512 * 1024
const MOST_KEYS = 200
const MOST_REDIRECTS = 3

/** What of a world is needed. */
export type KeyWorld = GuardedWorld & Pick<World, 'now'>

/** The public keys of one issuer, fetched when they are needed, once for all who wait. */
export class KeySet {
  readonly #world: KeyWorld
  readonly #rules: IssuerRules
  #keys: JWTVerifyGetKey | undefined
  #ids: ReadonlySet<string> = new Set()
  #fetchedAtMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #failure: GatewayError | undefined
  #fetching: Promise<void> | undefined

  constructor(world: KeyWorld, rules: IssuerRules) {
    this.#world = world
    this.#rules = rules
  }

  /**
   * The keys, fresh enough for a token of this key id.
   * @throws issuer_unreachable
   */
  async get(keyId: string | undefined): Promise<JWTVerifyGetKey> {
    const ageMs = this.#world.now() - this.#fetchedAtMs
    const isMissing = keyId !== undefined && !this.#ids.has(keyId)
    if (ageMs > FRESH_MS || isMissing) await this.#refresh()
    if (this.#keys !== undefined && this.#world.now() - this.#fetchedAtMs <= STALE_MS) return this.#keys
    throw this.#failure ?? unreachable('did not give its keys')
  }

  #refresh(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching
    if (this.#world.now() - this.#triedAtMs < COOLDOWN_MS) return Promise.resolve()
    this.#triedAtMs = this.#world.now()
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetch(): Promise<void> {
    try {
      const keys = await this.#fetchKeys()
      this.#keys = createLocalJWKSet(keys)
      this.#ids = new Set(keys.keys.flatMap(({ kid }) => (kid === undefined ? [] : [kid])))
      this.#fetchedAtMs = this.#world.now()
      this.#failure = undefined
    } catch (thrown) {
      // Told to whoever needs a key that is not there; the keys of before go on.
      this.#failure = thrown instanceof GatewayError ? thrown : unreachable('gave keys that cannot be read', thrown)
    }
  }

  async #fetchKeys(): Promise<JSONWebKeySet> {
    const { issuer, jwks } = this.#rules
    const address = jwks ?? (await this.#discover(issuer))
    const { keys } = await this.#fetchObject(address)
    if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_KEYS) throw unreachable(`gave no list of 1 to ${MOST_KEYS} keys`)
    // jose looks at each field of a key before it uses it, and leaves out symmetric ones for the algorithms that are allowed.
    return { keys: keys.filter(isObject) } as JSONWebKeySet
  }

  async #discover(issuer: string): Promise<string> {
    const document = await this.#fetchObject(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    // https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation (read 2026-11-21): they must be identical.
    if (document.issuer !== issuer) throw unreachable('says of itself that it is another issuer')
    if (typeof document.jwks_uri !== 'string') throw unreachable('does not say where its keys are')
    return document.jwks_uri
  }

  async #fetchObject(address: string): Promise<JsonObject> {
    const { allowPrivate } = this.#rules
    const problemOf = (url: string) => addressProblem(url, allowPrivate)
    const problem = problemOf(address)
    if (problem !== undefined) throw unreachable(`has its keys at an address that ${problem}`)
    const { status, text } = await fetchGuarded(this.#world, {
      url: address,
      method: 'GET',
      headers: {},
      deadlineMs: ANSWER_MS,
      maxReplyBytes: MOST_BYTES,
      // What says of itself that it is this machine was looked at above; a name that turns out to be is none of these.
      allowPrivate: allowPrivate || isOwnMachine(address),
      redirects: {
        most: MOST_REDIRECTS,
        problemOf: (url) => (isOwnMachine(url) && !isOwnMachine(address) ? 'is this machine' : problemOf(url)),
      },
      fail: unreachable,
    })
    if (status !== 200) throw unreachable(`answered with status ${status} when it was asked for its keys`)
    const value = parseJson(text)
    if (!isObject(value)) throw unreachable('answered with something that is no JSON object')
    return value
  }
}

function unreachable(what: string, cause?: unknown): GatewayError {
  const message = `The issuer of the token ${what}, so the token could not be checked. Try again, or use a key.`
  return new GatewayError('issuer_unreachable', message, {
    retryAfterSeconds: COOLDOWN_MS / 1000,
    ...(cause === undefined ? {} : { cause }),
  })
}
