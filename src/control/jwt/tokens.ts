import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Labels, Principal } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { readClaims, type TokenClaims } from './claims.ts'
import type { IssuerRules } from './config.ts'
import { KeySet, type KeyWorld } from './key-set.ts'

/** Verified tokens that are remembered; a service uses one for an hour, and has as many as instances. */
const MOST_KNOWN = 20_000
const MOST_LENGTH = 16_384
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** What decides about tokens. Read at each call, so that a new configuration holds at once. */
export interface TokenRules {
  readonly organisation: string
  readonly issuers?: readonly IssuerRules[] | undefined
  readonly teams: Readonly<Record<string, { readonly labels?: Labels | undefined }>>
}

interface Known {
  /** Those that it was verified by. */
  readonly rules: TokenRules
  readonly expiresAtMs: number
  readonly principal: Principal
}

/** Callers that show a token of an issuer in the place of a key. */
export class Tokens {
  readonly #world: KeyWorld
  readonly #rules: () => TokenRules
  readonly #known = new Map<string, Known>()
  /** When the tokens of principals that run somewhere expire. */
  readonly #expiries = new WeakMap<Principal, number>()
  readonly #keySets = new WeakMap<IssuerRules, KeySet>()

  constructor(world: KeyWorld, rules: () => TokenRules) {
    this.#world = world
    this.#rules = rules
  }

  /** Whether a credential is a token here, by its form alone. */
  isToken(credential: string | undefined): credential is string {
    return credential !== undefined && (this.#rules().issuers?.length ?? 0) > 0 && credential.startsWith('eyJ') && TOKEN.test(credential)
  }

  /** Verifies a token that is not known yet; undefined where there is nothing to wait for. @throws as a rejection, what is wrong with it */
  prepare(token: string): Promise<void> | undefined {
    const known = this.#known.get(digestOf(token))
    return known !== undefined && known.rules === this.#rules() ? undefined : this.#verify(token)
  }

  /** Whose a verified token is. @throws key_expired; unauthenticated where it was not prepared */
  identify(token: string, sentLabels: Labels | undefined, nowMs: number): Principal {
    const known = this.#known.get(digestOf(token))
    if (known === undefined || known.rules !== this.#rules()) throw refused('was not verified')
    if (known.expiresAtMs <= nowMs) throw expired(known.expiresAtMs)
    const principal =
      sentLabels === undefined ? known.principal : { ...known.principal, labels: { ...sentLabels, ...known.principal.labels } }
    this.#expiries.set(principal, known.expiresAtMs)
    return principal
  }

  /** The refusal that the token of this principal meets by now; undefined while it has not expired. */
  expiredBy(principal: Principal, nowMs: number): GatewayError | undefined {
    const expiresAtMs = this.#expiries.get(principal)
    return expiresAtMs === undefined || expiresAtMs > nowMs ? undefined : expired(expiresAtMs)
  }

  async #verify(token: string): Promise<void> {
    const rules = this.#rules()
    if (token.length > MOST_LENGTH) throw refused(`is longer than ${MOST_LENGTH} characters`)
    const { issuer, keyId } = issuerOf(token, rules.issuers ?? [])
    const keys = await this.#keysOf(issuer).get(keyId)
    const payload = await verifySignature(token, issuer, keys, this.#world.now())
    const claims = readClaims(payload, issuer, Object.keys(rules.teams))
    if (this.#known.size >= MOST_KNOWN) this.#forget()
    this.#known.set(digestOf(token), {
      rules,
      expiresAtMs: (payload.exp ?? 0) * 1000 + issuer.clockSkew,
      principal: principalOf(claims, rules),
    })
  }

  #keysOf(issuer: IssuerRules): KeySet {
    const known = this.#keySets.get(issuer) ?? new KeySet(this.#world, issuer)
    this.#keySets.set(issuer, known)
    return known
  }

  /** Those that ran out go; where that is not enough, the oldest. */
  #forget(): void {
    const nowMs = this.#world.now()
    for (const [digest, { expiresAtMs }] of this.#known) if (expiresAtMs <= nowMs) this.#known.delete(digest)
    for (const digest of this.#known.keys()) {
      if (this.#known.size < MOST_KNOWN) return
      this.#known.delete(digest)
    }
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}

/** Which issuer a token claims to be of. Nothing of it is believed before the signature was checked by that one's keys. */
function issuerOf(token: string, issuers: readonly IssuerRules[]): { readonly issuer: IssuerRules; readonly keyId: string | undefined } {
  let payload: JWTPayload
  let header: ReturnType<typeof decodeProtectedHeader>
  try {
    payload = decodeJwt(token)
    header = decodeProtectedHeader(token)
  } catch (thrown) {
    throw refused('cannot be read', thrown)
  }
  const named = [payload.aud ?? []].flat()
  const ofIssuer = issuers.filter(({ issuer }) => issuer === payload.iss)
  const issuer = ofIssuer.find(({ audience }) => named.includes(audience)) ?? ofIssuer[0]
  if (issuer === undefined) throw refused(`is of another issuer than ${issuers.map((each) => each.issuer).join(', ')}`)
  return { issuer, keyId: header.kid }
}

async function verifySignature(
  token: string,
  rules: IssuerRules,
  keys: Parameters<typeof jwtVerify>[1],
  nowMs: number,
): Promise<JWTPayload> {
  const { issuer, audience, algorithms, clockSkew } = rules
  const options = { issuer, audience, algorithms: [...algorithms], clockTolerance: clockSkew / 1000, currentDate: new Date(nowMs) }
  try {
    return (await jwtVerify(token, keys, { ...options, requiredClaims: ['exp'] })).payload
  } catch (thrown) {
    throw explain(thrown, rules)
  }
}

/** What is wrong, in words; nothing of the token is repeated. */
function explain(thrown: unknown, { audience, algorithms }: IssuerRules): GatewayError {
  if (thrown instanceof errors.JWTExpired) return expired((thrown.payload.exp ?? 0) * 1000)
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.claim === 'aud') return refused(`is not for the audience "${audience}"`, thrown)
    if (thrown.claim === 'nbf') return refused('is not valid yet, by the clock of this gateway', thrown)
    if (thrown.claim === 'exp') return refused('does not say when it expires (claim exp)', thrown)
    return refused(`has a claim ${thrown.claim} that does not fit`, thrown)
  }
  if (thrown instanceof errors.JOSEAlgNotAllowed) return refused(`is not signed by one of ${algorithms.join(', ')}`, thrown)
  if (thrown instanceof errors.JWKSNoMatchingKey) return refused('is signed with a key that its issuer does not have', thrown)
  if (thrown instanceof errors.JWKSMultipleMatchingKeys) return refused('names none of the keys of its issuer (header kid)', thrown)
  return refused('has a signature that is not right', thrown)
}

function refused(what: string, cause?: unknown): GatewayError {
  return new GatewayError('unauthenticated', `The token ${what}.`, cause === undefined ? {} : { cause })
}

function expired(atMs: number): GatewayError {
  return new GatewayError('key_expired', `The token expired on ${new Date(atMs).toISOString()}. Get a new one from its issuer.`)
}

function principalOf({ team, user, organisation, labels, id }: TokenClaims, rules: TokenRules): Principal {
  const ofTeam = Object.hasOwn(rules.teams, team) ? rules.teams[team]?.labels : undefined
  return { organisation: organisation ?? rules.organisation, team, user, keyId: id, labels: { ...ofTeam, ...labels } }
}
