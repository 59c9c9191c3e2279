/** Whose fault it was: the caller's request, a rule of the operator, what stands behind us (a provider, an MCP server, an agent), or this gateway. */
export type ErrorSource = 'caller' | 'policy' | 'provider' | 'gateway'

interface ErrorRow {
  readonly status: number
  /** Whether another attempt, at another target, may succeed. */
  readonly retryable: boolean
  readonly source: ErrorSource
  readonly summary: string
}

/**
 * Every failure that Signalbox can report. docs/errors.md is generated from it.
 * A provider's 401 is never the caller's 401: what the provider says of our credential is our operator's problem (502).
 */
export const ERRORS = {
  invalid_request: {
    status: 400,
    retryable: false,
    source: 'caller',
    summary: 'The request is not what the endpoint accepts; the message names the field.',
  },
  invalid_json: { status: 400, retryable: false, source: 'caller', summary: 'The body is not valid JSON, or is nested too deeply.' },
  duplicate_key: {
    status: 400,
    retryable: false,
    source: 'caller',
    summary: 'A key that the gateway reads stands twice in the body; what was checked must be what the provider reads.',
  },
  request_not_carried: {
    status: 400,
    retryable: true,
    source: 'policy',
    summary:
      "The model's provider speaks another wire, which cannot carry all of the request, and its configuration says `fidelity: strict`.",
  },
  unauthenticated: { status: 401, retryable: false, source: 'caller', summary: 'No key was sent, or the key is unknown.' },
  key_revoked: { status: 401, retryable: false, source: 'policy', summary: 'The key was revoked, or its team left the configuration.' },
  issuer_unreachable: {
    status: 503,
    retryable: false,
    source: 'gateway',
    summary: 'A token could not be checked, because its issuer did not give its public keys.',
  },
  key_expired: { status: 401, retryable: false, source: 'policy', summary: 'The key is past its expiry date.' },
  forbidden: { status: 403, retryable: false, source: 'policy', summary: 'The key is known, but may not do this.' },
  model_not_allowed: {
    status: 403,
    retryable: false,
    source: 'policy',
    summary: 'The model exists, but the key or its team may not use it.',
  },
  guard_blocked: {
    status: 400,
    retryable: false,
    source: 'policy',
    summary: 'A guard found what its policy forbids, in the request or in the reply; the message names the guard and the place.',
  },
  guard_unavailable: {
    status: 503,
    retryable: false,
    source: 'gateway',
    summary: 'A guard that must be asked could not say (a judge is slow, down or answers rubbish), and its `onFailure` is `closed`.',
  },
  not_found: { status: 404, retryable: false, source: 'caller', summary: 'There is nothing at this path.' },
  model_not_found: {
    status: 404,
    retryable: false,
    source: 'caller',
    summary: 'No model of this name is configured; the message lists those the caller may use.',
  },
  invalid_arguments: {
    status: 400,
    retryable: false,
    source: 'caller',
    summary: "The arguments do not fit the tool's input schema; the message names the place.",
  },
  origin_not_allowed: {
    status: 403,
    retryable: false,
    source: 'policy',
    summary: 'The Host or Origin of the request is none of this gateway (a guard against DNS rebinding).',
  },
  tool_not_allowed: { status: 403, retryable: false, source: 'policy', summary: 'The tool exists, but the team may not use it.' },
  agent_not_allowed: { status: 403, retryable: false, source: 'policy', summary: 'The agent exists, but the team may not call it.' },
  server_not_found: {
    status: 404,
    retryable: false,
    source: 'caller',
    summary: 'No MCP server of this name is configured; the message lists those the caller may use.',
  },
  tool_not_found: {
    status: 404,
    retryable: false,
    source: 'caller',
    summary: 'No tool of this name is known; the message lists those the caller may use.',
  },
  session_not_found: { status: 404, retryable: false, source: 'caller', summary: 'The session has ended or never was: initialize again.' },
  agent_not_found: {
    status: 404,
    retryable: false,
    source: 'caller',
    summary: 'No agent of this name is configured; the message lists those the caller may use.',
  },
  task_not_found: {
    status: 404,
    retryable: false,
    source: 'caller',
    summary: "There is no such task of this caller. Other callers' tasks look the same as none.",
  },
  no_capable_target: {
    status: 400,
    retryable: false,
    source: 'caller',
    summary: 'No target of the route can serve this request; the message says of each why not.',
  },
  overloaded: {
    status: 503,
    retryable: false,
    source: 'gateway',
    summary: 'More calls run and wait than this gateway was set to take. Nothing was sent; try again after `Retry-After`.',
  },
  budget_exceeded: {
    status: 402,
    retryable: false,
    source: 'policy',
    summary: 'A budget has no room for this call. The message names the account, its limit, what is settled and held, and when it resets.',
  },
  budget_unbounded: {
    status: 400,
    retryable: false,
    source: 'policy',
    summary:
      'A budget applies that this call cannot be held to: a strict one, where what the call may cost cannot be bounded before it is sent, or one in tokens, where nobody will know them. The message says which.',
  },
  model_unpriced: {
    status: 403,
    retryable: false,
    source: 'policy',
    summary: 'A budget in US dollars applies, and the price of the model is not known. An unpriced model is not a free one.',
  },
  rate_limited: {
    status: 429,
    retryable: false,
    source: 'policy',
    summary: "A limit of the operator's is reached. The message names the account; `Retry-After` says when there is room again.",
  },
  method_not_allowed: { status: 405, retryable: false, source: 'caller', summary: 'The path exists, but not with this method.' },
  method_not_found: {
    status: 404,
    retryable: false,
    source: 'caller',
    summary: 'There is no JSON-RPC method of this name here; the message says where it is.',
  },
  version_not_supported: {
    status: 400,
    retryable: false,
    source: 'caller',
    summary: 'The version of the protocol that the request names is not spoken here; the message says which one is.',
  },
  operation_not_supported: {
    status: 400,
    retryable: false,
    source: 'caller',
    summary: 'The protocol has this operation, but the gateway does not offer it.',
  },
  push_not_supported: { status: 400, retryable: false, source: 'caller', summary: 'The gateway relays no push notifications of agents.' },
  not_acceptable: {
    status: 406,
    retryable: false,
    source: 'caller',
    summary: 'The Accept header leaves out a media type in which the endpoint may have to answer.',
  },
  request_timeout: { status: 408, retryable: false, source: 'caller', summary: 'The body did not arrive within its deadline.' },
  conflict: {
    status: 409,
    retryable: false,
    source: 'caller',
    summary: 'The change does not fit the present state, or belongs to the configuration file.',
  },
  request_too_large: { status: 413, retryable: false, source: 'caller', summary: 'The body is larger than the limit for its media type.' },
  unsupported_media_type: { status: 415, retryable: false, source: 'caller', summary: 'The media type of the body is not accepted here.' },
  client_closed: {
    status: 499,
    retryable: false,
    source: 'caller',
    summary: 'The client left before the reply was complete. Only the log sees it.',
  },
  internal: {
    status: 500,
    retryable: false,
    source: 'gateway',
    summary: 'A fault in the gateway itself. The request id finds it in the log.',
  },
  log_unavailable: {
    status: 503,
    retryable: false,
    source: 'gateway',
    summary: 'The event log cannot be written (disk full, folder read-only, queue full). A call that cannot be recorded is not made.',
  },
  store_unavailable: {
    status: 503,
    retryable: false,
    source: 'gateway',
    summary: 'PostgreSQL does not answer, or refused. Calls go on, and are in the journal; what needs the database must be tried again.',
  },
  shutting_down: { status: 503, retryable: false, source: 'gateway', summary: 'The gateway is draining before it stops.' },
  crashed: {
    status: 500,
    retryable: false,
    source: 'gateway',
    summary: 'The gateway stopped while the call ran; found at the next start. Only the log sees it.',
  },
  provider_rejected: {
    status: 400,
    retryable: false,
    source: 'provider',
    summary: 'The provider refused the request as malformed or unsupported.',
  },
  provider_auth: { status: 502, retryable: true, source: 'provider', summary: "The provider refused the gateway's credential." },
  provider_model_not_found: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'The provider does not know the model id that is configured for it.',
  },
  provider_quota_exhausted: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: "The gateway's account at the provider has no credit or quota left; its operator must act.",
  },
  provider_context_too_long: {
    status: 400,
    retryable: false,
    source: 'provider',
    summary: 'The request is longer than the context of the model, and no target of its route has a larger one.',
  },
  provider_content_filtered: {
    status: 400,
    retryable: false,
    source: 'provider',
    summary: "The provider's content filter refused the request.",
  },
  provider_rate_limited: {
    status: 429,
    retryable: true,
    source: 'provider',
    summary: "The provider's limit for the gateway's credential is reached.",
  },
  provider_error: { status: 502, retryable: true, source: 'provider', summary: 'The provider answered with a server error.' },
  provider_overloaded: { status: 503, retryable: true, source: 'provider', summary: 'The provider says that it is overloaded.' },
  provider_unavailable: {
    status: 503,
    retryable: true,
    source: 'provider',
    summary:
      'Every target that could serve this request rests now: an open circuit, a parked key. The message says which and for how long.',
  },
  provider_unreachable: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'No connection to the provider: name, refusal, reset or TLS.',
  },
  provider_connect_timeout: {
    status: 504,
    retryable: true,
    source: 'provider',
    summary: 'The provider did not begin to answer within the connect timeout.',
  },
  provider_first_token_timeout: {
    status: 504,
    retryable: true,
    source: 'provider',
    summary: 'The provider sent no content within the first-token timeout.',
  },
  provider_idle_timeout: {
    status: 504,
    retryable: true,
    source: 'provider',
    summary: 'The provider stopped sending for longer than the idle timeout.',
  },
  provider_total_timeout: { status: 504, retryable: true, source: 'provider', summary: 'The reply took longer than the total timeout.' },
  provider_malformed: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'The provider answered with something that its wire does not allow.',
  },
  provider_truncated: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'The reply stopped before its end. It is not a success.',
  },
  server_unreachable: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'The MCP server could not be reached or started.',
  },
  server_timeout: { status: 504, retryable: true, source: 'provider', summary: 'The MCP server did not answer within its timeout.' },
  server_exited: { status: 502, retryable: true, source: 'provider', summary: 'The MCP server ended while the call ran.' },
  server_malformed: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'The MCP server answered with something that is no valid answer.',
  },
  server_error: { status: 502, retryable: false, source: 'provider', summary: 'The MCP server answered with an error of its own.' },
  agent_unreachable: { status: 502, retryable: true, source: 'provider', summary: 'The agent could not be reached.' },
  agent_timeout: { status: 504, retryable: true, source: 'provider', summary: 'The agent did not answer within its timeout.' },
  agent_malformed: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: 'The agent answered with something that is no valid answer.',
  },
  agent_truncated: {
    status: 502,
    retryable: true,
    source: 'provider',
    summary: "The agent's stream stopped before its end. It is not a success.",
  },
  agent_error: { status: 502, retryable: false, source: 'provider', summary: 'The agent answered with an error of its own.' },
} as const satisfies Record<string, ErrorRow>

