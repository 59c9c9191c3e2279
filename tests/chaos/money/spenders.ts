import type { Chance } from '../lab/chance.ts'
import { MODEL } from '../lab/lab.ts'
import { pause } from '../lab/until.ts'

/** Clients that spend until they are stopped: whole replies and streams, some of which they leave. */
export class Spenders {
  readonly #chance: Chance
  readonly #members: readonly Promise<void>[]
  #isStopped = false
  /** Replies by status; 0 where the connection broke. */
  readonly statuses = new Map<number, number>()

  constructor({
    origin,
    keys,
    members,
    chance,
  }: { readonly origin: string; readonly keys: readonly string[]; readonly members: number; readonly chance: Chance }) {
    this.#chance = chance
    this.#members = Array.from({ length: members }, async (_, index) => {
      await pause(chance.between(0, 100))
      while (!this.#isStopped) {
        const isAlive = await this.#spend(origin, keys[index % keys.length] ?? '')
        if (!isAlive) return
      }
    })
  }

  /** Begins nothing more; resolves when all is over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#members)
  }

  /** One call. False where the gateway is gone. */
  async #spend(origin: string, key: string): Promise<boolean> {
    const chance = this.#chance
    const isStream = chance.next() < 0.6
    const leaving = new AbortController()
    const isLeaver = chance.next() < 0.15
    if (isLeaver) void pause(chance.between(1, 120)).then(() => leaving.abort())
    try {
      const response = await fetch(`${origin}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: MODEL,
          messages: [{ role: 'user', content: 'Spend. '.repeat(chance.between(1, 40)) }],
          max_tokens: chance.between(1, 80),
          ...(isStream ? { stream: true } : {}),
        }),
        signal: leaving.signal,
        keepalive: false,
      })
      this.#count(response.status)
      await response.text()
      // A refusal comes at once: who is refused does not ask again at once.
      if (response.status === 402) await pause(20)
      return true
    } catch {
      this.#count(0)
      return isLeaver && leaving.signal.aborted
    }
  }

  #count(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
  }
}
