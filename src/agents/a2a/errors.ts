import { type ErrorCode, type ErrorSource, GatewayError } from '../../core/errors.ts'
import { encodeSseFrame } from '../../core/sse.ts'

/** The one version that is spoken. */
export const VERSION = '1.0'

interface RpcError {
  readonly rpcCode: number
  /** Reason of the google.rpc.ErrorInfo; of A2A's own errors it stands in the specification. */
  readonly reason?: string
}

const INVALID_REQUEST = -32600
const INVALID_PARAMS = -32602
const INTERNAL = -32603
/** Of the range that JSON-RPC leaves to implementations, outside of A2A's: the reason says which refusal it is. */
const REFUSED = -32000

/** A2A's own errors. Source: https://a2a-protocol.org/v1.0.0/specification/ (error code mappings; read 2026-11-21). */
const BY_CODE: Readonly<Partial<Record<ErrorCode, RpcError>>> = {
  invalid_json: { rpcCode: -32700 },
  method_not_found: { rpcCode: -32601 },
  task_not_found: { rpcCode: -32001, reason: 'TASK_NOT_FOUND' },
  push_not_supported: { rpcCode: -32003, reason: 'PUSH_NOTIFICATION_NOT_SUPPORTED' },
  operation_not_supported: { rpcCode: -32004, reason: 'UNSUPPORTED_OPERATION' },
  agent_malformed: { rpcCode: -32006, reason: 'INVALID_AGENT_RESPONSE' },
  version_not_supported: { rpcCode: -32009, reason: 'VERSION_NOT_SUPPORTED' },
}

const BY_SOURCE: Readonly<Record<ErrorSource, number>> = {
  caller: INVALID_REQUEST,
  policy: REFUSED,
  provider: INTERNAL,
  gateway: INTERNAL,
}

/** The JSON-RPC code that a caller sees. */
export function rpcCodeOf(error: GatewayError): number {
  const { rpcCode, param } = error.extra
  if (rpcCode !== undefined) return rpcCode
  if ((error.code === 'invalid_request' || error.code === 'duplicate_key') && param !== undefined) return INVALID_PARAMS
  return BY_CODE[error.code]?.rpcCode ?? BY_SOURCE[error.source]
}

/** What went wrong beside the JSON-RPC is told by the HTTP status as well; errors of JSON-RPC are answers like any other. */
const WITH_STATUS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unauthenticated',
  'key_revoked',
  'key_expired',
  'forbidden',
  'agent_not_allowed',
  'origin_not_allowed',
  'not_found',
  'agent_not_found',
  'method_not_allowed',
  'request_timeout',
  'request_too_large',
  'unsupported_media_type',
  'internal',
  'log_unavailable',
  'store_unavailable',
  'shutting_down',
])

/** Status of the HTTP answer to a JSON-RPC request. */
export function httpStatusOf(error: GatewayError): number {
  return WITH_STATUS.has(error.code) ? error.status : 200
}

/** The answer that tells an error of the gateway's; one of the agent's own is a part of its reply. @param idText the request's id as JSON text, or `null` */
export function encodeError(error: GatewayError, idText: string, requestId: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify(errorObject(error, requestId))}}`
}

/** The event that ends a stream that failed: the same answer. */
export function encodeStreamError(error: GatewayError, idText: string, requestId: string): Uint8Array {
  return encodeSseFrame({ data: encodeError(error, idText, requestId) })
}

function errorObject(error: GatewayError, requestId: string) {
  const { param } = error.extra
  const reason = BY_CODE[error.code]?.reason
  return {
    code: rpcCodeOf(error),
    message: error.message,
    data: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: reason ?? error.code.toUpperCase(),
        domain: reason === undefined ? 'signalbox' : 'a2a-protocol.org',
        metadata: { code: error.code, source: error.source, requestId, ...(param === undefined ? {} : { param }) },
      },
    ],
  }
}

/**
 * Checks `A2A-Version`. The header may also be a parameter of the query; an empty one means 0.3, by the specification.
 * @returns what is wrong, with what to send
 */
export function versionProblem(request: Request): GatewayError | undefined {
  const sent = request.headers.get('a2a-version') ?? versionInQuery(request.url)
  if (sent === VERSION) return undefined
  const said =
    sent === '' ? 'The request names no version of A2A, which means 0.3' : `The request names version "${sent.slice(0, 20)}" of A2A`
  return new GatewayError('version_not_supported', `${said}. This gateway speaks ${VERSION}: send the header "A2A-Version: ${VERSION}".`)
}

function versionInQuery(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? '' : (new URLSearchParams(url.slice(query + 1)).get('A2A-Version') ?? '')
}
