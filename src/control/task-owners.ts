import type { Principal } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { TaskClaimed } from '../core/events.ts'
import type { EventLog, EventReader, Ownership, TaskOwners, TaskRef } from '../core/ports.ts'
import type { World } from '../core/world.ts'
import { type Claimed, ClaimLog } from './claim-log.ts'

/** Tasks and conversations that are held in memory, 100 to 300 bytes each. The log has the others. */
const MAX_HELD = 100_000
/** Ids of no task that are remembered, so that asking again costs no search. */
const MAX_MISSES = 10_000
/** How old a view of a shared log may be where something new is claimed. */
const FRESH_MS = 1000
/** How long a claim waits for it: a database that is away must hold up no call. */
const FOLLOW_WAIT_MS = 200
/** What another gateway wrote stands in the shared log a moment later: hence another look after each of these. */
const LAGS_MS = [100, 200]

interface TaskOwnersDeps {
  readonly world: World
  readonly log: EventLog
  readonly reader: EventReader
  /** Whether other gateways write to the same log. */
  readonly isShared?: boolean
  /** Left out: 100,000. */
  readonly maxHeld?: number
}

/**
 * Who owns which task: a fold over `task.claimed` of the log, the latest in memory. The log is read back once, by whoever first asks for
 * what is not in memory; should it hold more than fits, older ones are searched for one at a time. A log that others write too is read on
 * from there whenever something is not known.
 */
export function createTaskOwners(deps: TaskOwnersDeps): TaskOwners {
  const owners = new Owners(deps)
  return {
    ofTask: (principal, agent, id) => owners.find(principal, { kind: 'task', agent, id }),
    ownTasks: (principal, agent, ids) => owners.own(principal, agent, ids),
    ofContext: (principal, agent, id) => owners.find(principal, { kind: 'context', agent, id }),
    claim: (principal, callId, ref) => owners.claim(principal, callId, ref),
  }
}

class Owners {
  readonly #deps: TaskOwnersDeps
  readonly #claims: ClaimLog
  readonly #maxHeld: number
  readonly #isShared: boolean
  /** The one that was longest not asked for stands first. */
  readonly #held = new Map<string, string>()
  readonly #misses = new Set<string>()
  /** Texts that stand for a principal, made once. */
  readonly #names = new WeakMap<Principal, string>()
  #loading: Promise<void> | undefined
  #isLoaded = false
  /** Whether memory holds all that the log has. */
  #isWhole = true
  #searching: Promise<unknown> = Promise.resolve()
  #following: Promise<void> | undefined
  #followedAtMs = Number.NEGATIVE_INFINITY

  constructor(deps: TaskOwnersDeps) {
    this.#deps = deps
    this.#claims = new ClaimLog(deps.reader)
    this.#maxHeld = deps.maxHeld ?? MAX_HELD
    this.#isShared = deps.isShared ?? false
  }

