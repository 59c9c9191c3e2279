import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Labels, Principal } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { MISPLACED } from '../core/headers.ts'
import type { Access, BodyDetail, KeyRecord } from '../core/ports.ts'
import type { Secret } from '../core/secret.ts'
import { matchesAny } from '../policy/patterns.ts'
import { decideTool, type ToolRules } from '../policy/tools.ts'
import type { IssuerRules } from './jwt/config.ts'
import type { Tokens } from './jwt/tokens.ts'

/** What the configuration says of who may do what. */
export interface AccessRules {
  readonly organisation: string
  /** Issuers of tokens that are taken in the place of keys. */
  readonly issuers?: readonly IssuerRules[] | undefined
  /** What becomes of calls that run when their key or token expires. Absent: they finish. */
  readonly onExpiry?: 'finish' | 'end' | undefined
  readonly teams: Readonly<Record<string, TeamRules>>
}

/** One team of the configuration. */
export interface TeamRules {
  /** Names of models, with `*`. Absent: all. */
  readonly models?: readonly string[] | undefined
  /** Absent: none. */
  readonly tools?: ToolRules | undefined
  /** Names of agents, with `*`. Absent: none. */
  readonly agents?: readonly string[] | undefined
  readonly labels?: Labels | undefined
  readonly bodies?: BodyDetail | undefined
}

/** Access with the ways to change who has it. */
export interface KeyAccess extends Access {
  /** Takes a key in, or its changed record. */
  put(key: KeyRecord): void
  get(id: string): KeyRecord | undefined
  /** The refusal that the key or the token of a principal meets by now because it has expired; undefined while it has not. */
  expiredBy(principal: Principal, nowMs: number): GatewayError | undefined
  list(): readonly KeyRecord[]
}

const MAX_VERIFIED = 100_000
const KEY = /^sb_([a-z0-9]{12})_([a-z0-9]{52})$/

/** The keyed hash under which a key's secret is stored: hexadecimal HMAC-SHA-256. */
export function hashSecret(secret: string, installation: Secret): string {
  return createHmac('sha256', installation.reveal()).update(secret).digest('hex')
}

/** The public id and the secret of a key, or undefined where the text is no key of ours. */
function splitKey(key: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = KEY.exec(key) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/**
 * Authentication and permission in memory: found by public id, compared in constant time.
 * @param rules the rules in force; read at each call, so that a new configuration holds at once
 * @param tokens left out, or where it gives none: only keys are taken
 */
export function createAccess(
  keys: readonly KeyRecord[],
  installation: Secret,
  rules: () => AccessRules,
  tokens?: () => Tokens | undefined,
): KeyAccess {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const put = (key: KeyRecord) => {
    byId.set(key.id, key)
    endReplaced(key, byId)
  }
  for (const key of keys) endReplaced(key, byId)
  // Keys that were right once, so that the hash is computed once a key and not once a call. Whether a key is alive is looked up every time.
  const verified = new Map<string, string>()
  // A principal a key and configuration, for calls that bring no labels of their own.
  const principals = new WeakMap<KeyRecord, { readonly rules: AccessRules; readonly principal: Principal }>()
  const verifyOnce = (credential: string | undefined) => {
    const key = verify(credential, byId, installation)
    if (verified.size >= MAX_VERIFIED) verified.clear()
    if (credential !== undefined) verified.set(credential, key.id)
    return key
  }
  const rulesOf = ({ keyId, team }: Principal): TeamRules | undefined => {
    // Every principal comes from a key or a token: without either it may nothing.
    return keyId === undefined || team === undefined ? undefined : teamOf(rules(), team)
  }
  return {
    put,
    get: (id) => byId.get(id),
    list: () => [...byId.values()],
    expiredBy: (principal, nowMs) => {
      const key = byId.get(principal.rotatedKeyId ?? principal.keyId ?? '')
      if (key === undefined) return tokens?.()?.expiredBy(principal, nowMs)
      return hasExpired(key, nowMs) ? expired(key) : undefined
    },
    prepare: (credential) => {
      const taken = tokens?.()
      return taken?.isToken(credential) === true ? taken.prepare(credential) : undefined
    },
    identify: (credential, sentLabels, nowMs) => {
      const taken = tokens?.()
      if (taken?.isToken(credential) === true) return taken.identify(credential, sentLabels, nowMs)
      const key = byId.get(verified.get(credential ?? '') ?? '') ?? verifyOnce(credential)
      const inForce = rules()
      const team = teamOf(inForce, key.team)
      refuseDeadKey(key, team, nowMs)
      if (sentLabels !== undefined) return principalOf(key, byId, inForce.organisation, labelsOf(sentLabels, team?.labels, key.labels))
      const known = principals.get(key)
      if (known?.rules === inForce) return known.principal
      const principal = principalOf(key, byId, inForce.organisation, labelsOf(undefined, team?.labels, key.labels))
      principals.set(key, { rules: inForce, principal })
      return principal
    },
    mayUseModel: (principal, model) => {
      const key = principal.keyId === undefined ? undefined : byId.get(principal.keyId)
      const team = rulesOf(principal)
      if (team === undefined) return false
      return (key?.models === undefined || matchesAny(key.models, model)) && (team.models === undefined || matchesAny(team.models, model))
    },
    mayUseTool: (principal, tool) => {
      const tools = rulesOf(principal)?.tools
      return tools !== undefined && decideTool(tools, tool) === 'allow'
    },
    mayUseAgent: (principal, agent) => matchesAny(rulesOf(principal)?.agents ?? [], agent),
  }
}

/** A team of the configuration. A name such as `constructor` must not find what every object has. */
function teamOf({ teams }: AccessRules, name: string): TeamRules | undefined {
  return Object.hasOwn(teams, name) ? teams[name] : undefined
}

function verify(credential: string | undefined, byId: ReadonlyMap<string, KeyRecord>, installation: Secret): KeyRecord {
  if (credential === undefined || credential.startsWith(MISPLACED)) throw noKey(credential)
  const sent = splitKey(credential)
  const key = sent === undefined ? undefined : byId.get(sent.id)
  // An unknown id is hashed and compared too, so that the time taken does not tell which ids exist.
  const isRight = isSameHash(hashSecret(sent?.secret ?? '', installation), key?.secretHash ?? UNKNOWN_HASH)
  if (key === undefined || !isRight) throw unknownKey(credential)
  return key
}

const HOW = 'Send one as "Authorization: Bearer sb_…"'

/** @param seen where a key was seen that is not read */
function noKey(seen: string | undefined): GatewayError {
  const header = seen?.slice(MISPLACED.length)
  if (header === undefined) {
    return new GatewayError('unauthenticated', `No key was sent. ${HOW}; \`signalbox keys create --team NAME\` makes one.`)
  }
  const what =
    header === 'authorization'
      ? 'The header Authorization holds no bearer key; is the variable set that should hold it?'
      : `There is a key in the header ${header}, in which none is read.`
  return new GatewayError('unauthenticated', `${what} ${HOW}.`)
}

/** Tells by its form alone what the credential is: whether the id in it exists is nobody's business. */
function unknownKey(credential: string): GatewayError {
  if (credential.startsWith('sba_')) {
    const message = 'This is the admin key of a control port. Calls need the key of a team: `signalbox keys create --team NAME` makes one.'
    return new GatewayError('unauthenticated', message)
  }
  const why = credential.startsWith('sb_')
    ? 'It is mistyped, or of another installation: `signalbox keys list` shows those of this one.'
    : 'Keys of Signalbox look like sb_<id>_<secret>; a provider key does not work.'
  return new GatewayError('unauthenticated', `This key is not known here. ${why}`)
}

const UNKNOWN_HASH = '0'.repeat(64)

function isSameHash(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(left, 'latin1'), Buffer.from(right.padEnd(64, '0').slice(0, 64), 'latin1'))
}