/** A code from the table; the code is the type of an error. */
export type ErrorCode = keyof typeof ERRORS

interface ErrorExtra {
  readonly cause?: unknown
  /** Seconds, or parts of one, after which the caller may try again; kept from what a provider says. Edges that tell whole seconds round up. */
  readonly retryAfterSeconds?: number
  /** The field of the request that is at fault, as the caller wrote it. */
  readonly param?: string
  /** What the provider said, in the caller's wire where that is the same, as received. Never holds a credential. */
  readonly providerBody?: Uint8Array
  /** Why a peer could not be reached, where the network says it. */
  readonly reason?: 'name' | 'refused' | 'tls' | 'reset'
  /** Code of the JSON-RPC error that stands behind this one; left out: the edge's table says it. */
  readonly rpcCode?: number
  /** The provider's own status, for the log and the receipt. */
  readonly providerStatus?: number
  /** Of `client_closed`: not the client left, but another attempt of the call was quicker. */
  readonly isSuperseded?: true
  /** Headers that go with the refusal, such as `x-ratelimit-remaining-requests`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The one error class. Its message tells the person at fault what to do next, and holds no secret. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly extra: ErrorExtra

  constructor(code: ErrorCode, message: string, extra: ErrorExtra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause })
    this.name = 'GatewayError'
    this.code = code
    this.extra = extra
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get source(): ErrorSource {
    return ERRORS[this.code].source
  }

  get isRetryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** Makes a GatewayError of anything thrown. What is not ours becomes `internal`, with the cause kept for the log only. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal', 'The gateway failed on this call. Its log has the cause under the request id.', { cause: thrown })
}
