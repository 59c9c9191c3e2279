import type { Reached, ReachRequest } from '../app/reach-gateway.ts'
import type { CliContext } from '../cli/context.ts'
import type { ExitCode } from '../cli/io.ts'
import { run } from '../cli/main.ts'
import { type ControlClient, createControlClient } from '../control/client.ts'
import { TEST_ADMIN_KEY, type TestControl } from './open-test-control.ts'

/** What a command line did. */
export interface CliRun {
  readonly out: string
  readonly err: string
  readonly exitCode: ExitCode | undefined
  /** How the gateway was looked for. */
  readonly asked: readonly ReachRequest[]
}

/** How the gateway of a command line is. */
export interface CliWorld {
  readonly reach?: CliContext['reach']
  readonly isRunning?: boolean
  /** Runs in place of each pause of `--follow`; called with how many there were, and the way to interrupt. */
  readonly onPause?: (count: number, interrupt: () => void) => Promise<void>
}

/** A client of the control API in this process. */
export function testClient({ api }: Pick<TestControl, 'api'>, adminKey = TEST_ADMIN_KEY): ControlClient {
  return createControlClient({ url: 'http://127.0.0.1:4001', adminKey, fetch: (request) => api.fetch(request) })
}

/** Runs a command line in this process, against a control API in it. */
export async function runCli(control: TestControl, args: readonly string[], world: CliWorld = {}): Promise<CliRun> {
  const [out, err, asked]: [string[], string[], ReachRequest[]] = [[], [], []]
  const interrupt = new AbortController()
  let exitCode: ExitCode | undefined
  let pauses = 0
  const pause: Reached['pause'] = async () => world.onPause?.(++pauses, () => interrupt.abort())
  const reached: Reached = { client: testClient(control), isRunning: world.isRunning ?? true, pause, close: async () => {} }
  await run(args, {
    io: {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      isTerminal: false,
      env: {},
      cwd: '/nowhere',
      setExitCode: (code) => {
        exitCode = code
      },
    },
    onInterrupt: () => interrupt.signal,
    reach: async (request) => {
      asked.push(request)
      return world.reach === undefined ? reached : world.reach(request)
    },
  })
  return { out: out.join(''), err: err.join(''), exitCode, asked }
}
