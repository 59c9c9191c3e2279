import type { CancelTimer } from '../core/world.ts'

/** How late a long timer may fire. */
const TICK_MS = 20
/** Shorter ones go to the runtime, which is exact. */
const LONG_MS = 50

interface Entry {
  run: (() => void) | undefined
  previous: Entry | undefined
  next: Entry | undefined
}

/**
 * Timers for deadlines that are nearly always cancelled: a call sets four and none fires. An entry in a list costs a fifth of a timer of the
 * runtime, and nothing to collect. Long ones fire up to 20 ms late, never early. Does not keep the process alive.
 */
export class Timers {
  /** Head of the list of each tick; the head itself runs nothing. */
  readonly #ticks = new Map<number, Entry>()
  readonly #nowMs: () => number
  #count = 0
  #doneTick = 0
  #interval: ReturnType<typeof setInterval> | undefined

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  after(ms: number, run: () => void): CancelTimer {
    if (ms < LONG_MS) return exactly(ms, run)
    const nowMs = this.#nowMs()
    if (this.#count++ === 0) this.#begin(nowMs)
    const tick = Math.ceil((nowMs + ms) / TICK_MS) + 1
    let head = this.#ticks.get(tick)
    if (head === undefined) {
      head = { run: undefined, previous: undefined, next: undefined }
      this.#ticks.set(tick, head)
    }
    const entry: Entry = { run, previous: head, next: head.next }
    if (head.next !== undefined) head.next.previous = entry
    head.next = entry
    return () => this.#cancel(entry)
  }

  #cancel(entry: Entry): void {
    if (entry.run === undefined) return
    entry.run = undefined
    this.#count--
    if (entry.previous !== undefined) entry.previous.next = entry.next
    if (entry.next !== undefined) entry.next.previous = entry.previous
  }

  #begin(nowMs: number): void {
    if (this.#interval !== undefined) return
    this.#doneTick = Math.floor(nowMs / TICK_MS)
    this.#interval = setInterval(() => this.#tick(), TICK_MS)
    this.#interval.unref()
  }

  #tick(): void {
    const nowTick = Math.floor(this.#nowMs() / TICK_MS)
    // After a suspended machine many ticks are due at once: looking at the few that exist is cheaper than counting up to now.
    const due =
      nowTick - this.#doneTick > this.#ticks.size
        ? [...this.#ticks.keys()].filter((tick) => tick <= nowTick).sort((left, right) => left - right)
        : undefined
    if (due === undefined) for (let tick = this.#doneTick + 1; tick <= nowTick; tick++) this.#fire(tick)
    else for (const tick of due) this.#fire(tick)
    this.#doneTick = nowTick
    if (this.#count > 0) return
    clearInterval(this.#interval)
    this.#interval = undefined
    this.#ticks.clear()
  }

  #fire(tick: number): void {
    const head = this.#ticks.get(tick)
    if (head === undefined) return
    this.#ticks.delete(tick)
    for (let entry = head.next; entry !== undefined; entry = head.next) {
      const { run } = entry
      this.#cancel(entry)
      run?.()
    }
  }
}

function exactly(ms: number, run: () => void): CancelTimer {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
