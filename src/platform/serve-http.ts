import { GatewayError } from '../core/errors.ts'
import type { Layer, SocketListener, Upgrade } from '../core/layer.ts'

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
}

/**
 * Serves HTTP on Bun.
 * @throws conflict where the address cannot be taken: its message names host and port
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  let server: BunServer
  try {
    server = listen(options)
  } catch (thrown) {
    throw cannotListen(options, thrown)
  }
  const port = server.port ?? options.port
  return {
    address: addressOf(options.host, port),
    port,
    pending: () => server.pendingRequests,
    stop: ({ force }) => server.stop(force),
  }
}

function listen(options: HttpServerOptions): BunServer {
  return Bun.serve<SocketState>({
    hostname: options.host,
    port: options.port,
    // Outside of development Bun 1.4.5 shares a port with whoever of the same user asks for it too: each would get a part of the calls.
    reusePort: false,
    // Bun would close a stream that is silent for ten seconds; a half-sent body has a deadline of its own (core/read-body.ts).
    idleTimeout: 0,
    maxRequestBodySize: options.maxBodyBytes,
    development: false,
    fetch: (request, bun) => answer(options, request, bun),
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
function answer(options: HttpServerOptions, request: Request, bun: BunServer): Promise<Response | undefined> {
  return options.fetch(withWholeUrl(request)).then((reply) => (reply instanceof Response ? reply : upgrade(reply, request, bun)))
}

function upgrade(reply: Upgrade, request: Request, bun: BunServer): Response | undefined {
  const headers = reply.protocol === undefined ? {} : { headers: { 'sec-websocket-protocol': reply.protocol } }
  if (bun.upgrade(request, { data: { upgrade: reply }, ...headers })) return undefined
  return new Response('{"error":{"message":"This path expects a WebSocket.","code":"invalid_request"}}', {
    status: 426,
    headers: JSON_TYPE,
  })
}
