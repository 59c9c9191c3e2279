import { GatewayError } from '../core/errors.ts'

/** What the gateway knows of how it is reached. */
export interface Doors {
  /** Whether it listens on this machine alone: then a request must name this machine. */
  readonly isLoopback: boolean
  /** How callers reach it, where the configuration says so. */
  readonly publicUrl: string | undefined
}

/** Where an agent is at the gateway. @param base how the gateway is reached, without a slash at its end */
export function agentUrl(base: string, agent: string): string {
  return `${base}/a2a/${agent.split('/').map(encodeURIComponent).join('/')}`
}

/** The beginning of the URLs that this caller is told. */
export function publicBase(request: Request, { publicUrl }: Doors): string {
  return publicUrl ?? new URL(request.url).origin
}

/**
 * A guard against pages that reach a gateway on their reader's machine under a name of their own (DNS rebinding): Host must be ours,
 * and so must Origin, which browsers send.
 */
export function foreignPage(request: Request, { isLoopback, publicUrl }: Doors): GatewayError | undefined {
  const own = publicUrl === undefined ? undefined : URL.parse(publicUrl)?.host
  const asked = URL.parse(request.url)
  if (isLoopback && !isThisMachine(asked?.hostname) && asked?.host !== own) {
    const hint = own === undefined ? 'set agents.publicUrl to the address that callers use' : `callers use ${own}`
    return new GatewayError('origin_not_allowed', `The Host of this request is none of this gateway; ${hint}.`)
  }
  const origin = request.headers.get('origin')
  if (origin === null) return undefined
  const page = URL.parse(origin)
  if (page !== null && (page.host === asked?.host || page.host === own)) return undefined
  return new GatewayError('origin_not_allowed', 'Pages of other origins may not call the agents here.')
}

function isThisMachine(hostname: string | undefined): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname ?? '')
}
