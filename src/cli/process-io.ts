import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isatty } from 'node:tty'
import type { CliContext } from './context.ts'
import type { CliIo, ExitCode } from './io.ts'

/** The process that this is. */
export interface OwnProcess {
  /** The command line, without the program's name. */
  readonly args: readonly string[]
  readonly io: CliIo
  readonly onInterrupt: CliContext['onInterrupt']
  /** Ends the process with the last exit code, once what was printed has left it. */
  exit(): Promise<never>
}

/** Opens the process for commands. */
export function openProcess(): OwnProcess {
  const interrupt = new AbortController()
  let exitCode: ExitCode = 0
  return {
    args: process.argv.slice(2),
    io: {
      out: (text) => {
        // Whoever reads stdout may leave (`| head`): then there is nothing more to do, and no reason to complain.
        if (writeWhole(STDOUT, text) === 'closed') process.exit(exitCode)
      },
      err: (text) => void process.stderr.write(text),
      isTerminal: process.stdin.isTTY === true && isatty(STDOUT),
      ask: createAsk(),
      env: process.env,
      cwd: process.cwd(),
      setExitCode: (code) => {
        exitCode = code
      },
    },
    onInterrupt: () => {
      // `on`, not `once`: the launcher passes Ctrl-C on to a process that the terminal has told already.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort())
      return interrupt.signal
    },
    exit: async () => {
      await new Promise<void>((resolve) => process.stderr.write('', () => resolve()))
      process.exit(exitCode)
    },
  }
}

/** Asks on stderr: what is on stdout may go into a file. A line that was typed ahead answers the next question. */
function createAsk(): NonNullable<CliIo['ask']> {
  const ahead: string[] = []
  let state: 'new' | 'open' | 'over' = 'new'
  let answer: ((line: string | undefined) => void) | undefined
  const take = (line: string | undefined) => {
    const waiting = answer
    answer = undefined
    if (waiting !== undefined) waiting(line)
    else if (line !== undefined) ahead.push(line)
  }
  const open = () => {
    state = 'open'
    const opened = createInterface({ input: process.stdin, output: process.stderr })
    opened.on('line', take)
    opened.on('close', () => {
      state = 'over'
      take(undefined)
    })
  }
  return async (question) => {
    if (state === 'new') open()
    process.stderr.write(question)
    if (ahead.length > 0 || state === 'over') return ahead.shift()
    return new Promise((resolve) => {
      answer = resolve
    })
  }
}

const STDOUT = 1
const RETRY_MS = 5

/**
 * Writes all of a text, however slowly it is read. Not by `process.stdout`: on Bun 1.4.5 what a pipe does not take at once is lost when the
 * process exits, also after the callback of the last write.
 */
function writeWhole(descriptor: number, text: string): 'written' | 'closed' {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at)
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
      if (code === 'EPIPE') return 'closed'
      if (code !== 'EAGAIN') throw thrown
      // Somebody made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
  return 'written'
}
