import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { mediaTypeProblem } from '../../core/edge.ts'
import { GatewayError } from '../../core/errors.ts'
import { readBody } from '../../core/read-body.ts'
import { isBodyReader } from '../body-readers.ts'
import type { ControlApiDeps } from './deps.ts'
import type { ControlEnv } from './endpoint.ts'

type Guard = MiddlewareHandler<ControlEnv>

const BODY_BOUNDS = { maxBytes: 1_000_000, deadlineMs: 10_000 } as const

/** Names the request and sets the headers that every answer has. */
export function nameRequest(deps: ControlApiDeps): Guard {
  return async (context, next) => {
    const requestId = `req_${deps.world.randomHex(12)}`
    context.set('requestId', requestId)
    context.set('reportFault', deps.reportFault)
    context.header('x-signalbox-request-id', requestId)
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
    await next()
  }
}

/**
 * Refuses what a web page could send to a control port on loopback: a request under a name that was pointed at this address
 * (DNS rebinding), or one that the browser says comes from elsewhere.
 */
export function refuseForeignPages(hosts: ControlApiDeps['hosts']): Guard {
  return async (context, next) => {
    const { host, hostname } = addressed(context.req.raw)
    if (hosts !== 'any' && !isLocalName(hostname) && !hosts.some((name) => name.toLowerCase() === hostname)) {
      throw new GatewayError(
        'forbidden',
        `The control port does not answer to the name "${hostname.slice(0, 100)}". Use its IP address, localhost or the host of listen.control.`,
      )
    }
    const origin = context.req.header('origin')
    if (origin !== undefined && originHost(origin) !== host) {
      throw new GatewayError('forbidden', 'The control port takes no requests from pages of other origins.')
    }
    await next()
  }
}

function addressed(request: Request): { readonly host: string; readonly hostname: string } {
  const url = URL.parse(`http://${request.headers.get('host') ?? new URL(request.url).host}`)
  return { host: url?.host ?? '', hostname: (url?.hostname ?? '').replace(/^\[|\]$/g, '') }
}

function isLocalName(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname) !== 0
}

/** Host and port of an origin as a Host header would write them; undefined where it is none, such as `null`. */
function originHost(origin: string): string | undefined {
  const url = URL.parse(origin)
  return url === null ? undefined : URL.parse(`http://${url.host}`)?.host
}

/** What somebody who reads bodies may ask for; all else is the administrator's. */
const OF_READERS = /^\/api\/v1\/bodies\/[^/]+$/

/** Lets only who holds the admin key on, and to stored bodies those who may read some. */
export function requireAdmin(deps: Pick<ControlApiDeps, 'adminKey' | 'access' | 'bodyReaders' | 'world'>): Guard {
  const wanted = digest(deps.adminKey.reveal())
  return async (context, next) => {
    const sent = /^bearer +(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1]
    const isAdmin = timingSafeEqual(digest(sent ?? ''), wanted)
    if (!isAdmin && context.req.method === 'GET' && OF_READERS.test(context.req.path)) {
      const reader = sent === undefined ? undefined : await readerOf(deps, sent)
      if (reader !== undefined) {
        context.set('reader', reader)
        return next()
      }
    }
    if (!isAdmin) {
      throw new GatewayError(
        'unauthenticated',
        `${sent === undefined ? 'No admin key was sent' : 'This is not the admin key'}. Send it as "Authorization: Bearer …"; it stands in the file admin-key in the data folder.`,
      )
    }
    await next()
  }
}

/** Who a key or token stands for, where that may read anybody's bodies. */
async function readerOf({ access, bodyReaders, world }: Pick<ControlApiDeps, 'access' | 'bodyReaders' | 'world'>, credential: string) {
  const readers = bodyReaders()
  if (readers.length === 0) return undefined
  try {
    await access.prepare?.(credential)
    // Labels that the caller sends are not looked at: they would be its own word.
    const principal = access.identify(credential, undefined, world.now())
    return isBodyReader(readers, principal) ? principal : undefined
  } catch (thrown) {
    if (thrown instanceof GatewayError) return undefined
    throw thrown
  }
}

/** Digests are of one length, as a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Reads a body whole, within bounds of size and time, before anything parses it. JSON under a missing or text/plain type is taken too. */
export function boundBody(deps: ControlApiDeps): Guard {
  return async (context, next) => {
    const request = context.req.raw
    if (request.body !== null) {
      const problem = mediaTypeProblem(request.headers.get('content-type'))
      if (problem !== undefined) throw problem
      const bytes = await readBody(request, BODY_BOUNDS, deps.world)
      const headers = new Headers(request.headers)
      headers.set('content-type', 'application/json')
      context.req.raw = new Request(request.url, { method: request.method, headers, body: Buffer.from(bytes), signal: request.signal })
    }
    await next()
  }
}
