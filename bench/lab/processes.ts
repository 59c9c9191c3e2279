import { closeSync, openSync } from 'node:fs'
import { listChildren } from './proc.ts'

const stopGraceMs = 8000
const repository = new URL('../..', import.meta.url).pathname

export interface SpawnOptions {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly logFile: string
  /** Where stdout goes: to `readLine`, or to the log file as stderr does. A pipe that nobody reads would stop the process in the end. */
  readonly stdout: 'lines' | 'log'
}

/** A process of ours. */
export interface Child {
  readonly pid: number
  readonly hasExited: () => boolean
  readLine(): Promise<string>
  writeLine(line: string): void
  /** Asks it to end, waits, and ends it by force with its descendants when asking is not enough. */
  stop(): Promise<void>
}

/** Every process that a benchmark started, so that none outlives it. */
export class Processes {
  readonly #children = new Set<Child>()

  /** Starts one of the benchmark's own programs, a path in bench/. */
  spawnScript(script: string, options: Omit<SpawnOptions, 'command' | 'stdout'>): Child {
    const path = new URL(`../${script}`, import.meta.url).pathname
    return this.spawn({ ...options, stdout: 'lines', command: [process.execPath, 'run', '--no-install', path] })
  }

  spawn(options: SpawnOptions): Child {
    const child = spawnChild(options, () => this.#children.delete(child))
    this.#children.add(child)
    return child
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop()))
  }
}

function spawnChild(options: SpawnOptions, onStopped: () => void): Child {
  const log = openSync(options.logFile, 'a')
  const child = Bun.spawn([...options.command], {
    cwd: repository,
    // Bun reads its limit of outgoing requests (256 by default) once, at start. 2,000 streams need more.
    env: { BUN_CONFIG_MAX_HTTP_REQUESTS: '65336', ...process.env, ...options.environment },
    stdin: 'pipe',
    stdout: options.stdout === 'lines' ? 'pipe' : log,
    stderr: log,
  })
  closeSync(log)
  const lines = splitLines(child.stdout instanceof ReadableStream ? child.stdout : new Blob().stream())
  return {
    pid: child.pid,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    async readLine() {
      const line = await lines.next()
      if (line.done) throw new Error(`${options.command.join(' ')} ended. Its output is in ${options.logFile}.`)
      return line.value
    },
    writeLine(line) {
      child.stdin.write(`${line}\n`)
      child.stdin.flush()
    },
    async stop() {
      const force = setTimeout(() => killTree(child.pid), stopGraceMs)
      child.kill('SIGTERM')
      await child.exited
      clearTimeout(force)
      onStopped()
    },
  }
}

// Children first: the launcher ends by itself when the gateway has ended.
function killTree(pid: number): void {
  for (const member of [...listChildren(pid), pid]) {
    try {
      process.kill(member, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function* splitLines(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  return undefined
}
