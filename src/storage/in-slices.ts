import type { World } from '../core/world.ts'

/** How long one slice may keep the event loop. */
const SLICE_MS = 4

/** Long work, cut where it yields. It must be consistent at each cut. */
export type Steps<Result> = Generator<void, Result, void>

const NEVER = new AbortController().signal

/** Does long work in slices of a few milliseconds, so that calls go on meanwhile. */
export async function inSlices<Result>(steps: Steps<Result>, world: World): Promise<Result> {
  let beganMs = world.monotonicMs()
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    if (world.monotonicMs() - beganMs < SLICE_MS) continue
    await world.sleep(1, NEVER)
    beganMs = world.monotonicMs()
  }
}

/** Does long work at once: before calls are taken. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
  }
}
