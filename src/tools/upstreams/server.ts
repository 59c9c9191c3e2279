import { asGatewayError, GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import type { ProgramRunner } from '../../core/ports.ts'
import { CallAbort, type CallSignal } from '../../core/signal.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { encodeResult } from '../frames.ts'
import { LATEST } from '../revisions.ts'
import { encodeRpcError } from '../rpc-errors.ts'
import { isSameTable, readTools, type ToolTable } from '../tool-table.ts'
import type { Frame } from '../types.ts'
import { HttpLink, type ServerAddress } from './http-link.ts'
import type { Introduction, Link, LinkListener, LinkTimeouts } from './link.ts'
import { type ServerProgram, StdioLink } from './stdio-link.ts'

/** A server of the configuration, ready to be reached. */
export interface ServerSpec {
  readonly name: string
  readonly place:
    | { readonly type: 'program'; readonly program: ServerProgram }
    | { readonly type: 'address'; readonly address: ServerAddress }
  readonly timeouts: LinkTimeouts & { readonly listMs: number }
  /** Callers of `/mcp/<server>` that may have a program of their own at a time. */
  readonly maxPrograms: number
  /** What it was given and its errors must not quote. */
  readonly credentials: readonly string[]
  /** Differs where anything of the above does. */
  readonly fingerprint: string
}

/** What servers need of the rest. */
export interface ServerDeps {
  readonly world: World
  readonly runner: ProgramRunner
  readonly version: string
  /** For the process's own log. */
  readonly note: (level: 'debug' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>) => void
}

const FIRST_RETRY_MS = 250
const MAX_RETRY_MS = 30_000
/** A list of a server that does not tell of changes is read again after this time. */
const LIST_AGE_MS = 60_000
/** A server that tells of changes without end is asked for its list no more often. */
const MIN_RELIST_MS = 500

/**
 * One MCP server: the shared session that all callers of the aggregate use, and its list of tools. The shared session declares no
 * capability of a client, so that the server asks nothing in it: whom should the question go to?
 */
export class Server {
  readonly spec: ServerSpec
  readonly #deps: ServerDeps
  readonly #onTools: () => void
  #link: Link | undefined
  #connecting: Promise<Link> | undefined
  #failures = 0
  #retryAtMs = 0
  #lastFailure: GatewayError | undefined
  #cancelRetry: CancelTimer | undefined
  #listing: Promise<void> | undefined
  #listedAtMs = Number.NEGATIVE_INFINITY
  /** What of the server was heard when its list was read. */
  #listedHearing: number | undefined
  #isStale = false
  #cancelRelist: CancelTimer | undefined
  #isClosed = false
  readonly #begunAtMs: number
  readonly #over = new CallAbort()
  #ownPrograms = 0
  table: ToolTable | undefined

  /** @param onTools hears of every list that differs from the one before */
  constructor(spec: ServerSpec, deps: ServerDeps, onTools: () => void) {
    this.spec = spec
    this.#deps = deps
    this.#onTools = onTools
    this.#begunAtMs = deps.world.monotonicMs()
  }

  /** For so long yet a list of all tools waits for this server, which may just have been started. */
  get newForMs(): number {
    return this.spec.timeouts.listMs - (this.#deps.world.monotonicMs() - this.#begunAtMs)
  }

  /** The shared session where it is there; no promise on the way of every call. */
  get ready(): Link | undefined {
    return this.#link?.isOpen ? this.#link : undefined
  }

  /** Why the server is not there, as far as that is known. */
  get lastFailure(): GatewayError | undefined {
    return this.#lastFailure
  }

  /**
   * The shared session, begun where it is not there. After a failure it is not tried at once again.
   * @throws server_*
   */
  connect(): Promise<Link> {
    const { ready } = this
    if (ready !== undefined) return Promise.resolve(ready)
    if (this.#isClosed) return Promise.reject(this.#closed())
    if (this.#connecting !== undefined) return this.#connecting
    const waitMs = this.#retryAtMs - this.#deps.world.monotonicMs()
    if (waitMs > 0 && this.#lastFailure !== undefined) return Promise.reject(this.#lastFailure)
    this.#connecting = this.#connectNow()
    return this.#connecting
  }

  /** Whether one more caller may have a program of its own. Always, where the server is no program. */
  get hasRoom(): boolean {
    return this.spec.place.type === 'address' || this.#ownPrograms < this.spec.maxPrograms
  }

  /** A session of a caller's own; `signal` gives it up while it is not there yet. @throws server_* */
  async openOwn(introduction: Introduction, listener: LinkListener, signal: CallSignal): Promise<Link> {
    if (this.#isClosed) throw this.#closed()
    // From now until the program is gone, also where nobody waits for it any more.
    this.#ownPrograms++
    const onGone = () => {
      this.#ownPrograms--
    }
    return connectLink(this.spec, this.#deps, introduction, { listener, signal, onGone })
  }

  /** Reads the list of tools where there is none yet or it may have changed. Resolves when that was done or has failed. Never rejects. */
  refresh(): Promise<void> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined
    })
    return this.#listing
  }

  /** Looks at the age of the list, and reads it anew in the background where it is too old. */
  keepFresh(): void {
    if (this.table === undefined || this.#isStale || this.#isOld()) void this.refresh()
  }

  /** An answer came: whatever failed before is over. */
  noteSuccess(): void {
    this.#failures = 0
  }

  /** The server tells that its list of tools has changed: it is read anew, at once unless it was read a moment ago. */
  hearOfTools(): void {
    this.#isStale = true
    if (this.#isClosed || this.#cancelRelist !== undefined) return
    const { world } = this.#deps
    const waitMs = this.#listedAtMs + MIN_RELIST_MS - world.monotonicMs()
    if (waitMs <= 0) {
      void this.refresh()
      return
    }
    this.#cancelRelist = world.after(waitMs, () => {
      this.#cancelRelist = undefined
      void this.refresh()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#cancelRelist?.()
    this.#over.abort(this.#closed())
    const link = this.#link ?? (await this.#connecting?.catch(() => undefined))
    await link?.close()
  }

  #isOld(): boolean {
    const isTold = this.#link !== undefined && isToldOfTools(this.#link, this.#listedHearing)
    return !isTold && this.#deps.world.monotonicMs() - this.#listedAtMs > LIST_AGE_MS
  }

  async #connectNow(): Promise<Link> {
    const introduction = {
      protocolVersion: LATEST,
      capabilities: {},
      clientInfo: { name: 'signalbox', version: this.#deps.version },
    }
    try {
      const listener = { onMessage: (frame: Frame) => this.#take(frame), onClosed: () => this.#onLost() }
      const link = await connectLink(this.spec, this.#deps, introduction, { listener, signal: this.#over, onGone: () => {} })
      if (this.#isClosed) {
        await link.close()
        throw this.#closed()
      }
      this.#link = link
      this.#lastFailure = undefined
      if (tellsOfTools(link.greeting)) link.listen()
      return link
    } catch (thrown) {
      throw this.#noteFailure(asGatewayError(thrown))
    } finally {
      this.#connecting = undefined
    }
  }

  async #list(): Promise<void> {
    try {
      const link = await this.connect()
      this.#isStale = false
      this.#cancelRelist?.()
      this.#cancelRelist = undefined
      const { hearing } = link
      const table = await readTools(link, this.spec, this.spec.timeouts.callMs)
      this.#listedAtMs = this.#deps.world.monotonicMs()
      this.#listedHearing = hearing
      this.noteSuccess()
      // It was told of in the midst of it: who knows on which side of that.
      if (this.#isStale) this.hearOfTools()
      if (isSameTable(this.table, table)) return
      this.table = table
      this.#onTools()
    } catch (thrown) {
      this.#lastFailure = asGatewayError(thrown)
      this.#isStale = true
      this.#deps.note('warn', 'a server does not list its tools', { server: this.spec.name, says: this.#lastFailure.message })
    }
  }

  /** What the server says outside of calls. What it asks is refused: this session stands for no caller. */
  #take(frame: Frame): void {
    if (frame.type === 'notification' && frame.method === TOOLS_CHANGED) this.hearOfTools()
    if (frame.type === 'request') this.#link?.send(answerForNobody(frame))
  }

  #onLost(): void {
    this.#link = undefined
    this.#noteFailure(new GatewayError('server_exited', `The server ${this.spec.name} has ended.`))
    this.#isStale = true
  }

  /** The first failure after a success is tried again at once, when it is needed; those after it wait, longer and longer. */
  #noteFailure(error: GatewayError): GatewayError {
    if (this.#isClosed) return error
    const { world } = this.#deps
    this.#lastFailure = error
    this.#failures++
    const waitMs = this.#failures === 1 ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 2), MAX_RETRY_MS)
    this.#retryAtMs = world.monotonicMs() + waitMs
    this.#cancelRetry?.()
    this.#cancelRetry = world.after(Math.max(waitMs, FIRST_RETRY_MS), () => void this.refresh())
    return error
  }

  #closed(): GatewayError {
    return new GatewayError('server_unreachable', `The server ${this.spec.name} was taken out of the configuration.`)
  }
}

interface LinkOwner {
  readonly listener: LinkListener
  readonly signal: CallSignal
  /** The program is gone. Not told of a server that is none. */
  readonly onGone: () => void
}

function connectLink(spec: ServerSpec, deps: ServerDeps, introduction: Introduction, owner: LinkOwner): Promise<Link> {
  const { world, runner, note } = deps
  const common = { world, server: spec.name, timeouts: spec.timeouts, credentials: spec.credentials, note, ...owner }
  return spec.place.type === 'program'
    ? StdioLink.connect({ ...common, runner, program: spec.place.program }, introduction)
    : HttpLink.connect({ ...common, address: spec.place.address }, introduction)
}

/** What a server says when its list of tools has changed. */
export const TOOLS_CHANGED = 'notifications/tools/list_changed'

/** Whether a list that was read is still good unless the server has said otherwise. @param hearing what was heard of the server when it was read */
export function isToldOfTools(link: Link, hearing: number | undefined): boolean {
  return hearing !== undefined && link.hearing === hearing && tellsOfTools(link.greeting)
}

/** Whether a server said that it tells of changes to its list of tools. @param greeting the result of `initialize` */
function tellsOfTools({ capabilities }: JsonObject): boolean {
  return isObject(capabilities) && isObject(capabilities.tools) && capabilities.tools.listChanged === true
}

/** The answer to what a server asks where there is no caller to ask. */
export function answerForNobody(frame: Extract<Frame, { readonly type: 'request' }>): string {
  if (frame.method === 'ping') return encodeResult(frame.idText, '{}')
  const error = new GatewayError('method_not_found', `There is nobody here to answer ${frame.method}.`)
  return encodeRpcError(error, frame.idText, undefined)
}
