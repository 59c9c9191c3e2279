import type { Event, TaskClaimed } from '../core/events.ts'
import type { EventReader, LogPosition } from '../core/ports.ts'

/** What a claim is looked for by. */
export interface Claimed {
  readonly kind: 'task' | 'context'
  readonly agent: string
  readonly id: string
}

/** The claims of tasks in the log, of all gateways that share it. */
export class ClaimLog {
  readonly #reader: EventReader
  /** What stands up to here was read. */
  #seen: LogPosition | undefined

  constructor(reader: EventReader) {
    this.#reader = reader
  }

  /** The latest claims, oldest first; at most `limit`. @throws store_unavailable; so do the others */
  async readLatest(limit: number): Promise<readonly TaskClaimed[]> {
    const end = await this.#reader.end()
    const found = await this.#reader.read({ order: 'newest-first', limit, mentions: MENTION, matches: isClaim })
    this.#seen = end
    return found.flatMap(({ event }) => (isClaim(event) ? [event] : [])).toReversed()
  }

  /** Claims that were written since the log was last read, oldest first; some of them may have been read before. */
  async readFresh(): Promise<readonly TaskClaimed[]> {
    const end = await this.#reader.end()
    const after = this.#seen === undefined ? {} : { after: this.#seen }
    const limit = Number.MAX_SAFE_INTEGER
    const found = await this.#reader.read({ order: 'oldest-first', limit, mentions: MENTION, matches: isClaim, ...after })
    this.#seen = end
    return found.flatMap(({ event }) => (isClaim(event) ? [event] : []))
  }

  /** The first claim of this task or conversation. Goes through the whole log. */
  async findFirst({ kind, agent, id }: Claimed): Promise<TaskClaimed | undefined> {
    const matches = (event: Event) => isClaim(event) && event.agent === agent && (kind === 'task' ? event.taskId : event.contextId) === id
    // As it stands in the log: JSON.
    const mentions = JSON.stringify(id)
    const [found] = await this.#reader.read({ order: 'oldest-first', limit: 1, mentions, matches })
    return found !== undefined && isClaim(found.event) ? found.event : undefined
  }
}

const MENTION = '"task.claimed"'

function isClaim(event: Event): event is TaskClaimed {
  return event.type === 'task.claimed'
}
