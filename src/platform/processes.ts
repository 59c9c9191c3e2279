import type { ChildProcess, Program, ProgramExit, ProgramRunner } from '../core/ports.ts'

/**
 * Runs the command in the process group that this shell leads, and watches descriptor 3: its other end is open in the gateway alone. When the
 * gateway is gone, however it went, that reads as the end of a file, and the whole group is ended. Plain POSIX sh: Linux and macOS have it.
 * Standard input goes by way of descriptor 4, for a command in the background would otherwise read /dev/null. A SIGTERM to the group is the
 * command's to answer: the shell waits on for it. Signals are named with -s: dash takes the -- after -TERM for a process.
 */
const SUPERVISOR = `exec 4<&0 0</dev/null
"$@" <&4 3<&- 4<&- &
child=$!
exec 4<&-
( trap '' TERM; read -r _ <&3; kill -s TERM -- -$$; sleep 1; kill -s KILL -- -$$ ) >/dev/null 2>&1 &
exec 3<&- 1>&- 2>&-
trap : TERM
wait $child
status=$?
while kill -0 $child; do wait $child; status=$?; done
exit $status`

/** What a program sees of the gateway's own environment. Never its keys. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'] as const
/** Unread input of one program: past this it is taken for dead. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024
/** After standard input was closed, so long until SIGTERM; and again so long as the caller says until SIGKILL. */
const FAREWELL_MS = 300

/**
 * Starts programs, each in a process group of its own that ends with the gateway, also where that is killed.
 * @param environment the gateway's own; only what INHERITED names is handed on
 */
export function createProgramRunner(environment: Readonly<Record<string, string | undefined>>): ProgramRunner {
  const inherited = Object.fromEntries(INHERITED.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])))
  return { start: (program) => new GroupedProcess(program, inherited) }
}

type Spawned = Bun.Subprocess<'pipe', 'pipe', 'pipe'>

class GroupedProcess implements ChildProcess {
  readonly #spawned: Spawned
  readonly exited: Promise<ProgramExit>
  #unreadBytes = 0
  #isStopping = false

  constructor(program: Program, inherited: Readonly<Record<string, string>>) {
    this.#spawned = spawn(program, inherited)
    const outputs = [drain(this.#spawned.stdout, program.onOutput), drain(this.#spawned.stderr, program.onErrorOutput)]
    this.exited = this.#spawned.exited.then(async (code) => {
      // What the command left behind in its group goes with it; only then do the pipes end.
      this.#signal('SIGKILL')
      await Promise.all(outputs)
      const signal = this.#spawned.signalCode
      return signal === null ? { code } : { signal: String(signal) }
    })
  }

  get pid(): number {
    return this.#spawned.pid
  }

  write(text: string): 'written' | 'full' | 'gone' {
    const sizeBytes = Buffer.byteLength(text)
    if (this.#unreadBytes + sizeBytes > MAX_UNREAD_BYTES) return 'full'
    const { stdin } = this.#spawned
    try {
      stdin.write(text)
      const flushed = stdin.flush()
      if (typeof flushed === 'number') return 'written'
      this.#unreadBytes += sizeBytes
      const read = () => {
        this.#unreadBytes -= sizeBytes
      }
      flushed.then(read, read)
      return 'written'
    } catch {
      return 'gone'
    }
  }

  stop(graceMs: number): Promise<ProgramExit> {
    if (this.#isStopping) return this.exited
    this.#isStopping = true
    try {
      Promise.resolve(this.#spawned.stdin.end()).catch(() => {})
    } catch {
      // It was closed already.
    }
    const term = setTimeout(() => this.#signal('SIGTERM'), graceMs === 0 ? 0 : FAREWELL_MS)
    const kill = setTimeout(() => this.#signal('SIGKILL'), graceMs === 0 ? 0 : FAREWELL_MS + graceMs)
    return this.exited.finally(() => {
      clearTimeout(term)
      clearTimeout(kill)
    })
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      process.kill(hasGroups() ? -this.#spawned.pid : this.#spawned.pid, signal)
    } catch {
      // Nobody is left in the group.
    }
  }
}

function spawn(program: Program, inherited: Readonly<Record<string, string>>): Spawned {
  const command = hasGroups() ? ['/bin/sh', '-c', SUPERVISOR, 'sh', ...program.command] : [...program.command]
  const extra = {
    // A session of its own: a group of its own, and no terminal.
    detached: hasGroups(),
    stdio: hasGroups() ? ['pipe', 'pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe'],
  }
  const options = {
    ...extra,
    env: { ...inherited, ...program.env },
    ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
  }
  // Bun's types know neither `detached` beside pipes nor a fourth pipe; the first three are as asked for.
  return Bun.spawn(command, options as object as { stdio: ['pipe', 'pipe', 'pipe'] })
}

/** Windows has neither sh nor process groups: there a program ends when its standard input does. */
function hasGroups(): boolean {
  return process.platform !== 'win32'
}

async function drain(stream: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => void): Promise<void> {
  const reader = stream.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) take(read.value)
  } catch {
    // A pipe that breaks has ended.
  }
}
