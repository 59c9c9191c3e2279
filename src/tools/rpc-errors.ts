import type { ErrorCode, ErrorSource, GatewayError } from '../core/errors.ts'

const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const METHOD_NOT_FOUND = -32601
const INVALID_PARAMS = -32602
const INTERNAL = -32603
/** Of the range that JSON-RPC leaves to implementations: `data.code` says which failure it is. */
const GATEWAY_REFUSED = -32000
const SESSION_GONE = -32001

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  invalid_json: PARSE_ERROR,
  request_too_large: INVALID_REQUEST,
  method_not_found: METHOD_NOT_FOUND,
  invalid_arguments: INVALID_PARAMS,
  tool_not_found: INVALID_PARAMS,
  unauthenticated: GATEWAY_REFUSED,
  session_not_found: SESSION_GONE,
}

const BY_SOURCE: Readonly<Record<ErrorSource, number>> = {
  caller: INVALID_REQUEST,
  policy: GATEWAY_REFUSED,
  provider: GATEWAY_REFUSED,
  gateway: INTERNAL,
}

/** The JSON-RPC code of an error of the table. */
export function rpcCodeOf(error: GatewayError): number {
  return BY_CODE[error.code] ?? BY_SOURCE[error.source]
}

/** An error as the answer to a request. */
export function encodeRpcError(error: GatewayError, idText: string, requestId: string | undefined): string {
  const data = { code: error.code, source: error.source, ...(requestId === undefined ? {} : { requestId }) }
  return `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify({ code: rpcCodeOf(error), message: error.message, data })}}`
}

/** The same, told to the model as the result of its tool call. */
export function encodeToolError(error: GatewayError, idText: string): string {
  const result = { content: [{ type: 'text', text: error.message }], isError: true }
  return `{"jsonrpc":"2.0","id":${idText},"result":${JSON.stringify(result)}}`
}

/** What went wrong before or beside the message is told by the HTTP status as well; the rest is an answer like any other. */
export function httpStatusOf(error: GatewayError): number {
  return BY_STATUS.has(error.code) ? error.status : 200
}

const BY_STATUS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'invalid_request',
  'invalid_json',
  'duplicate_key',
  'unauthenticated',
  'key_revoked',
  'key_expired',
  'origin_not_allowed',
  'not_found',
  'server_not_found',
  'session_not_found',
  'method_not_allowed',
  'not_acceptable',
  'request_timeout',
  'request_too_large',
  'unsupported_media_type',
  'log_unavailable',
  'shutting_down',
])
