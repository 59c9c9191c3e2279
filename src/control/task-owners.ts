import type { Principal } from '../core/call.ts'
import type { Event, TaskClaimed } from '../core/events.ts'
import type { EventLog, EventReader, Ownership, TaskOwners, TaskRef } from '../core/ports.ts'
import type { World } from '../core/world.ts'

/** Tasks and conversations that are held in memory, 100 to 300 bytes each. The log has the others. */
const MAX_HELD = 100_000
/** Ids of no task that are remembered, so that asking again costs no search. */
const MAX_MISSES = 10_000

interface TaskOwnersDeps {
  readonly world: World
  readonly log: EventLog
  readonly reader: EventReader
  /** Left out: 100,000. */
  readonly maxHeld?: number
}

type Kind = 'task' | 'context'

/**
 * Who owns which task: a fold over `task.claimed` of the log, the latest in memory. The log is read back once, by whoever first asks for
 * what is not in memory; should it hold more than fits, older ones are searched for one at a time.
 */
export function createTaskOwners(deps: TaskOwnersDeps): TaskOwners {
  const owners = new Owners(deps)
  return {
    ofTask: (principal, agent, taskId) => owners.find(principal, 'task', agent, taskId),
    ofContext: (principal, agent, contextId) => owners.find(principal, 'context', agent, contextId),
    claim: (principal, callId, ref) => owners.claim(principal, callId, ref),
  }
}

class Owners {
  readonly #deps: TaskOwnersDeps
  readonly #maxHeld: number
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

  constructor(deps: TaskOwnersDeps) {
    this.#deps = deps
    this.#maxHeld = deps.maxHeld ?? MAX_HELD
  }

  find(principal: Principal, kind: Kind, agent: string, id: string): Ownership | Promise<Ownership> {
    const key = keyOf(kind, agent, id)
    const owner = this.#look(key)
    if (owner !== undefined) return owner === this.#nameOf(principal) ? 'own' : 'foreign'
    if (this.#isLoaded && (this.#isWhole || this.#misses.has(key))) return 'unknown'
    return this.#findInLog(principal, kind, agent, id)
  }

  claim(principal: Principal, callId: string, ref: TaskRef): boolean | Promise<boolean> {
    // Not before the log was read back: what somebody else began before a restart is not to be had.
    if (!this.#isLoaded) return this.#load().then(() => this.#claim(principal, callId, ref))
    return this.#claim(principal, callId, ref)
  }

  #claim(principal: Principal, callId: string, { agent, taskId, contextId }: TaskRef): boolean | Promise<boolean> {
    const name = this.#nameOf(principal)
    const keys = [
      ...(taskId === undefined ? [] : [keyOf('task', agent, taskId)]),
      ...(contextId === undefined ? [] : [keyOf('context', agent, contextId)]),
    ]
    const fresh: string[] = []
    for (const key of keys) {
      const owner = this.#look(key)
      if (owner === undefined) fresh.push(key)
      else if (owner !== name) return false
    }
    if (fresh.length === 0) return true
    for (const key of fresh) this.#hold(key, name)
    const event: TaskClaimed = { type: 'task.claimed', atMs: this.#deps.world.now(), callId, agent, taskId, contextId, principal }
    return this.#deps.log.append(event).then(
      () => true,
      (thrown: unknown) => {
        for (const key of fresh) this.#held.delete(key)
        throw thrown
      },
    )
  }

  async #findInLog(principal: Principal, kind: Kind, agent: string, id: string): Promise<Ownership> {
    await this.#load()
    const key = keyOf(kind, agent, id)
    const owner = this.#look(key) ?? (this.#isWhole ? undefined : await this.#search(kind, agent, id))
    if (owner === undefined) return 'unknown'
    return owner === this.#nameOf(principal) ? 'own' : 'foreign'
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
    if (this.#isLoaded) return
    const limit = Math.ceil(this.#maxHeld / 2)
    const found = await this.#deps.reader.read({ order: 'newest-first', limit, mentions: '"task.claimed"', matches: isClaim })
    this.#isWhole = found.length < limit
    // Oldest last in what was read: taken the other way round, the first claim of an id is the one that counts.
    for (const { event } of found.toReversed()) if (isClaim(event)) this.#holdClaim(event)
    this.#isLoaded = true
  }

  #holdClaim({ agent, taskId, contextId, principal }: TaskClaimed): void {
    const name = this.#nameOf(principal)
    const keys = [
      ...(taskId === undefined ? [] : [keyOf('task', agent, taskId)]),
      ...(contextId === undefined ? [] : [keyOf('context', agent, contextId)]),
    ]
    for (const key of keys) if (!this.#held.has(key)) this.#hold(key, name)
  }

  /** One search of the log at a time: they are long, and whoever guesses ids must not keep the disk busy. */
  #search(kind: Kind, agent: string, id: string): Promise<string | undefined> {
    const search = this.#searching.then(() => this.#searchLog(kind, agent, id))
    this.#searching = search.catch(() => {})
    return search
  }

  async #searchLog(kind: Kind, agent: string, id: string): Promise<string | undefined> {
    const key = keyOf(kind, agent, id)
    if (this.#misses.has(key)) return undefined
    const matches = (event: Event) =>
      isClaim(event) && event.agent === agent && (kind === 'task' ? event.taskId === id : event.contextId === id)
    // As it stands in the log: JSON.
    const mentions = JSON.stringify(id)
    const [found] = await this.#deps.reader.read({ order: 'oldest-first', limit: 1, mentions, matches })
    if (found !== undefined && isClaim(found.event)) {
      const name = this.#nameOf(found.event.principal)
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

function isClaim(event: Event): event is TaskClaimed {
  return event.type === 'task.claimed'
}

/** No name of an agent holds a line break. */
function keyOf(kind: Kind, agent: string, id: string): string {
  return `${kind}\n${agent}\n${id}`
}
