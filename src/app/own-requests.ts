import { createHash, timingSafeEqual } from 'node:crypto'
import type { LiveCallTable } from '../control/live-calls.ts'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { readCredential } from '../core/headers.ts'
import type { Access, EventReader } from '../core/ports.ts'
import type { Secret } from '../core/secret.ts'
import type { World } from '../core/world.ts'

/** What showing callers their own requests needs. */
export interface OwnRequestsDeps {
  readonly world: World
  readonly access: Access
  readonly reader: EventReader
  readonly live: LiveCallTable
  readonly adminKey: Secret
}

const PATH = /^\/v1\/requests\/([A-Za-z0-9_]{1,80})$/

/** Whether a path of the data port is one of these. */
export function isOwnRequest(path: string): boolean {
  return path.startsWith('/v1/requests/')
}

/**
 * `GET /v1/requests/<id>`: the receipt of a call, to whoever made it with this key, and of any call to who holds the admin key.
 * Somebody else's call looks the same as none.
 */
export async function answerOwnRequest(deps: OwnRequestsDeps, request: Request, path: string): Promise<Response> {
  try {
    return Response.json(await receiptFor(deps, request, path), { headers: { 'cache-control': 'no-store' } })
  } catch (thrown) {
    const { code, message, status, source } = asGatewayError(thrown)
    const allow = code === 'method_not_allowed' ? { allow: 'GET' } : {}
    return Response.json({ error: { message, type: 'invalid_request_error', param: null, code, source } }, { status, headers: allow })
  }
}

async function receiptFor({ world, access, reader, live, adminKey }: OwnRequestsDeps, request: Request, path: string): Promise<object> {
  if (request.method !== 'GET')
    throw new GatewayError('method_not_allowed', `${path.slice(0, 200)} takes GET, not ${request.method.slice(0, 20)}.`)
  const credential = readCredential(request.headers, request.url)
  const isAdmin = credential !== undefined && isSame(credential, adminKey.reveal())
  if (!isAdmin) await access.prepare?.(credential)
  const keyId = isAdmin ? undefined : access.identify(credential, undefined, world.now()).keyId
  const [, callId = ''] = PATH.exec(path) ?? []
  const running = live.list().find((call) => call.callId === callId)
  const events = callId === '' ? [] : await reader.readCall(callId)
  // As the control API is: loaded when it is first asked for.
  const { encodeReceipt } = await import('../control/api/receipt.ts')
  const receipt = encodeReceipt({ events, live: running, nowMs: world.now() })
  if (receipt === undefined || (!isAdmin && receipt.principal.keyId !== keyId)) {
    throw new GatewayError(
      'not_found',
      `There is no request "${callId}" of this key in the log. The id stands in the header x-signalbox-request-id of a reply.`,
    )
  }
  return receipt
}

function isSame(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}
