import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChildProcess, ProgramExit, ProgramRunner } from '../../core/ports.ts'
import { decodeFrame, encodeNotification, paramsOf } from '../frames.ts'
import type { Frame } from '../types.ts'
import { Exchange, encodeCancelled, mayStillRun } from './exchange.ts'
import { encodeInitialize, readGreeting } from './handshake.ts'
import { LineSplitter } from './lines.ts'
import type { Introduction, Link, LinkDeps, Outgoing } from './link.ts'

const MAX_LINE_BYTES = 64 * 1024 * 1024
const MAX_DEPTH = 1000
/** What is remembered of a server's stderr, to tell why it ended. */
const MAX_STDERR_CHARACTERS = 2000
/** How long a server may take to end in good order. */
const STOP_GRACE_MS = 1500
/** How much of either end of a line is looked at for the id of an answer that cannot be read. */
const END_BYTES = 256
const decoder = new TextDecoder()

/** A program to speak MCP with. */
export interface ServerProgram {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
}

interface StdioDeps extends LinkDeps {
  readonly runner: ProgramRunner
  readonly program: ServerProgram
  /** Told once, when the program is gone or could not be started: however that came. */
  readonly onGone: () => void
}

/** A session with a server that runs as a child of the gateway: one program, one session. Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports (read 2026-11-21). */
export class StdioLink implements Link {
  readonly #deps: StdioDeps
  readonly #child: ChildProcess
  readonly #lines = new LineSplitter(MAX_LINE_BYTES, (ends) => this.#skip(ends, ends))
  readonly #open = new Map<string, Exchange>()
  #lastId = 0
  #isOpen = true
  #isClosing = false
  #stderr = ''
  #rubbish = 0
  greeting: JsonObject = {}
  /** All that a program says comes the same way. */
  readonly hearing = 0

