import { requestByFetch } from '../core/fetched-reply.ts'
import { NetworkError } from '../core/peer-reply.ts'
import type { OutgoingRequest, World } from '../core/world.ts'
import type { FailureName } from '../models/routing/failures.ts'
import type { Target } from '../models/types.ts'
import { framesOf, reportOf, streamTypeOf, wholeOf } from './rehearsal-replies.ts'

/** A fault that a provider may have: a row of the failure table, but for our own and those of clouds' token services, or what breaks a stream after its first content. */
export type FaultName = Exclude<FailureName, 'not_carried' | 'no_room' | 'no_credential'> | 'cut' | 'no_end' | 'stalled' | 'reported'

/** An answer with this status. The body is in the shape that most wires share. */
function refuse(
  status: number,
  more: { readonly code?: string; readonly message?: string; readonly headers?: Record<string, string> } = {},
): Play {
  const { code = 'rehearsed', message = 'A rehearsed failure.', headers = {} } = more
  const body = JSON.stringify({ type: 'error', error: { type: code, code, message } })
  return () => Promise.resolve(new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } }))
}

function breakWith(code: string, message: string): Play {
  return () => Promise.reject(Object.assign(new Error(message), { code }))
}

/** Never answers; hears of the abort, as a connection would. */
const hang: Play = ({ request: { signal } }) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

/** What is asked of a provider. */
interface Asked {
  readonly request: OutgoingRequest
  readonly target: Target
  readonly isStream: boolean
}

type Play = (asked: Asked) => Promise<Response>

/** What each fault looks like to the gateway. */
const PLAYS: Readonly<Record<FaultName, Play>> = {
  dns: breakWith('ENOTFOUND', 'getaddrinfo ENOTFOUND'),
  refused: breakWith('ECONNREFUSED', 'Unable to connect.'),
  tls: breakWith('EPROTO', 'The TLS handshake failed.'),
  reset: breakWith('ECONNRESET', 'The socket connection was closed unexpectedly.'),
  connect_timeout: () => Promise.reject(new NetworkError('connect_timeout', 'No connection was accepted.')),
  first_token_timeout: hang,
  idle_timeout: (asked) => halfway(asked, 'stall', 0),
  total_timeout: hang,
  request_timeout: refuse(408),
  conflict: refuse(409),
  too_early: refuse(425),
  quota: refuse(429, { code: 'insufficient_quota', message: 'You exceeded your current quota.' }),
  credit_for_less: refuse(402, {
    message: 'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 30104.',
  }),
  forbidden: refuse(403),
  auth: refuse(401),
  rate_limited_until: refuse(429, { headers: { 'retry-after': '1' } }),
  rate_limited: refuse(429),
  overloaded: refuse(529),
  server_error: refuse(500),
  malformed: () => Promise.resolve(new Response('<html>', { headers: { 'content-type': 'text/html' } })),
  truncated: (asked) => halfway(asked, 'break', 0),
  model_not_found: refuse(404),
  context_too_long: refuse(400, { code: 'context_length_exceeded', message: 'The maximum context length is 1 token.' }),
  content_filtered: refuse(400, { code: 'content_filter', message: 'Filtered.' }),
  rejected: refuse(400),
  cut: (asked) => halfway(asked, 'break', 0.8),
  no_end: (asked) => halfway(asked, 'end', 0.8),
  stalled: (asked) => halfway(asked, 'stall', 0.8),
  reported: (asked) => halfway(asked, 'report', 0.8),
}

/** Every fault, in the order of the table. */
export const FAULTS = Object.keys(PLAYS) as readonly FaultName[]

/**
 * A world whose network is a wall: the first way to a model that a call takes has the fault, and all others are well.
 * Nothing leaves the process.
 */
export function wallWorld(world: World, fault: FaultName, targets: readonly Target[]): World & { readonly ways: () => number } {
  const ways: string[] = []
  const fetch: World['fetch'] = (url, request) => {
    const target = targets.find((one) => one.url === url || one.streamUrl === url)
    // A token, a judge, a webhook: not what is rehearsed.
    if (target === undefined) return Promise.resolve(Response.json({ access_token: 'rehearsal', expires_in: 3600 }))
    const way = wayOf(url, request)
    ways.push(way)
    const play = way === ways[0] ? PLAYS[fault] : healthy
    return play({ request, target, isStream: url === target.streamUrl || isStreamAsked(request) })
  }
  return { ...world, ways: () => new Set(ways).size, fetch, request: (url, request) => requestByFetch(fetch, url, request) }
}

/** Names the way that a request takes: the address, the credential and the model. */
function wayOf(url: string, { headers, body }: OutgoingRequest): string {
  const credentials = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'].map((name) => new Headers(headers).get(name) ?? '')
  const model = typeof body === 'string' ? (/"model"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? '') : ''
  return [url, ...credentials, model].join(' ')
}

const healthy: Play = ({ target, isStream }) => {
  const body = isStream ? Buffer.concat(framesOf(target)) : wholeOf(target.wire)
  return Promise.resolve(new Response(body, { headers: { 'content-type': typeOf({ target, isStream }) } }))
}

function typeOf({ target, isStream }: Pick<Asked, 'target' | 'isStream'>): string {
  return isStream ? streamTypeOf(target) : 'application/json'
}

/** A healthy answer up to a share of its frames (of a whole one, a few bytes), and then what goes wrong. */
function halfway({ request, target, isStream }: Asked, then: 'stall' | 'break' | 'end' | 'report', share: number): Promise<Response> {
  const frames = framesOf(target)
  const pieces = isStream
    ? frames.slice(0, Math.floor(frames.length * share))
    : [new TextEncoder().encode(wholeOf(target.wire).slice(0, 20))]
  const queue = [...pieces, ...(isStream && then === 'report' ? [reportOf(target)] : [])]
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = queue.shift()
      if (piece !== undefined) controller.enqueue(piece)
      else if (then === 'break' || (then === 'report' && !isStream))
        controller.error(Object.assign(new Error('The socket was closed.'), { code: 'ECONNRESET' }))
      else if (then !== 'stall') controller.close()
      else
        return new Promise<void>((resolve) =>
          request.signal.addEventListener('abort', () => resolve(controller.error(request.signal.reason)), { once: true }),
        )
      return undefined
    },
  })
  return Promise.resolve(new Response(body, { headers: { 'content-type': typeOf({ target, isStream }) } }))
}

/** Where it is not the address that says so. */
function isStreamAsked({ body }: OutgoingRequest): boolean {
  return typeof body === 'string' && /"stream"\s*:\s*true/.test(body)
}
