import type { CancelTimer, World } from '../core/world.ts'

/** The variables in which bin/signalbox.js and cli/start-afresh.ts leave their process id, and when they started this, in milliseconds since the epoch. */
const LAUNCHER_VARIABLE = 'SIGNALBOX_LAUNCHER'
const LAUNCHED_VARIABLE = 'SIGNALBOX_LAUNCHED_AT'

/** How long a start may take: a launcher that was named longer ago is somebody else's. */
const START_MS = 60_000

/** A launcher that is killed takes nothing with it, and no supervisor looks after what it leaves: how long that may go unseen. */
const LOOK_MS = 500

/**
 * Calls `onGone` once, when the launcher that started this process has died. Whoever was started in another way may lose its parent and go on.
 * @returns the way to stop looking
 */
export function watchLauncher(env: Readonly<Record<string, string | undefined>>, world: World, onGone: () => void): CancelTimer {
  let cancel: CancelTimer = () => {}
  if (env[LAUNCHER_VARIABLE] !== String(process.ppid)) {
    // A variable that was inherited from further up names somebody else's launcher; one that has just died was ours, killed before this look.
    if (isJustGone(env, world.now())) cancel = world.after(LOOK_MS, onGone)
    return () => cancel()
  }
  const look = () => {
    if (env[LAUNCHER_VARIABLE] === String(process.ppid)) cancel = world.after(LOOK_MS, look)
    else onGone()
  }
  look()
  return () => cancel()
}

/** What a launcher says of itself to the process that it starts. */
export function launcherEnvironment(): Readonly<Record<string, string>> {
  return { [LAUNCHER_VARIABLE]: String(process.pid), [LAUNCHED_VARIABLE]: String(Date.now()) }
}

function isJustGone(env: Readonly<Record<string, string | undefined>>, nowMs: number): boolean {
  const [launcher, launchedMs] = [Number(env[LAUNCHER_VARIABLE]), Number(env[LAUNCHED_VARIABLE])]
  return launcher > 0 && Math.abs(nowMs - launchedMs) < START_MS && !isRunning(launcher)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    // One that may not be signalled is there.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
