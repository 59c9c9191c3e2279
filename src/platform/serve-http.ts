import { GatewayError } from '../core/errors.ts'
import { type Layer, type SocketListener, StreamedResponse, type Upgrade } from '../core/layer.ts'
import { LongRequests } from './long-requests.ts'

/** A running HTTP server. */
export interface HttpServer {
  /** `host:port`, with the port that was really taken. */
  readonly address: string
  readonly port: number
  /** Requests that run now. */
  readonly pending: () => number
  /** Takes no new connections. Resolves when the running requests are done, or at once where `force` cuts them. */
  stop(options: { readonly force: boolean }): Promise<void>
}

/** Where and how to listen. */
export interface HttpServerOptions {
  readonly host: string
  readonly port: number
  /** The largest body that any path may take; each path has its own, smaller limit. */
  readonly maxBodyBytes: number
  readonly fetch: (request: Request) => Promise<Response | Upgrade>
  /** Seconds, 255 at most, after which a connection is closed on which nothing runs. Load balancers keep theirs for 60 mostly. */
  readonly idleSeconds?: number
}

const IDLE_SECONDS = 240

/**
 * Serves HTTP on Bun.
 * @throws conflict where the address cannot be taken: its message names host and port
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const { idleSeconds = IDLE_SECONDS } = options
  // The runtime counts from the last byte that came, whatever goes out: it would take every long call for an idle connection.
  const long = new LongRequests({ sweepMs: idleSeconds * 250, hold: (request) => server.timeout(request, 0) })
  let server: BunServer
  try {
    server = listen(options, idleSeconds, long)
  } catch (thrown) {
    long.stop()
    throw cannotListen(options, thrown)
  }
  const port = server.port ?? options.port
  return {
    address: addressOf(options.host, port),
    port,
    pending: () => server.pendingRequests,
    stop: ({ force }) => server.stop(force).finally(() => long.stop()),
  }
}

function listen(options: HttpServerOptions, idleTimeout: number, long: LongRequests): BunServer {
  return Bun.serve<SocketState>({
    hostname: options.host,
    port: options.port,
    // Outside of development Bun 1.4.5 shares a port with whoever of the same user asks for it too: each would get a part of the calls.
    reusePort: false,
    // A client that is gone without a word would else keep its connection here for ever. A half-sent body has a deadline of its own (core/read-body.ts).
    idleTimeout,
    maxRequestBodySize: options.maxBodyBytes,
    development: false,
    fetch: (request, bun) => answer(options, request, bun, long),
    error: () =>
      new Response('{"error":{"message":"The gateway failed on this request.","code":"internal"}}', { status: 500, headers: JSON_TYPE }),
    websocket: {
      open: (socket) => {
        socket.data.listener = socket.data.upgrade.attach({
          send: (message) => socket.send(message) > 0,
          close: (code, reason) => socket.close(code, reason),
        })
      },
      message: (socket, message) => socket.data.listener?.onMessage(message),
      drain: (socket) => socket.data.listener?.onDrain(),
      close: (socket, code, reason) => socket.data.listener?.onClose(code, reason),
    },
  })
}

function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function cannotListen({ host, port }: HttpServerOptions, thrown: unknown): GatewayError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
  const why = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : `it cannot be listened at (${code})`
  return new GatewayError('conflict', `${addressOf(host, port)} cannot be used: ${why}.`, { cause: thrown })
}

/** By the code of the system. */
const REFUSALS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. Stop it, or choose another port',
  EACCES: 'the system does not let this user listen there (ports below 1024 are for the administrator)',
  EADDRNOTAVAIL: 'this machine has no such address',
}

/** The first layer whose path it is answers. */
export function layerFor(layers: readonly Layer[], path: string): Layer | undefined {
  return layers.find((layer) => layer.owns(path))
}

const JSON_TYPE = { 'content-type': 'application/json' }

interface SocketState {
  readonly upgrade: Upgrade
  listener?: SocketListener
}

type BunServer = Bun.Server<SocketState>

const SLASH = 47

/** Without a Host that can be used (HTTP/1.0, nonsense) Bun gives a path alone, which is no URL. */
function withWholeUrl(request: Request): Request {
  return request.url.charCodeAt(0) === SLASH ? new Request(`http://localhost${request.url}`, request) : request
}

/** What the layer says goes on as the promise that it is: a promise around it would be paid for by every call. */
function answer(options: HttpServerOptions, request: Request, bun: BunServer, long: LongRequests): Promise<Response | undefined> {
  long.begin(request)
  return options.fetch(withWholeUrl(request)).then(
    (reply) => {
      long.end(request)
      if (!(reply instanceof Response)) return upgrade(reply, request, bun)
      if (reply instanceof StreamedResponse) bun.timeout(request, 0)
      return reply
    },
    (thrown: unknown) => {
      long.end(request)
      throw thrown
    },
  )
}

function upgrade(reply: Upgrade, request: Request, bun: BunServer): Response | undefined {
  const headers = reply.protocol === undefined ? {} : { headers: { 'sec-websocket-protocol': reply.protocol } }
  if (bun.upgrade(request, { data: { upgrade: reply }, ...headers })) return undefined
  return new Response('{"error":{"message":"This path expects a WebSocket.","code":"invalid_request"}}', {
    status: 426,
    headers: JSON_TYPE,
  })
}
