import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { launcherEnvironment } from '../app/launcher-environment.ts'
import type { CliIo, ExitCode } from './io.ts'

/** Bun reads its limit of outgoing requests (256 by default) once, at start. bin/signalbox.js sets it; whoever starts main.ts by hand does not. */
const LIMIT = { name: 'BUN_CONFIG_MAX_HTTP_REQUESTS', value: '65336' } as const
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const

/** Whether this process was started without what a gateway needs from the first moment. */
export function needsFreshStart(env: CliIo['env']): boolean {
  return env[LIMIT.name] === undefined
}

/** Runs the same command line in a process of its own that has it, and passes signals on. */
export function startAfresh(env: CliIo['env']): Promise<ExitCode> {
  const [program = process.execPath, ...args] = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  // As bin/signalbox.js does: the gateway stops when this process is gone (platform/launcher.ts).
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...env, [LIMIT.name]: LIMIT.value, ...launcherEnvironment() },
  })
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      // A process that a signal ended has no code of its own; shells write 128 and the signal's number. Its type is only wider than ours.
      resolve((code ?? 128 + constants.signals[signal ?? 'SIGTERM']) as ExitCode)
    })
  })
}
