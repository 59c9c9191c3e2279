import type { Call } from '../../core/call.ts'
import type { JsonObject } from '../../core/json.ts'
import type { CallSignal } from '../../core/signal.ts'
import type { World } from '../../core/world.ts'
import type { Frame } from '../types.ts'
import type { Exchange } from './exchange.ts'

/** What a session tells a server of whom it speaks for. */
export interface Introduction {
  readonly protocolVersion: string
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
}

/** Milliseconds. */
export interface LinkTimeouts {
  /** To start the program or reach the host, and to be greeted. */
  readonly connectMs: number
  /** Longest silence of a server in a call. */
  readonly callMs: number
  /** Longest call of all. */
  readonly totalMs: number
}

/** What a link tells its owner. */
export interface LinkListener {
  /** A message of the server that belongs to no call, as far as can be told. Answers what it asks through `send`. */
  readonly onMessage: (frame: Frame) => void
  /** The session with the server is over; nothing more comes. Told once, and not where the owner closed it. */
  readonly onClosed: (why: string) => void
}

/** What every link is made from. */
export interface LinkDeps {
  readonly world: World
  /** The server, by its name in the configuration. */
  readonly server: string
  readonly timeouts: LinkTimeouts
  /** What it was given and its errors must not quote. */
  readonly credentials: readonly string[]
  readonly listener: LinkListener
  /** Its abort gives up the greeting of the server, which nobody waits for any more. */
  readonly signal: CallSignal
  /** For what is no reason to trouble a caller: rubbish between the messages, answers that nobody waits for. */
  readonly note: (level: 'debug' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>) => void
}

/** A request on its way to a server. */
export interface Outgoing {
  /** The text of the request under the link's own id, which is its progress token too. */
  readonly encode: (idText: string) => string
  /** The call for which it is sent; its end cancels the request. Left out: one of the gateway's own. */
  readonly call?: Call
  /** Gives up a request of the gateway's own. */
  readonly signal?: CallSignal
  readonly traceparent?: string
  /** Where these differ from the link's. */
  readonly timeouts?: Pick<LinkTimeouts, 'callMs' | 'totalMs'>
}

/** One MCP session with one server. */
export interface Link {
  /** What the server said at the beginning: the result of `initialize`. */
  readonly greeting: JsonObject
  readonly isOpen: boolean
  /**
   * Which opening of its stream for what belongs to no call is heard now; undefined while none is, as where a server over HTTP offers none.
   * What was read under one number may have changed unheard under another.
   */
  readonly hearing: number | undefined
  /** Sends a request. Its answer, and what comes with it, is read from the exchange. Failures come from there too. */
  open(request: Outgoing): Exchange
  /** Sends a notification, or the answer to a request of the server. What cannot be sent is lost. */
  send(text: string): void
  /** Begins to take in what the server says outside of calls, where that needs a stream of its own. */
  listen(): void
  close(): Promise<void>
}
