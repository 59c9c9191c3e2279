import type { PeerTimeouts } from '../core/exchange.ts'
import type { Method } from './a2a/methods.ts'

/** An agent, ready to be called. */
export interface Agent {
  /** By its name in the configuration. */
  readonly name: string
  /** As configured: its JSON-RPC endpoint, or a bare origin, whose card then names the endpoint. */
  readonly url: string
  readonly origin: string
  /** Whether `url` is an origin and no more. */
  readonly isBareOrigin: boolean
  /** Where its card may be; the first that is there counts. */
  readonly cardUrls: readonly string[]
  /** Whether the endpoint that the card names may be elsewhere. It is not called even then. */
  readonly ignoresCardUrls: boolean
  /** With the operator's credential. Never logged. */
  readonly headers: Readonly<Record<string, string>>
  /** The secrets among the headers, for keeping them out of what is told and written down. */
  readonly credentials: readonly string[]
  /** Whether the caller's own key is sent on, so that the agent acts with the caller's rights. */
  readonly forwardsKey: boolean
  readonly timeouts: PeerTimeouts
}

/** What the gateway reads of a request. The rest of it is not looked at. */
export interface AgentRequest {
  readonly method: Method
  /** As received. */
  readonly text: string
  /** The id as JSON text: `"1"` and `1` are two ids. */
  readonly idText: string
  /** The task that is asked for, or continued. */
  readonly taskId?: string | undefined
  readonly contextId?: string | undefined
  /** Tasks that the message refers to. */
  readonly referencedTaskIds: readonly string[]
}

/** One request to one agent. */
export interface Attempt {
  readonly request: AgentRequest
  readonly agent: Agent
  /** `A2A-Extensions` as the caller sent it. */
  readonly extensions: string | null
  /** The caller's key, where the agent is to have it. */
  readonly forwardedKey?: string | undefined
  readonly heard: Heard
}

/** What is found out on the way and needed for the head of the reply, or for an error. */
export interface Heard {
  /** The request's id as JSON text; `null` until it was read. */
  idText: string
  isStream: boolean
  /** `A2A-Extensions` of the agent: those that it made use of. */
  extensions: string | null
}

/** A piece of a reply, with the agent's own bytes. */
export interface AgentPart {
  /** `whole`: the entire body. `frame`: one SSE frame, its blank line included. */
  readonly type: 'whole' | 'frame'
  readonly bytes: Uint8Array
}

/** What the gateway reads of an answer, or of one event of a stream. */
export interface Look {
  readonly type: 'task' | 'message' | 'status' | 'artifact' | 'tasks' | 'other'
  readonly taskId?: string | undefined
  readonly contextId?: string | undefined
  /** Such as `TASK_STATE_WORKING`. */
  readonly state?: string | undefined
}
