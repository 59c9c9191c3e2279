import { GatewayError } from './errors.ts'
import type { CallSignal } from './signal.ts'
import type { World } from './world.ts'

/** A request to an address that the configuration names, and whose answer is read whole. */
export interface GuardedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly deadlineMs: number
  readonly maxReplyBytes: number
  /** Whether it may be in a private network, or on this machine. */
  readonly allowPrivate: boolean
  /** Ends the request. */
  readonly signal: CallSignal
}

/** What came back, whatever its status. */
export interface GuardedAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Posts JSON. The host is looked up once, and connected to where that said: a name cannot mean one thing for the check and another for the request.
 * Redirects are not followed: an answer that is one is a failure.
 * @throws guard_unavailable with what went wrong
 */
export async function postGuarded(world: World, request: GuardedRequest): Promise<GuardedAnswer> {
  const abort = new AbortController()
  const onAbort = () => abort.abort()
  if (request.signal.aborted) onAbort()
  request.signal.addEventListener('abort', onAbort, { once: true })
  const late = Promise.withResolvers<never>()
  const cancel = world.after(request.deadlineMs, () => {
    late.reject(unavailable(`did not answer within ${request.deadlineMs} ms`))
    abort.abort()
  })
  try {
    return await Promise.race([exchange(world, request, abort.signal), late.promise])
  } catch (thrown) {
    throw thrown instanceof GatewayError ? thrown : unavailable('could not be reached', thrown)
  } finally {
    cancel()
    request.signal.removeEventListener('abort', onAbort)
  }
}

async function exchange(world: World, request: GuardedRequest, signal: AbortSignal): Promise<GuardedAnswer> {
  const address = await addressOf(world, request)
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'accept-encoding': 'identity', ...request.headers }
  const response = await world.fetch(request.url, { method: 'POST', headers, body: request.body, signal, address })
  if (response.status >= 300 && response.status < 400)
    throw unavailable(`answered with a redirect (${response.status}), which is not followed`)
  return { status: response.status, text: await readBounded(response, request.maxReplyBytes) }
}

async function addressOf(world: World, { url, allowPrivate }: GuardedRequest): Promise<string> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const addresses = isIpAddress(host) ? [host] : await world.lookup(host)
  const address = allowPrivate ? addresses[0] : addresses.find((each) => !isPrivateAddress(each))
  // One private address among several is refused too: which of them would be taken is chance.
  if (address === undefined || (!allowPrivate && addresses.some(isPrivateAddress))) {
    throw unavailable('is in a private network or on this machine, which its configuration does not allow')
  }
  return address
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return ''
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body) {
    size += piece.length
    if (size > maxBytes) throw unavailable(`answered with more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return new TextDecoder().decode(Buffer.concat(pieces))
}

function unavailable(what: string, cause?: unknown): GatewayError {
  return new GatewayError('guard_unavailable', what, cause === undefined ? {} : { cause })
}

function isIpAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)
}

/** Networks that no public host is in. Sources: RFC 6890 and the registries of special addresses of IANA (read 2026-11-21). */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^(?:::ffff:|64:ff9b::)(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  const parts = (mapped ?? address).split('.').map(Number)
  if (parts.length === 4) return isPrivateV4(parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0)
  const low = address.toLowerCase()
  // Loopback, nobody, unique local, link-local, multicast, and mapped ones written in hexadecimal.
  return low === '::1' || low === '::' || /^f[cd]|^fe[89a-f]|^ff|^::ffff:|^64:ff9b:|^100:|^2002:|^2001:0?:/.test(low)
}

function isPrivateV4(first: number, second: number, third: number): boolean {
  if (first === 0 || first === 10 || first === 127 || first >= 224) return true
  if (first === 100) return second >= 64 && second <= 127
  if (first === 169) return second === 254
  if (first === 172) return second >= 16 && second <= 31
  if (first === 192) return second === 168 || (second === 0 && (third === 0 || third === 2)) || (second === 88 && third === 99)
  return first === 198 && (second === 18 || second === 19)
}
