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
 * @throws where the address cannot be taken: its message names host and port
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const server = Bun.serve<SocketState>({
    hostname: options.host,
    port: options.port,
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
  const port = server.port ?? options.port
  return {
    address: `${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    port,
    pending: () => server.pendingRequests,
    stop: ({ force }) => server.stop(force),
  }
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
