import type { LayerName } from './events.ts'

/** A request that turned into a two-way connection, such as a WebSocket. `attach` gets the accepted socket from platform/. */
export interface Upgrade {
  readonly type: 'upgrade'
  /** Sub-protocol to confirm to the client. */
  readonly protocol?: string
  attach(socket: TwoWaySocket): SocketListener
}

/** One side of a two-way connection. */
export interface TwoWaySocket {
  /** Returns false once the peer does not keep up: then wait for `onDrain`. */
  send(message: string | Uint8Array): boolean
  close(code: number, reason: string): void
}

/** What a layer wants to hear of its socket. */
export interface SocketListener {
  onMessage(message: string | Uint8Array): void
  onDrain(): void
  onClose(code: number, reason: string): void
}

/** A response that may take long to be given out: a stream, or more than a socket takes at once. What serves it keeps its connection open. */
export class StreamedResponse extends Response {}

/** A gateway as the server sees it: web-standard in, web-standard out. */
export interface Layer {
  readonly name: LayerName
  /** Whether a path is this layer's; the first that says so gets the request. */
  owns(path: string): boolean
  fetch(request: Request): Promise<Response | Upgrade>
}

/** The paths below which each gateway answers, the one that is named to people first. */
export const LAYER_PATHS: Readonly<Record<LayerName, readonly [string, ...string[]]>> = {
  models: ['/v1', '/v1beta', '/passthrough'],
  tools: ['/mcp'],
  agents: ['/a2a'],
}

// The keys of the table are the names.
const BY_PATH = Object.entries(LAYER_PATHS).flatMap(([name, paths]) => paths.map((path) => ({ path, name: name as LayerName })))

/** The gateway that such a path is of, whether it runs or not; undefined where it is of none. For refusals: `owns` is what calls go by. */
export function layerOfPath(path: string): LayerName | undefined {
  return BY_PATH.find((each) => path === each.path || path.startsWith(`${each.path}/`))?.name
}
