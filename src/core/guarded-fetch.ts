import { GatewayError } from './errors.ts'
import type { CallSignal } from './signal.ts'
import type { World } from './world.ts'

/** A request to an address that the configuration names, or that somebody outside does, and whose answer is read whole. */
export interface GuardedRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly deadlineMs: number
  readonly maxReplyBytes: number
  /** Whether it may be in a private network, or on this machine. */
  readonly allowPrivate: boolean
  /** Which redirects are followed; left out: none. */
  readonly redirects?: Redirects
  /** Ends the request. Left out: only the deadline does. */
  readonly signal?: CallSignal
  /** The error for what went wrong: `did not answer within 500 ms`, `could not be reached`. */
  readonly fail: (what: string, cause?: unknown) => GatewayError
}

/** How far redirects are followed. Each address is looked at, looked up and pinned as the first one was. */
interface Redirects {
  readonly most: number
  /** Why an address may not be asked; undefined where it may. */
  readonly problemOf: (url: string) => string | undefined
}

/** What came back, whatever its status. */
export interface GuardedAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Asks an address. The host is looked up once, and connected to where that said: a name cannot mean one thing for the check and another for
 * the request.
 * @throws what `fail` makes of it
 */
export async function fetchGuarded(world: GuardedWorld, request: GuardedRequest): Promise<GuardedAnswer> {
  const abort = new AbortController()
  const onAbort = () => abort.abort()
  if (request.signal?.aborted === true) onAbort()
  request.signal?.addEventListener('abort', onAbort, { once: true })
  const late = Promise.withResolvers<never>()
  const cancel = world.after(request.deadlineMs, () => {
    late.reject(request.fail(`did not answer within ${request.deadlineMs} ms`))
    abort.abort()
  })
  try {
    return await Promise.race([exchange(world, request, abort.signal), late.promise])
  } catch (thrown) {
    throw thrown instanceof GatewayError ? thrown : request.fail('could not be reached', thrown)
  } finally {
    cancel()
    request.signal?.removeEventListener('abort', onAbort)
  }
}

/** What of a world is needed. */
export type GuardedWorld = Pick<World, 'after' | 'fetch' | 'lookup'>

async function exchange(world: GuardedWorld, request: GuardedRequest, signal: AbortSignal): Promise<GuardedAnswer> {
  const { method, body, fail, redirects } = request
  const headers = { accept: 'application/json', 'accept-encoding': 'identity', ...request.headers }
  let { url } = request
  for (let followed = 0; ; followed++) {
    const address = await addressOf(world, url, request)
    const sent = { method, headers, signal, ...(body === undefined ? {} : { body }), ...(address === undefined ? {} : { address }) }
    const response = await world.fetch(url, sent)
    if (response.status < 300 || response.status >= 400) {
      return { status: response.status, text: await readBounded(response, request) }
    }
    await response.body?.cancel()
    if (redirects === undefined || method !== 'GET') throw fail(`answered with a redirect (${response.status}), which is not followed`)
    if (followed === redirects.most) throw fail(`answered with more than ${redirects.most} redirects`)
    url = nextOf(url, response, request, redirects)
  }
}

function nextOf(url: string, response: Response, { fail }: GuardedRequest, { problemOf }: Redirects): string {
  const location = response.headers.get('location') ?? ''
  if (!URL.canParse(location, url)) throw fail(`answered with a redirect (${response.status}) to nowhere`)
  const next = new URL(location, url).href
  const problem = problemOf(next)
  if (problem !== undefined) throw fail(`answered with a redirect to an address that ${problem}`)
  return next
}

/** @returns undefined where nothing need be pinned: this machine, by its own name */
async function addressOf(world: GuardedWorld, url: string, { allowPrivate, fail }: GuardedRequest): Promise<string | undefined> {
  const host = hostOf(url)
  if (host === 'localhost' && allowPrivate) return undefined
  const addresses = isIpAddress(host) ? [host] : await world.lookup(host)
  const address = allowPrivate ? addresses[0] : addresses.find((each) => !isPrivateAddress(each))
  // One private address among several is refused too: which of them would be taken is chance.
  if (address === undefined || (!allowPrivate && addresses.some(isPrivateAddress))) {
    throw fail('is in a private network or on this machine, which its configuration does not allow')
  }
  return address
}

async function readBounded(response: Response, { maxReplyBytes, fail }: GuardedRequest): Promise<string> {
  if (response.body === null) return ''
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body) {
    size += piece.length
    if (size > maxReplyBytes) throw fail(`answered with more than ${maxReplyBytes} bytes`)
    pieces.push(piece)
  }
  return new TextDecoder().decode(Buffer.concat(pieces))
}

/** The host of a URL: an IPv6 address without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}

/** Whether a host, as URLs have it, is an address and no name. */
export function isIpAddress(host: string): boolean {
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