  private constructor(deps: StdioDeps) {
    this.#deps = deps
    const { command, env, cwd } = deps.program
    this.#child = deps.runner.start({
      command,
      env,
      ...(cwd === undefined ? {} : { cwd }),
      onOutput: (bytes) => this.#read(bytes),
      onErrorOutput: (bytes) => this.#readError(bytes),
    })
    void this.#child.exited.then((exit) => this.#onExit(exit))
  }

  /**
   * Starts the program and greets it.
   * @throws server_unreachable, server_exited, server_timeout, server_malformed, server_error
   */
  static async connect(deps: StdioDeps, introduction: Introduction): Promise<StdioLink> {
    const link = StdioLink.#start(deps)
    try {
      const { connectMs } = deps.timeouts
      const exchange = link.open({
        encode: (idText) => encodeInitialize(idText, introduction),
        timeouts: { callMs: connectMs, totalMs: connectMs },
        signal: deps.signal,
      })
      link.greeting = await readGreeting(exchange, { name: deps.server, credentials: deps.credentials })
      link.send(encodeNotification('notifications/initialized'))
      return link
    } catch (thrown) {
      void link.close()
      throw thrown
    }
  }

  static #start(deps: StdioDeps): StdioLink {
    try {
      return new StdioLink(deps)
    } catch (thrown) {
      deps.onGone()
      throw new GatewayError('server_unreachable', `The server ${deps.server} could not be started.`, { cause: thrown })
    }
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isClosing
  }

  /** The program's process group. */
  get pid(): number {
    return this.#child.pid
  }

  open({ encode, call, signal = call?.signal, timeouts }: Outgoing): Exchange {
    const { world, server } = this.#deps
    const idText = String(++this.#lastId)
    const exchange = new Exchange({
      world,
      server,
      signal,
      timeouts: timeouts ?? this.#deps.timeouts,
      onOver: (reason) => {
        this.#open.delete(idText)
        // Nobody waits any more: the server is told, so that it can stop.
        if (reason !== undefined && mayStillRun(reason)) this.send(encodeCancelled(idText, reason))
      },
    })
    if (signal?.aborted) exchange.fail(asGatewayError(signal.reason))
    else if (!this.isOpen) exchange.fail(this.#gone())
    else {
      this.#open.set(idText, exchange)
      // Of one that is gone, its exit tells more, and ends this with the rest.
      if (this.#child.write(asLine(encode(idText))) === 'full') {
        exchange.fail(new GatewayError('server_unreachable', `The server ${server} does not read what is sent to it.`))
      }
    }
    return exchange
  }

  send(text: string): void {
    if (this.isOpen) this.#child.write(asLine(text))
  }

  listen(): void {}

  async close(): Promise<void> {
    this.#isClosing = true
    const stopping = this.#child.stop(STOP_GRACE_MS)
    for (const exchange of [...this.#open.values()]) exchange.fail(this.#gone())
    await stopping
  }

  #gone(): GatewayError {
    return new GatewayError('server_exited', `The server ${this.#deps.server} has ended.`)
  }

  #read(bytes: Uint8Array): void {
    for (const line of this.#lines.push(bytes)) {
      const decoded = decodeFrame(line, MAX_DEPTH)
      if (decoded.type === 'frame') this.#take(decoded.frame)
      else this.#skip(line.subarray(0, END_BYTES), line.subarray(-END_BYTES))
    }
  }

  /**
   * What is no message stands between the messages of many a server; it is skipped, and counted. An answer that cannot be read (too long, too
   * rich, a key twice) ends what it answers: nothing else would come, and the caller would wait for it in vain.
   */
  #skip(head: Uint8Array, tail: Uint8Array): void {
    this.#rubbish++
    const { note, server } = this.#deps
    const says = decoder.decode(head.subarray(0, 200))
    note('debug', 'a line on the stdout of a server is no message', { server, lines: this.#rubbish, says })
    this.#open
      .get(idOfUnreadable(decoder.decode(head) + decoder.decode(tail)) ?? '')
      ?.fail(
        new GatewayError(
          'server_malformed',
          `The server ${server} gave an answer that cannot be read: too long, too deep, too rich, or a key in it twice.`,
        ),
      )
  }

  #take(frame: Frame): void {
    if (frame.type === 'response') {
      const exchange = this.#open.get(frame.idText)
      if (exchange !== undefined) exchange.deliver(frame)
      else this.#deps.note('debug', 'an answer that nobody waits for', { server: this.#deps.server, id: frame.idText.slice(0, 100) })
      return
    }
    const token = frame.type === 'notification' && frame.method === 'notifications/progress' ? paramsOf(frame).progressToken : undefined
    const exchange = token === undefined ? undefined : this.#open.get(String(token))
    if (exchange !== undefined) exchange.deliver(frame)
    else if (token === undefined) this.#deps.listener.onMessage(frame)
  }

  #readError(bytes: Uint8Array): void {
    this.#stderr = (this.#stderr + decoder.decode(bytes)).slice(-MAX_STDERR_CHARACTERS)
  }

  #onExit({ code, signal }: ProgramExit): void {
    this.#isOpen = false
    this.#deps.onGone()
    const how = signal === undefined ? `exit code ${code}` : signal
    const { server, note, listener } = this.#deps
    if (!this.#isClosing) note('warn', 'a server has ended', { server, how, stderr: this.#stderr.trim() })
    for (const exchange of [...this.#open.values()]) {
      exchange.fail(new GatewayError('server_exited', `The server ${server} ended (${how}) before it answered.`))
    }
    if (!this.#isClosing) listener.onClosed(how)
  }
}

/** A message as one line. In valid JSON a line break is white space: inside of texts it is escaped. */
function asLine(text: string): string {
  return `${text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, ' ') : text}\n`
}

/** Anchored, so that nothing within a result is taken for the id of the whole. */
const ID_FIRST = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,15})\s*,/
const ID_LAST = /,\s*"id"\s*:\s*(\d{1,15})\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/

/** The id that an answer bears of which only the two ends are known; undefined where they look like something else. */
function idOfUnreadable(ends: string): string | undefined {
  if (!ends.includes('"jsonrpc"') || ends.includes('"method"')) return undefined
  return ID_FIRST.exec(ends)?.[1] ?? ID_LAST.exec(ends)?.[1]
}
