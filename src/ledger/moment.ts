/** A point in time, by two clocks, both in milliseconds since the epoch. */
export interface Moment {
  /** What the clock of the machine says: for what the calendar decides. */
  readonly wallMs: number
  /** What it would say had nobody set it since the process began: for durations, windows and leases. */
  readonly steadyMs: number
}

/** The two clocks of a world. */
interface Clocks {
  now(): number
  monotonicMs(): number
}

/** Reads both clocks. The steady one begins where the other stands. */
export function momentsOf(world: Clocks): () => Moment {
  const aheadMs = world.now() - world.monotonicMs()
  return () => ({ wallMs: world.now(), steadyMs: Math.floor(world.monotonicMs() + aheadMs) })
}

/** The time of an event, as both clocks would have said it: for what is read from the log. */
export function momentOfEvent(atMs: number): Moment {
  return { wallMs: atMs, steadyMs: atMs }
}
