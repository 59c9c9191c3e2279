/** One more slot than steps: the step that is being filled, and all that lie wholly or partly within the window behind it. */
const STEPS = 60
const SLOTS = STEPS + 1

/** When what was added in a step leaves. @param lengthMs of the window */
export function endOfStep(step: number, lengthMs: number): number {
  return Math.ceil((step + SLOTS) * (lengthMs / STEPS))
}

/** The step that a time falls into. @param lengthMs of the window */
export function stepAt(ms: number, lengthMs: number): number {
  return Math.floor(ms / (lengthMs / STEPS))
}

/**
 * A sum over the time that lies behind, in 60 steps. What was added leaves with the end of its step: after the length of the window at the
 * earliest, a sixtieth later at the latest. Hence no window of that length ever holds more than `total` said. Whole numbers only; a sum
 * past 2^53 - 1 stays there.
 */
export class RollingSum {
  readonly #stepMs: number
  readonly #slots = new Float64Array(SLOTS)
  #lastStep = Number.NEGATIVE_INFINITY
  #total = 0

  /** @param lengthMs of the window */
  constructor(lengthMs: number) {
    this.#stepMs = lengthMs / STEPS
  }

  total(nowMs: number): number {
    this.#moveTo(nowMs)
    return this.#total
  }

  add(nowMs: number, amount: number): void {
    this.#moveTo(nowMs)
    const room = Number.MAX_SAFE_INTEGER - this.#total
    const added = amount > room ? room : amount
    const slot = slotOf(this.#lastStep)
    this.#slots[slot] = (this.#slots[slot] ?? 0) + added
    this.#total += added
  }

  /** Adds what belongs to a time that may lie behind: it counts there, or not at all where that has left the window. */
  addAt(atMs: number, amount: number): void {
    this.#moveTo(atMs)
    this.correct(atMs, amount)
  }

  /** Changes what was added at a time that still counts; no step comes below nothing. */
  correct(atMs: number, amount: number): void {
    const step = Math.floor(atMs / this.#stepMs)
    if (step > this.#lastStep || this.#lastStep - step >= SLOTS) return
    const slot = slotOf(step)
    const known = this.#slots[slot] ?? 0
    const added = Math.min(Math.max(amount, -known), Number.MAX_SAFE_INTEGER - this.#total)
    this.#slots[slot] = known + added
    this.#total += added
  }

  /** When the sum will be this small if nothing is added, in milliseconds since the epoch; now where it is already. */
  atMost(nowMs: number, sum: number): number {
    this.#moveTo(nowMs)
    let total = this.#total
    if (total <= sum) return nowMs
    for (let step = this.#lastStep - STEPS; step <= this.#lastStep; step++) {
      total -= this.#slots[slotOf(step)] ?? 0
      if (total <= sum) return Math.ceil((step + SLOTS) * this.#stepMs)
    }
    return Number.POSITIVE_INFINITY
  }

  /** When nothing will be left of what was added so far; now where nothing is. */
  emptyAt(nowMs: number): number {
    this.#moveTo(nowMs)
    if (this.#total === 0) return nowMs
    let step = this.#lastStep
    while ((this.#slots[slotOf(step)] ?? 0) === 0) step--
    return Math.ceil((step + SLOTS) * this.#stepMs)
  }

  /** Steps that hold something, with what they hold: for storage. */
  entries(): readonly (readonly [step: number, amount: number])[] {
    const entries: (readonly [number, number])[] = []
    if (this.#total === 0) return entries
    for (let step = this.#lastStep - STEPS; step <= this.#lastStep; step++) {
      const amount = this.#slots[slotOf(step)] ?? 0
      if (amount > 0) entries.push([step, amount])
    }
    return entries
  }

  /** Takes back what `entries` gave. */
  restore(entries: readonly (readonly [step: number, amount: number])[]): void {
    for (const [step, amount] of entries) this.add(step * this.#stepMs, amount)
  }

  /**
   * Brings what was added at a later time than now to now. A process that starts knows no better clock than that of the machine: one that was
   * ahead, and was set right since, must not keep the window full until it is there again.
   */
  comeBack(nowMs: number): void {
    const step = Math.floor(nowMs / this.#stepMs)
    if (this.#lastStep <= step) return
    const total = this.#total
    this.#slots.fill(0)
    this.#slots[slotOf(step)] = total
    this.#lastStep = step
  }

  /** Time that went back stands still: nothing leaves until it has caught up. */
  #moveTo(nowMs: number): void {
    const step = Math.floor(nowMs / this.#stepMs)
    if (step <= this.#lastStep) return
    if (step - this.#lastStep >= SLOTS) {
      this.#slots.fill(0)
      this.#total = 0
    } else {
      for (let passed = this.#lastStep + 1; passed <= step; passed++) {
        const slot = slotOf(passed)
        this.#total -= this.#slots[slot] ?? 0
        this.#slots[slot] = 0
      }
    }
    this.#lastStep = step
  }
}

function slotOf(step: number): number {
  return ((step % SLOTS) + SLOTS) % SLOTS
}