  find(principal: Principal, claimed: Claimed): Ownership | Promise<Ownership> {
    const key = keyOf(claimed)
    const owner = this.#look(key)
    if (owner !== undefined) return this.#answer(claimed, this.#ownership(principal, owner))
    if (this.#isLoaded && !this.#isShared && (this.#isWhole || this.#misses.has(key))) return 'unknown'
    return this.#findInLog(claimed).then((found) => this.#ownership(principal, found))
  }

  async own(principal: Principal, agent: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    await this.#load()
    const ownerOf = (id: string) => this.#look(keyOf({ kind: 'task', agent, id }))
    if (this.#isShared && ids.some((id) => ownerOf(id) === undefined)) await this.#follow()
    const name = this.#nameOf(principal)
    return new Set(ids.filter((id) => ownerOf(id) === name))
  }

  claim(principal: Principal, callId: string, ref: TaskRef): boolean | Promise<boolean> {
    const isStale = this.#isShared && this.#deps.world.monotonicMs() - this.#followedAtMs >= FRESH_MS
    // Not before the log was read: what somebody else began, before a restart or elsewhere, is not to be had.
    if (this.#isLoaded && !isStale) return this.#claim(principal, callId, ref)
    if (keysOf(ref).every((key) => this.#held.has(key))) return this.#claim(principal, callId, ref)
    return this.#briefly(this.#isLoaded ? this.#follow() : this.#load()).then(() => this.#claim(principal, callId, ref))
  }

  /** Where a task that is not there is waited for, one of somebody else takes as long: else the time would tell which it is. */
  #answer({ kind }: Claimed, ownership: Ownership): Ownership | Promise<Ownership> {
    if (!this.#isShared || kind === 'context' || ownership === 'own') return ownership
    return this.#pause(LAGS_MS.reduce((sum, lagMs) => sum + lagMs, 0)).then(() => ownership)
  }

  #pause(ms: number): Promise<void> {
    return this.#deps.world.sleep(ms, new AbortController().signal)
  }

  #ownership(principal: Principal, owner: string | undefined): Ownership {
    if (owner === undefined) return 'unknown'
    return owner === this.#nameOf(principal) ? 'own' : 'foreign'
  }

  #claim(principal: Principal, callId: string, ref: TaskRef): boolean | Promise<boolean> {
    const name = this.#nameOf(principal)
    const fresh: string[] = []
    for (const key of keysOf(ref)) {
      const owner = this.#look(key)
      if (owner === undefined) fresh.push(key)
      else if (owner !== name) return false
    }
    if (fresh.length === 0) return true
    for (const key of fresh) this.#hold(key, name)
    const { agent, taskId, contextId } = ref
    const event: TaskClaimed = { type: 'task.claimed', atMs: this.#deps.world.now(), callId, agent, taskId, contextId, principal }
    return this.#deps.log.append(event).then(
      () => true,
      (thrown: unknown) => {
        for (const key of fresh) this.#held.delete(key)
        throw thrown
      },
    )
  }

  async #findInLog(claimed: Claimed): Promise<string | undefined> {
    await this.#load()
    const key = keyOf(claimed)
    const owner = this.#look(key) ?? (this.#isShared ? await this.#findElsewhere(claimed) : undefined)
    return owner ?? (this.#isWhole ? undefined : this.#search(claimed))
  }

  /** What another gateway claimed. Its caller may be quicker than its log; a conversation may be one that is yet to begin. */
  async #findElsewhere(claimed: Claimed): Promise<string | undefined> {
    const key = keyOf(claimed)
    await this.#follow()
    for (const lagMs of claimed.kind === 'context' ? [] : LAGS_MS) {
      if (this.#held.has(key)) break
      await this.#pause(lagMs)
      await this.#follow()
    }
    return this.#look(key)
  }

  /** Reads the log back, newest first, as far as memory goes. Once; a failure is tried again by the next who asks. */
  #load(): Promise<void> {
    this.#loading ??= this.#readBack().catch((thrown: unknown) => {
      this.#loading = undefined
      throw thrown
    })
    return this.#loading
  }

  async #readBack(): Promise<void> {
    const limit = Math.ceil(this.#maxHeld / 2)
    this.#followedAtMs = this.#deps.world.monotonicMs()
    const latest = await this.#claims.readLatest(limit)
    this.#isWhole &&= latest.length < limit
    for (const claim of latest) this.#holdClaim(claim)
    this.#isLoaded = true
  }

  /** Reads what others wrote since. One read at a time; whoever asks meanwhile waits for it. */
  #follow(): Promise<void> {
    this.#followedAtMs = this.#deps.world.monotonicMs()
    this.#following ??= this.#claims
      .readFresh()
      .then((fresh) => {
        for (const claim of fresh) this.#holdClaim(claim)
      })
      .finally(() => {
        this.#following = undefined
      })
    return this.#following
  }

  /** Waits for a read of the log. Where it stands in a database that is away, calls go on with what is in memory. */
  async #briefly(reading: Promise<void>): Promise<void> {
    const known = reading.catch((thrown: unknown) => {
      if (!this.#isShared || !(thrown instanceof GatewayError) || thrown.code !== 'store_unavailable') throw thrown
    })
    if (!this.#isShared) return known
    const late = Promise.withResolvers<void>()
    const cancel = this.#deps.world.after(FOLLOW_WAIT_MS, late.resolve)
    await Promise.race([known, late.promise]).finally(cancel)
  }

  /** The first claim of an id is the one that counts. */
  #holdClaim(claim: TaskClaimed): void {
    const name = this.#nameOf(claim.principal)
    for (const key of keysOf(claim)) if (!this.#held.has(key)) this.#hold(key, name)
  }

  /** One search of the log at a time: they are long, and whoever guesses ids must not keep the disk busy. */
  #search(claimed: Claimed): Promise<string | undefined> {
    const search = this.#searching.then(() => this.#searchLog(claimed))
    this.#searching = search.catch(() => {})
    return search
  }

  async #searchLog(claimed: Claimed): Promise<string | undefined> {
    const key = keyOf(claimed)
    if (this.#misses.has(key)) return undefined
    const found = await this.#claims.findFirst(claimed)
    if (found !== undefined) {
      const name = this.#nameOf(found.principal)
      this.#hold(key, name)
      return name
    }
    if (this.#misses.size >= MAX_MISSES) this.#misses.clear()
    this.#misses.add(key)
    return undefined
  }

  #look(key: string): string | undefined {
    const owner = this.#held.get(key)
    if (owner !== undefined && !this.#isWhole) {
      this.#held.delete(key)
      this.#held.set(key, owner)
    }
    return owner
  }

  #hold(key: string, name: string): void {
    this.#misses.delete(key)
    this.#held.set(key, name)
    if (this.#held.size <= this.#maxHeld) return
    const [oldest] = this.#held.keys()
    if (oldest !== undefined) this.#held.delete(oldest)
    this.#isWhole = false
  }

  #nameOf(principal: Principal): string {
    const known = this.#names.get(principal)
    if (known !== undefined) return known
    const { organisation, team, user, keyId } = principal
    // The keys of one user see the same tasks; a key of nobody in particular sees its own.
    const name = JSON.stringify(user === undefined ? [organisation, team, null, keyId] : [organisation, team, user])
    this.#names.set(principal, name)
    return name
  }
}

function keysOf({ agent, taskId, contextId }: TaskRef): readonly string[] {
  return [
    ...(taskId === undefined ? [] : [keyOf({ kind: 'task', agent, id: taskId })]),
    ...(contextId === undefined ? [] : [keyOf({ kind: 'context', agent, id: contextId })]),
  ]
}

/** No name of an agent holds a line break. */
function keyOf({ kind, agent, id }: Claimed): string {
  return `${kind}\n${agent}\n${id}`
}
