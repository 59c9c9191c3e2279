import { GatewayError } from '../core/errors.ts'
import { isRevision, REVISIONS } from './revisions.ts'

/** Who may call from where, beyond what is always allowed. */
export interface Doors {
  /** Whether the gateway listens on this machine alone: then Host must name it. */
  readonly isLoopback: boolean
  /** Names under which the gateway is reached, in Host. */
  readonly hosts: readonly string[]
  /** Web pages that may call, by Origin. */
  readonly origins: readonly string[]
}

const METHODS = ['POST', 'GET', 'DELETE'] as const

/** What is wrong with a request before its body is read. */
export function checkRequest(request: Request, doors: Doors): GatewayError | undefined {
  return checkOrigin(request.headers, doors) ?? checkMethod(request) ?? checkRevision(request.headers)
}

function checkMethod(request: Request): GatewayError | undefined {
  const { method, headers } = request
  if (!METHODS.some((known) => known === method)) {
    return new GatewayError('method_not_allowed', `This path takes ${METHODS.join(', ')}, not ${method.slice(0, 20)}.`)
  }
  if (method === 'DELETE') return undefined
  if (method === 'POST') {
    const contentType = headers.get('content-type')
    if (contentType !== 'application/json' && (contentType === null || !/^\s*application\/json\s*(;|$)/i.test(contentType))) {
      return new GatewayError('unsupported_media_type', 'The body must be JSON: send Content-Type: application/json.')
    }
  }
  const accept = headers.get('accept')
  if (accept === USUAL_ACCEPT) return undefined
  const wanted = method === 'GET' ? ['text/event-stream'] : ['application/json', 'text/event-stream']
  const missing = wanted.filter((type) => !accepts(accept, type))
  if (missing.length === 0) return undefined
  return new GatewayError('not_acceptable', `The answer may be ${wanted.join(' or ')}: send Accept: ${wanted.join(', ')}.`)
}

/** What the official clients send, letter for letter: found without taking it apart. */
const USUAL_ACCEPT = 'application/json, text/event-stream'

function accepts(accept: string | null, type: string): boolean {
  const [group] = type.split('/')
  return (accept ?? '').split(',').some((each) => {
    const range = each.split(';')[0]?.trim().toLowerCase()
    return range === type || range === `${group}/*` || range === '*/*'
  })
}

function checkRevision(headers: Headers): GatewayError | undefined {
  const revision = headers.get('mcp-protocol-version')
  // `initialize` comes before anything was agreed, and older clients send none at all.
  if (revision === null || isRevision(revision) || OLDER.has(revision)) return undefined
  return new GatewayError(
    'invalid_request',
    `MCP-Protocol-Version ${revision.slice(0, 40)} is not spoken here; ${REVISIONS.join(' and ')} are.`,
  )
}

const OLDER: ReadonlySet<string> = new Set(['2025-03-26', '2024-11-05'])

/** A guard against DNS rebinding: a page somewhere must not reach a gateway on the reader's machine. */
function checkOrigin(headers: Headers, { isLoopback, hosts, origins }: Doors): GatewayError | undefined {
  const host = headers.get('host')
  const name = host === null ? undefined : nameOfHost(host)
  const isKnownHost = name !== undefined && (isLoopbackName(name) || hosts.includes(name))
  if ((isLoopback || hosts.length > 0) && !isKnownHost) {
    return new GatewayError(
      'origin_not_allowed',
      'The Host of this request is none of this gateway; who runs it can add it to tools.hosts.',
    )
  }
  const origin = headers.get('origin')
  if (origin === null) return undefined
  const page = nameOf(origin)
  if (origins.includes(origin) || (isLoopback && page !== undefined && isLoopbackName(page))) return undefined
  return new GatewayError(
    'origin_not_allowed',
    'The Origin of this request may not call here; who runs the gateway can add it to tools.origins.',
  )
}

function nameOfHost(host: string): string | undefined {
  // Most hosts are a name and a port: told without a regular expression, which costs more than the rest of these checks.
  const colon = host.indexOf(':')
  const name = colon === -1 ? host : host.slice(0, colon)
  if ((name === '127.0.0.1' || name === 'localhost') && isPort(host, colon)) return name
  return nameOf(`http://${host}`)
}

function isPort(host: string, colon: number): boolean {
  if (colon === -1) return true
  const digits = host.length - colon - 1
  if (digits < 1 || digits > 5) return false
  for (let at = colon + 1; at < host.length; at++) {
    const code = host.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return true
}

function nameOf(url: string): string | undefined {
  const match = /^https?:\/\/(\[[0-9a-f:.]+\]|[^/:@\s]+)(?::\d{1,5})?$/i.exec(url)
  return match?.[1]?.toLowerCase()
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}
