import { maxIntervalMs } from './shapes.ts'

/** Something that sends one chunk at a time. `sendNext` answers 'ended' when there is nothing more to send. */
export interface Paced {
  readonly intervalMs: number
  sendNext(): 'more' | 'ended'
}

interface Entry {
  readonly stream: Paced
  dueMs: number
}

const slotCount = maxIntervalMs * 2

// Streams that are opened together would all send in the same millisecond, as no real streams do, and the queue that they make in front
// of the proxy would be measured instead of the proxy. The golden ratio spreads any number of them evenly over the interval.
const goldenRatio = 0.618033988749895

/** A timer wheel of one millisecond a slot: one timer, however many streams; no timer while there are none. */
export class Pacer {
  readonly #slots: Entry[][] = Array.from({ length: slotCount }, () => [])
  #cursorMs = 0
  #started = 0
  #active = 0

  /** Starts to pace a stream; its first chunk is due within one interval. */
  start(stream: Paced): void {
    const phase = (this.#started++ * goldenRatio) % 1
    if (this.#active++ === 0) {
      this.#cursorMs = Math.floor(performance.now())
      setTimeout(() => this.#tick(), 1)
    }
    this.#schedule({ stream, dueMs: performance.now() + phase * stream.intervalMs })
  }

  #schedule(entry: Entry): void {
    // What is overdue goes out at the next tick: the slot of the current one is being emptied.
    const slot = Math.max(Math.floor(entry.dueMs), this.#cursorMs + 1)
    this.#slots[slot % slotCount]?.push(entry)
  }

  #tick(): void {
    const nowMs = Math.floor(performance.now())
    for (; this.#cursorMs < nowMs; this.#cursorMs++) this.#sendDue(this.#cursorMs % slotCount)
    if (this.#active > 0) setTimeout(() => this.#tick(), 1)
  }

  #sendDue(slot: number): void {
    const due = this.#slots[slot]
    if (due === undefined || due.length === 0) return
    this.#slots[slot] = []
    for (const entry of due) {
      if (entry.stream.sendNext() === 'ended') {
        this.#active--
        continue
      }
      entry.dueMs += entry.stream.intervalMs
      this.#schedule(entry)
    }
  }
}
