import type { CancelTimer, World } from '../core/world.ts'

/** The variable in which bin/signalbox.js and cli/start-afresh.ts leave their process id. */
const LAUNCHER_VARIABLE = 'SIGNALBOX_LAUNCHER'

/** A launcher that is killed takes nothing with it, and no supervisor looks after what it leaves: how long that may go unseen. */
const LOOK_MS = 500

/**
 * Calls `onGone` once, when the launcher that started this process has died. Whoever was started in another way may lose its parent and go on.
 * @returns the way to stop looking
 */
export function watchLauncher(env: Readonly<Record<string, string | undefined>>, world: World, onGone: () => void): CancelTimer {
  // A variable that was inherited from further up names somebody else's launcher.
  if (env[LAUNCHER_VARIABLE] !== String(process.ppid)) return () => {}
  let cancel: CancelTimer = () => {}
  const look = () => {
    if (env[LAUNCHER_VARIABLE] === String(process.ppid)) cancel = world.after(LOOK_MS, look)
    else onGone()
  }
  look()
  return () => cancel()
}