function refuseDeadKey(key: KeyRecord, team: TeamRules | undefined, nowMs: number): void {
  if (key.revokedAtMs !== undefined) throw revoked(key)
  if (team === undefined) {
    throw new GatewayError(
      'key_revoked',
      `The key ${shown(key)} belongs to the team "${key.team}", which is not in the configuration any more.`,
    )
  }
  if (hasExpired(key, nowMs)) throw expired(key)
}

function hasExpired({ expiresAtMs }: KeyRecord, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs
}

function expired(key: KeyRecord): GatewayError {
  return new GatewayError(
    'key_expired',
    `The key ${shown(key)} expired on ${new Date(key.expiresAtMs ?? 0).toISOString()}. Ask for a new one.`,
  )
}

/** The refusal that a revoked key meets; also the reason with which its running calls end. */
export function revoked(key: KeyRecord): GatewayError {
  return new GatewayError('key_revoked', `The key ${shown(key)} was revoked. Ask who runs this gateway for another.`)
}

function shown(key: KeyRecord): string {
  return key.name === undefined ? key.id : `${key.id} ("${key.name}")`
}

/** Later ones win: what the caller sent can never hide what the team or the key says. */
function labelsOf(sent: Labels | undefined, team: Labels | undefined, key: Labels): Labels {
  return { ...sent, ...team, ...key }
}

/** What was replaced works until the end of the overlap, and no longer than it would have. */
function endReplaced({ replaces, replacesUntilMs }: KeyRecord, byId: Map<string, KeyRecord>): void {
  const old = replaces === undefined ? undefined : byId.get(replaces)
  if (old === undefined || replacesUntilMs === undefined || (old.expiresAtMs ?? Infinity) <= replacesUntilMs) return
  byId.set(old.id, { ...old, expiresAtMs: replacesUntilMs })
}

/** The first of the keys that were made one for another: spend, budgets and receipts go by it. */
function firstIdOf(key: KeyRecord, find: (id: string) => KeyRecord | undefined): string {
  // A key is only ever made for one that is there, so the chain has an end.
  const old = key.replaces === undefined ? undefined : find(key.replaces)
  return old === undefined ? (key.replaces ?? key.id) : firstIdOf(old, find)
}

function principalOf(key: KeyRecord, byId: ReadonlyMap<string, KeyRecord>, organisation: string, labels: Labels): Principal {
  const keyId = key.replaces === undefined ? key.id : firstIdOf(key, (id) => byId.get(id))
  return {
    organisation,
    team: key.team,
    ...(key.user === undefined ? {} : { user: key.user }),
    keyId,
    ...(keyId === key.id ? {} : { rotatedKeyId: key.id }),
    labels,
  }
}
