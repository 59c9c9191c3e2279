import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.ts'

const ROOT = new URL('../../../', import.meta.url).pathname
const LAUNCHER = join(ROOT, 'bin/signalbox.js')
/** A start takes half a second of a processor that others may have. */
const START_MS = 60_000

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Where a gateway is started, and on what. */
export interface GatewayStart {
  readonly configFile: string
  /** The data folder that the configuration names. */
  readonly dataFolder: string
  readonly dataPort: number
  readonly controlPort: number
  /** Runs it as another user, where the system lets us. */
  readonly uid?: number
}

/** A gateway in a process of its own, started as a user would: by the launcher, which starts Bun. */
export class GatewayProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #start: GatewayStart
  #said = ''
  /** Resolves when the launcher has ended. */
  readonly exited: Promise<Exit>
  exit: Exit | undefined

  /** Use `startGateway` or `launchGateway`. */
  constructor(start: GatewayStart) {
    this.#start = start
    this.#child = spawn('node', [LAUNCHER, 'serve', '--config', start.configFile], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(start.uid === undefined ? {} : { uid: start.uid }),
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Uint8Array) => {
        this.#said += new TextDecoder().decode(chunk)
      })
    }
    this.exited = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.exit = { code, signal }
        resolve(this.exit)
      })
    })
  }

  /** All that the process printed. */
  get said(): string {
    return this.#said
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#start.dataPort}`
  }

  get controlOrigin(): string {
    return `http://127.0.0.1:${this.#start.controlPort}`
  }

  get port(): number {
    return this.#start.dataPort
  }

  /** The process that was started: Node, until Bun ends. */
  get launcherPid(): number {
    return this.#child.pid ?? Number.NaN
  }

  /** The gateway itself, as it says in its data folder. */
  get pid(): number {
    return Number(readFileSync(join(this.#start.dataFolder, 'lock.pid'), 'utf8'))
  }

  /** Open file descriptors of the gateway. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  /** Memory of the gateway that is resident, in megabytes. */
  get residentMb(): number {
    const pages = readFileSync(`/proc/${this.pid}/statm`, 'utf8').split(' ')[1]
    return (Number(pages) * 4096) / 1e6
  }

  /** Resolves when both ports answer. */
  async whenReady(): Promise<void> {
    try {
      await until('the gateway answers', () => this.#isReady(), START_MS)
    } catch (thrown) {
      throw new Error(`The gateway does not answer. It printed: ${this.#said === '' ? 'nothing' : this.#said}`, { cause: thrown })
    }
  }

  /** Sends a signal to the gateway itself, past the launcher. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Kills the gateway and waits until the launcher noticed. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL')
    return this.exited
  }

  /** Kills launcher and gateway, at whatever point of their start they are. */
  async killAtOnce(): Promise<void> {
    const pid = this.launcherPid
    // Held still first: between the look at its children and its end it might start one.
    process.kill(pid, 'SIGSTOP')
    await until('the launcher stands still', () => /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    for (const one of [pid, ...children]) sendQuietly(one, 'SIGKILL')
    await this.exited
  }

  /** Asks it to stop, as systemd does, and waits for that. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM')
    return this.exited
  }

  /** A request to the control API, with the admin key. */
  async control(method: string, path: string, body?: unknown): Promise<Response> {
    const adminKey = readFileSync(join(this.#start.dataFolder, 'admin-key'), 'utf8').trim()
    return fetch(`${this.controlOrigin}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // One connection a request: none of them is left from a gateway that was killed.
      keepalive: false,
    })
  }

  /** The same, as JSON; anything but success is an error. */
  async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.control(method, path, body)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    // The caller names the fields that it reads; one that is not there fails its assertion.
    return JSON.parse(text) as Answer
  }

  /** Makes a key of this team. */
  async createKey(team = 'support'): Promise<{ readonly id: string; readonly key: string }> {
    return this.ask('POST', '/api/v1/keys', { team })
  }

  /** Calls that run now. */
  async liveCalls(): Promise<number> {
    const { calls } = await this.ask<{ readonly calls: readonly unknown[] }>('GET', '/api/v1/calls/live')
    return calls.length
  }

  /** Leaves nothing behind, however the test went. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.exit !== undefined) return
    for (const pid of [this.#runningPid(), this.#child.pid]) {
      if (pid === undefined) continue
      for (const signal of ['SIGKILL', 'SIGCONT'] as const) sendQuietly(pid, signal)
    }
    await this.exited
  }

  /** The gateway's id, where it runs still: the file that names it outlives it, and its number may be another's by now. */
  #runningPid(): number | undefined {
    try {
      return readFileSync(`/proc/${this.pid}/cmdline`, 'utf8').includes(this.#start.configFile) ? this.pid : undefined
    } catch {
      return undefined
    }
  }

  async #isReady(): Promise<boolean> {
    if (this.exit !== undefined) throw new Error(`The gateway ended with ${JSON.stringify(this.exit)} before it answered:\n${this.#said}`)
    try {
      const origins = [this.origin, this.controlOrigin]
      const answers = await Promise.all(origins.map((origin) => fetch(`${origin}/livez`, { keepalive: false })))
      for (const answer of answers) await answer.text()
      return answers.every(({ ok }) => ok)
    } catch {
      // Nobody listens yet.
      return false
    }
  }
}

/** Starts a gateway and waits until it answers. */
export async function startGateway(start: GatewayStart): Promise<GatewayProcess> {
  const gateway = new GatewayProcess(start)
  try {
    await gateway.whenReady()
  } catch (thrown) {
    await gateway[Symbol.asyncDispose]()
    throw thrown
  }
  return gateway
}

/** Whether a process is there and is more than a name in the table of processes. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Runs the command line to its end. */
export async function runCli(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn('node', [LAUNCHER, ...args])
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Uint8Array) => {
    said.out += new TextDecoder().decode(chunk)
  })
  child.stderr.on('data', (chunk: Uint8Array) => {
    said.err += new TextDecoder().decode(chunk)
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...said }
}

function sendQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
