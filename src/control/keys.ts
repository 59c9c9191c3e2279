import type { Labels, Principal } from '../core/call.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { GatewayError } from '../core/errors.ts'
import type { EventLog, KeyRecord, KeyStore, LiveCalls } from '../core/ports.ts'
import type { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'
import { matchesAny } from '../policy/patterns.ts'
import { hashSecret, type KeyAccess, revoked } from './access.ts'

/** What the life of a key touches. */
export interface KeyDeps {
  readonly world: World
  readonly log: EventLog
  readonly keys: KeyStore
  readonly access: KeyAccess
  readonly live: LiveCalls
  /** The installation's own secret, under which keys are hashed. */
  readonly installation: Secret
  /** Names of the teams in the configuration in force. */
  readonly teams: () => readonly string[]
  /** Names of the models in the configuration in force; one may end in `*`. */
  readonly models: () => readonly string[]
}

/** What is asked of a new key. */
export interface KeyRequest {
  readonly team: string
  readonly name?: string | undefined
  readonly user?: string | undefined
  readonly labels?: Labels | undefined
  /** Names of models, with `*` for any text. Absent: whatever the team may use. */
  readonly models?: readonly string[] | undefined
  readonly expiresAtMs?: number | undefined
  readonly replaces?: string | undefined
  readonly replacesUntilMs?: number | undefined
}

/** Whether a key works, and if not, why. `stopped`: its team left the configuration. */
export type KeyState = 'active' | 'expired' | 'revoked' | 'stopped'

/** A key just made, with the only copy of its secret. */
export interface CreatedKey {
  readonly record: KeyRecord
  /** `sb_<id>_<secret>`: to be shown once and kept nowhere. */
  readonly key: string
}

const ID_LENGTH = 12
/** 268 bits. */
const SECRET_LENGTH = 52
/** So many more bits than the text holds that no character is measurably likelier than another. */
const RANDOM_BYTES = 48

/**
 * Makes a key, writes down that it was made, and lets it in.
 * @throws invalid_request: a team or a model that the configuration does not have, an expiry in the past
 * @throws log_unavailable: the key was not made, because that could not be written down
 */
export async function createKey(deps: KeyDeps, request: KeyRequest, by: string): Promise<CreatedKey> {
  const nowMs = deps.world.now()
  checkTeam(request.team, deps.teams())
  // What a key may use was checked when it was made; a model that left the configuration since is no reason to keep an old secret.
  if (request.replaces === undefined) checkModels(request.models ?? [], deps.models())
  if (request.expiresAtMs !== undefined && request.expiresAtMs <= nowMs) {
    throw invalid('expiresAt', `The expiry ${new Date(request.expiresAtMs).toISOString()} has passed. Give a time to come.`)
  }
  refuseUnrecorded(deps.log)
  const secret = randomText(deps.world, SECRET_LENGTH)
  const record = recordOf(request, { id: randomText(deps.world, ID_LENGTH), secretHash: hashSecret(secret, deps.installation), nowMs, by })
  await deps.keys.insert(record)
  await writeCreated(deps, record, by)
  deps.access.put(record)
  return { record, key: `sb_${record.id}_${secret}` }
}

/** Longest time for which two secrets of one key may work side by side. */
const MOST_OVERLAP_MS = 90 * 86_400_000

/**
 * Makes a new secret for a key, under an id of its own, with all that the key may do. The old one works until the end of the overlap; spend
 * and budgets go on under the id of the first.
 * @throws not_found; conflict where the key does not work any more, or was replaced already; invalid_request
 */
export async function rotateKey(deps: KeyDeps, id: string, overlapMs: number, by: string): Promise<CreatedKey> {
  const old = findKey(deps.access, id)
  const nowMs = deps.world.now()
  const state = stateOf(old, deps.teams(), nowMs)
  if (state !== 'active') throw new GatewayError('conflict', `The key ${id} is ${state}, so there is nothing to rotate. Make a new one.`)
  const newer = deps.access.list().find(({ replaces, revokedAtMs }) => replaces === id && revokedAtMs === undefined)
  if (newer !== undefined) {
    throw new GatewayError('conflict', `The key ${id} was replaced by ${newer.id} already. Rotate that one, or revoke it first.`)
  }
  if (overlapMs > MOST_OVERLAP_MS) throw invalid('overlap', 'The overlap is more than 90 days. Make a second key instead.')
  const { team, name, user, labels, models, expiresAtMs } = old
  const replacesUntilMs = nowMs + overlapMs
  return createKey(deps, { team, name, user, labels, models, expiresAtMs, replaces: id, replacesUntilMs }, by)
}

/** Whether a call was made with this very secret. */
function isMadeWith({ keyId, rotatedKeyId }: Principal, id: string): boolean {
  return (rotatedKeyId ?? keyId) === id
}

/**
 * Revokes a key and ends what it has running. It holds at once, also while neither store nor log can be written.
 * A key that is revoked already stays as it is.
 * @throws not_found
 * @throws whatever the store does: the key is refused from now on, but would work again after a restart; revoke it again
 */
export async function revokeKey(
  deps: KeyDeps,
  id: string,
  by: string,
): Promise<{ readonly record: KeyRecord; readonly endedCalls: number }> {
  const known = findKey(deps.access, id)
  const atMs = known.revokedAtMs ?? deps.world.now()
  const record: KeyRecord = { ...known, revokedAtMs: atMs }
  deps.access.put(record)
  const endedCalls = deps.live.abort(({ facts }) => isMadeWith(facts.principal, id), revoked(record))
  if (known.revokedAtMs === undefined) deps.log.keep({ type: 'key.revoked', atMs, keyId: id, by, liveCalls: endedCalls })
  await deps.keys.revoke(id, atMs)
  return { record, endedCalls }
}

/** Takes a key in that another process made or revoked. A revocation holds at once, and ends what the key has running here. */
export function takeKey({ access, live }: Pick<KeyDeps, 'access' | 'live'>, key: KeyRecord): void {
  const known = access.get(key.id)
  // Nothing of a key changes but that it is revoked; and that holds here even where the store was not told of it yet.
  if (known !== undefined && (known.revokedAtMs !== undefined || key.revokedAtMs === undefined)) return
  access.put(key)
  if (key.revokedAtMs !== undefined) live.abort(({ facts }) => isMadeWith(facts.principal, key.id), revoked(key))
}

/** The key of an id. @throws not_found */
export function findKey(access: KeyAccess, id: string): KeyRecord {
  const record = access.get(id)
  if (record === undefined) throw unknownKey(id)
  return record
}

/** Whether a key works now. Pure. */
export function stateOf(key: KeyRecord, teams: readonly string[], nowMs: number): KeyState {
  if (key.revokedAtMs !== undefined) return 'revoked'
  if (!teams.includes(key.team)) return 'stopped'
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'expired' : 'active'
}

/** A change that cannot be written down is not made. @throws log_unavailable */
export function refuseUnrecorded(log: EventLog): void {
  if (log.isWritable) return
  throw new GatewayError('log_unavailable', 'The event log cannot be written, so nothing was changed. Free the disk, then try again.')
}

/** Where the key was stored but its making could not be written down, it is revoked again: nobody was given its secret. */
async function writeCreated(deps: KeyDeps, record: KeyRecord, by: string): Promise<void> {
  const { id, team, labels, createdAtMs, replaces, replacesUntilMs } = record
  const rotation = replaces === undefined ? {} : { replaces, replacesUntilMs }
  try {
    await deps.log.append({ type: 'key.created', atMs: createdAtMs, keyId: id, team, labels, by, ...rotation })
  } catch (thrown) {
    await deps.keys.revoke(id, createdAtMs)
    throw thrown
  }
}

interface Made {
  readonly id: string
  readonly secretHash: string
  readonly nowMs: number
  readonly by: string
}

function recordOf(request: KeyRequest, made: Made): KeyRecord {
  const { name, user, models, expiresAtMs, replaces, replacesUntilMs } = request
  return {
    id: made.id,
    secretHash: made.secretHash,
    ...(name === undefined ? {} : { name }),
    team: request.team,
    ...(user === undefined ? {} : { user }),
    labels: request.labels ?? {},
    ...(models === undefined ? {} : { models }),
    createdAtMs: made.nowMs,
    createdBy: made.by,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(replacesUntilMs === undefined ? {} : { replacesUntilMs }),
  }
}

/** Characters of [a-z0-9]. */
function randomText(world: World, length: number): string {
  return BigInt(`0x${world.randomHex(RANDOM_BYTES)}`)
    .toString(36)
    .padStart(length, '0')
    .slice(-length)
}

function checkTeam(team: string, teams: readonly string[]): void {
  if (teams.includes(team)) return
  const known = teams.length === 0 ? 'The configuration has no teams yet; add one under access.teams.' : `Teams: ${listNames(teams)}.`
  throw invalid('team', `There is no team "${team}" in the configuration${didYouMean(team, teams) || '.'} ${known}`)
}

/** A name without `*` that no configured model answers to would make a key that works for nothing. */
function checkModels(wanted: readonly string[], models: readonly string[]): void {
  for (const [index, name] of wanted.entries()) {
    if (name.includes('*') || matchesAny(models, name)) continue
    throw invalid(
      `models[${index}]`,
      `There is no model "${name}" in the configuration${didYouMean(name, models) || '.'} Models: ${listNames(models)}.`,
    )
  }
}

const MAX_LISTED = 20

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ')
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown
}

function unknownKey(id: string): GatewayError {
  return new GatewayError('not_found', `There is no key "${id.slice(0, 80)}". \`signalbox keys list\` shows those there are.`)
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}
