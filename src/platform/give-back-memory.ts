import type { CancelTimer, World } from '../core/world.ts'

/** Long enough for what comes first after a start: the probes of a supervisor, a key that is made. */
const REST_MS = 1000
/** Looks before it is given up: by then the code of a busy process is warm, and must stay. */
const MAX_LOOKS = 10

/**
 * Gives back to the system what starting took: text that was parsed, code that ran once (4 to 9 MB of 80 to 90). It stops everything for some
 * 25 ms and throws compiled code away, so it waits until nothing runs, and is done once.
 * @returns the way to call it off
 */
export function giveBackMemory(world: World, isBusy: () => boolean): CancelTimer {
  return onceQuiet(world, isBusy, () => Bun.shrink())
}

/** Runs `act` once, a second from now or as much later as it takes until nothing is busy; ten seconds from now it is given up. */
export function onceQuiet(world: World, isBusy: () => boolean, act: () => void): CancelTimer {
  let looks = 0
  const look = () => {
    if (!isBusy()) act()
    else if (++looks < MAX_LOOKS) cancel = world.after(REST_MS, look)
  }
  let cancel = world.after(REST_MS, look)
  return () => cancel()
}
