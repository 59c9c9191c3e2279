import { GatewayError } from '../../core/errors.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import type { Server } from '../upstreams/server.ts'
import type { Session } from './session.ts'

/** Bounds on sessions. */
export interface SessionLimits {
  readonly max: number
  /** Of one key. */
  readonly maxPerKey: number
  readonly idleMs: number
}

const SWEEP_MS = 5000

/** The sessions that callers have with the gateway, in memory. Bounded: where there is no room, the one longest unused goes. */
export class Sessions {
  readonly #world: World
  readonly #limits: () => SessionLimits
  /** The one longest unused first. */
  readonly #byId = new Map<string, Session>()
  readonly #perOwner = new Map<string, number>()
  #cancelSweep: CancelTimer | undefined

  constructor(world: World, limits: () => SessionLimits) {
    this.#world = world
    this.#limits = limits
  }

  get size(): number {
    return this.#byId.size
  }

  /** An id that nobody can guess. */
  newId(): string {
    return this.#world.randomHex(32)
  }

  /** The session of this id, where it is this owner's and at this endpoint. It counts as used now. */
  find(id: string, owner: string, server: Server | undefined): Session | undefined {
    const session = this.#byId.get(id)
    if (session === undefined || session.owner !== owner || session.server !== server) return undefined
    session.lastUsedMs = this.#world.now()
    // Behind all others: it was used last.
    this.#byId.delete(id)
    this.#byId.set(id, session)
    return session
  }

  /** Takes a session in. Where there are too many, those longest unused end; the owner's own first. */
  add(session: Session): void {
    const { max, maxPerKey } = this.#limits()
    const own = this.#perOwner.get(session.owner) ?? 0
    if (own >= maxPerKey) this.#evict((each) => each.owner === session.owner)
    else if (this.#byId.size >= max) this.#evict(() => true)
    session.isBegun = true
    this.#byId.set(session.id, session)
    this.#perOwner.set(session.owner, (this.#perOwner.get(session.owner) ?? 0) + 1)
    this.#watch()
  }

  /**
   * Makes room for one more program of a server, and waits until it is there: of the key that has most of them goes the one longest idle, so
   * that a key which begins many ends its own. @throws server_unreachable where all of them are at work
   */
  async makeRoom(server: Server): Promise<void> {
    const users = [...this.#byId.values()].filter((session) => session.server === server && session.hasOwnLink)
    const idle = ofTheGreediest(users, (session) => session.isIdle) ?? ofTheGreediest(users, (session) => !session.isBusy)
    if (idle !== undefined) return this.remove(idle, evicted())
    throw new GatewayError(
      'server_unreachable',
      `All ${server.spec.maxPrograms} programs that ${server.spec.name} may have are at work; try again, or use it at /mcp, where one is shared.`,
    )
  }

  async remove(session: Session, reason: GatewayError): Promise<void> {
    if (this.#byId.delete(session.id)) {
      const left = (this.#perOwner.get(session.owner) ?? 1) - 1
      if (left > 0) this.#perOwner.set(session.owner, left)
      else this.#perOwner.delete(session.owner)
    }
    await session.close(reason)
  }

  /** Ends the sessions of a server that is there no more. */
  removeOf(server: Server): void {
    const reason = new GatewayError('session_not_found', `The server ${server.spec.name} left the configuration, or changed in it.`)
    for (const session of [...this.#byId.values()]) if (session.server === server) void this.remove(session, reason)
  }

  list(): Iterable<Session> {
    return this.#byId.values()
  }

  async close(reason: GatewayError): Promise<void> {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    await Promise.all([...this.#byId.values()].map((session) => this.remove(session, reason)))
  }

  #evict(matches: (session: Session) => boolean): void {
    const candidates = [...this.#byId.values()].filter(matches)
    const victim = candidates.find((session) => session.isIdle) ?? candidates[0]
    if (victim !== undefined) void this.remove(victim, evicted())
  }

  #watch(): void {
    if (this.#cancelSweep !== undefined || this.#byId.size === 0) return
    this.#cancelSweep = this.#world.after(SWEEP_MS, () => {
      this.#cancelSweep = undefined
      this.#sweep()
      this.#watch()
    })
  }

  #sweep(): void {
    const sinceMs = this.#world.now() - this.#limits().idleMs
    for (const session of [...this.#byId.values()]) {
      // One that is in use (a call runs, its stream is open) is not idle, however long ago it last asked for something.
      if (session.lastUsedMs > sinceMs) break
      if (session.isIdle) void this.remove(session, new GatewayError('session_not_found', 'The session was idle for too long.'))
    }
  }
}

/** Of the sessions that may go, the one longest unused of the owner who has most of all; they come longest unused first. */
function ofTheGreediest(sessions: readonly Session[], mayGo: (session: Session) => boolean): Session | undefined {
  const perOwner = new Map<string, number>()
  for (const { owner } of sessions) perOwner.set(owner, (perOwner.get(owner) ?? 0) + 1)
  let found: Session | undefined
  for (const session of sessions) {
    if (!mayGo(session)) continue
    if (found === undefined || (perOwner.get(session.owner) ?? 0) > (perOwner.get(found.owner) ?? 0)) found = session
  }
  return found
}

function evicted(): GatewayError {
  return new GatewayError('session_not_found', 'The session made room for another: initialize again.')
}
