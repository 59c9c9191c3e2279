import type { GatewayError } from '../core/errors.ts'
import type { InFlight, Session } from './sessions/session.ts'
import type { Frame, RequestFrame, Tool } from './types.ts'
import type { Server } from './upstreams/server.ts'

/** Where a request came in: on the aggregate, or on the endpoint of one server. */
export interface Endpoint {
  /** The name in the path; absent on the aggregate. */
  readonly serverName?: string
  /** Absent on the aggregate, and where there is no such server. */
  readonly server?: Server
}

/** A request as it came, and what the edge found wrong with it. */
export interface Incoming {
  readonly endpoint: Endpoint
  /** The request to answer. Absent where it could not be read, or was not looked at. */
  readonly frame?: RequestFrame
  readonly session?: Session
  readonly problem?: GatewayError
  readonly sizeBytes: number
  /** What the session, or else the caller, speaks. */
  readonly revision: string
  /** Where the session stands that `initialize` begins. */
  readonly begun: { session?: Session }
}

/** One try at a server. */
export interface Attempt {
  /** `initialize`: begins a session. `list`: the tools of the server. `forward`: whatever else, to be sent on. */
  readonly type: 'initialize' | 'list' | 'forward'
  readonly frame: RequestFrame
  readonly server: Server
  /** The caller's session; absent where it has none. */
  readonly session: Session | undefined
  /** The tool that is called. */
  readonly tool?: Tool
  readonly running?: InFlight
  readonly begun: Incoming['begun']
  /** Whether it came in on the aggregate, where tools have the names of their servers before their own. */
  readonly isAggregate: boolean
}

/** A message that is no call: a notification, or the answer to a question of a server. */
export type Aside = Exclude<Frame, RequestFrame>
