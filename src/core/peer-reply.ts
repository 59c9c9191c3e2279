import type { CallSignal } from './signal.ts'
import type { OutgoingConnection } from './world.ts'

/** What is asked of a peer: a provider, a server, an agent. */
export interface PeerRequest {
  readonly method: string
  /** Names in any case. Those that frame the message (host, content-length, connection) are the client's own; a `content-length` counts only where the body is a stream. */
  readonly headers: Readonly<Record<string, string>>
  /** A stream is for what is too large to be held. */
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
  /** Its abort ends the request at whatever stage it is, and closes its connection. */
  readonly signal: CallSignal
  /** Milliseconds until the host has accepted the connection. */
  readonly connectTimeoutMs: number
  /** Connects to this IP address, whatever the host's name means by then. */
  readonly address?: string
  /** How the host is reached, where not plainly. */
  readonly connection?: OutgoingConnection
}

/** The header fields of a reply: the part of the web's `Headers` that is used here. Names are lower case; repeated fields are joined by `, `. */
export interface PeerHeaders {
  /** @param name lower case */
  get(name: string): string | null
  /** @param name lower case */
  has(name: string): boolean
  entries(): Iterable<readonly [name: string, value: string]>
}

/**
 * What a peer answers, in place of the web's `Response`. Its body is pulled: what nobody asks for is left in the network, but for a bounded rest.
 * Its packing (`Content-Encoding`) is undone. Whoever does not read it to its end aborts it.
 */
export interface PeerReply {
  readonly status: number
  readonly headers: PeerHeaders
  /**
   * The next piece of the body; undefined at its end. One call at a time. At once where there is something already: that costs no turn of the event loop.
   * @throws NetworkError, also as a rejection
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The rest of the body, where all of it is here already: then it need not be waited for. Else undefined, and nothing was read. */
  readArrived(): Uint8Array | undefined
  /** Nothing more is wanted of it. Idempotent; after the end of the body it does nothing. */
  abort(): void
}

/** How the network failed. */
export type NetworkFault = 'refused' | 'name' | 'tls' | 'reset' | 'connect_timeout' | 'malformed' | 'aborted' | 'invalid'

/** A failure of the network. `invalid` is the only one that is our own fault: such a request cannot be written down. */
export class NetworkError extends Error {
  readonly fault: NetworkFault

  constructor(fault: NetworkFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NetworkError'
    this.fault = fault
  }
}

/** Options of `readWhole`. */
interface ReadOptions {
  readonly maxBytes: number
  /** Is told of each piece. */
  readonly onPiece?: () => void
}

/**
 * Reads a body to its end.
 * @returns undefined where it is longer than `maxBytes`; such a body is given up
 * @throws NetworkError
 */
export async function readWhole(reply: PeerReply, { maxBytes, onPiece }: ReadOptions): Promise<Uint8Array | undefined> {
  if (Number(reply.headers.get('content-length') ?? 0) > maxBytes) {
    reply.abort()
    return undefined
  }
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) {
    sizeBytes += piece.length
    if (sizeBytes > maxBytes) {
      reply.abort()
      return undefined
    }
    pieces.push(piece)
    onPiece?.()
  }
  const [first] = pieces
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, sizeBytes)
}

/** Words of the runtime's network errors: its `fetch` says no more than these. The first that fits counts. */
const WORDS: readonly (readonly [fault: NetworkFault, words: RegExp])[] = [
  // The bytes were there, but they were no HTTP.
  ['malformed', /malformed|invalid ?http|parse|InvalidHTTP|decompress|zlib|brotli|unexpected.*(header|chunk)/i],
  ['refused', /refused|ConnectionRefused|FailedToOpenSocket/i],
  ['name', /ENOTFOUND|EAI_AGAIN|getaddrinfo|DNS/i],
  ['tls', /certificate|CERT|TLS|SSL|handshake/i],
  ['reset', /reset|ECONNRESET|closed|EPIPE|socket/i],
]

/** How the network failed, by what was thrown; undefined where that does not say. */
export function faultOf(thrown: unknown): NetworkFault | undefined {
  if (thrown instanceof NetworkError) return thrown.fault
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const said = `${code} ${thrown instanceof Error ? thrown.message : String(thrown)}`
  return WORDS.find(([, words]) => words.test(said))?.[0]
}
