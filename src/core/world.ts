import type { PeerReply, PeerRequest } from './peer-reply.ts'
import type { CallSignal } from './signal.ts'

/** Undoes a timer. Calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void

/** Prefixes of ids, so that a person sees what an id names. */
export type IdPrefix = 'call' | 'key' | 'node' | 'body' | 'run'

/** What `fetch` of a world takes: the web standard's, less what a gateway must not do. */
export interface OutgoingRequest {
  readonly method: string
  readonly headers: Record<string, string> | Headers
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
  readonly signal: AbortSignal
  /** Decodes a `Content-Encoding` that was not asked for. Off unless said. */
  readonly decompress?: boolean
  /** Connects to this IP address, whatever the host's name means by then. */
  readonly address?: string
  /** How the host is reached, where not plainly. */
  readonly connection?: OutgoingConnection
}

/** A way to a host. PEM texts. */
export interface OutgoingConnection {
  /** URL of an HTTP proxy. */
  readonly proxy?: string
  /** Authorities that the host's certificate is checked against. */
  readonly ca?: string
  /** The client certificate and its key. */
  readonly certificate?: string
  readonly key?: string
}

/**
 * Clock, chance, ids, timers and the network: they enter here and nowhere else (tests/architecture.test.ts).
 * The real one is platform/world.ts, the one of tests is testing/fake-world.ts.
 */
export interface World {
  /** Milliseconds since the epoch, whole. */
  now(): number
  /** Milliseconds of a clock that never goes back, with fractions: for durations only. */
  monotonicMs(): number
  /** In [0, 1). */
  random(): number
  /** Unique, and sortable by time of creation: `<prefix>_` and 26 characters, the first 10 of which are the time (Crockford base 32). */
  id(prefix: IdPrefix): string
  /** Hexadecimal, of the given length in bytes: for trace and span ids. */
  randomHex(bytes: number): string
  /** Runs once after the given time, unless cancelled. Does not keep the process alive. */
  after(ms: number, run: () => void): CancelTimer
  /** Resolves after the given time; rejects with the signal's reason when that aborts first. */
  sleep(ms: number, signal: CallSignal): Promise<void>
  /** Runs once at the end of the present turn of the event loop, after the input that is already there. */
  atEndOfTurn(run: () => void): void
  /**
   * Asks a peer, for a call: what a gateway does all day. Never follows redirects. Resolves when the head of the reply is there.
   * @throws NetworkError, as a rejection; of a peer behind a proxy, what the runtime throws
   */
  request(url: string, request: PeerRequest): Promise<PeerReply>
  /** The web's own, for what is asked seldom. Never follows redirects. Rejects when no response begins. */
  fetch(url: string, request: OutgoingRequest): Promise<Response>
  /** The IP addresses of a host's name. Rejects where it has none. */
  lookup(host: string): Promise<readonly string[]>
  /** Whether the host of this URL accepts a connection at all; false when the signal aborts first. Never rejects. */
  canConnect(url: string, signal: AbortSignal): Promise<boolean>
}

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Writes milliseconds since the epoch as ten sortable characters. */
export function encodeTime(ms: number): string {
  let text = ''
  let rest = ms
  for (let position = 0; position < 10; position++) {
    text = BASE32.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Reads the time out of an id: milliseconds since the epoch, or undefined where the text is no id of ours. */
export function timeOfId(id: string): number | undefined {
  const match = /^[a-z]+_([0-9A-HJKMNP-TV-Z]{10})[0-9A-HJKMNP-TV-Z]{16}$/.exec(id)
  if (match === null) return undefined
  let ms = 0
  for (const character of match[1] ?? '') ms = ms * 32 + BASE32.indexOf(character)
  return ms
}
