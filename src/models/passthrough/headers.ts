import { hideSecrets } from '../../core/header-fields.ts'
import type { PeerHeaders } from '../../core/peer-reply.ts'
import type { PassedProvider } from './types.ts'

/** Of one connection (RFC 9110, 7.6.1), or made anew by whoever sends. */
const OF_CONNECTION =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|accept-encoding|expect|via|forwarded|x-forwarded-.*|x-real-ip)$/
/** The caller's credentials and those for other places: the gateway has its own. */
const CREDENTIALS = /authorization|api-?key|token|secret|cookie|password|credential/
/** What would make of a listed request one that is not listed, has it charged to somebody else, or makes an answer that is none. */
const STEERING =
  /^(?:x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*|openai-organization|openai-project|x-goog-user-project|if-.*|origin|referer|sec-.*|traceparent|tracestate|baggage|x-signalbox-.*)$/
/** A key of this installation, wherever it stands. */
const OWN_KEY = /sb_[a-z0-9]{12}_[a-z0-9]{52}/
/** Of the provider's answer: its packing, which is undone here, what is about its own site, its account, or what the gateway says itself. */
const NOT_TOLD =
  /^(?:content-encoding|set-cookie.*|location|www-authenticate|alt-svc|strict-transport-security|access-control-.*|openai-organization|openai-project|x-request-id|x-should-retry|x-signalbox-.*)$/
/** Names of the query that carry a credential, or say other headers and another method (`$httpHeaders`, `$httpMethod` of Google). */
const NOT_ASKED = /^(?:key|api-?_?key|access_token|\$http.*)$/i

/** The headers of a caller with those of the provider. The caller says what its body is and what it takes; all else of the provider's wins. */
export function headersToSend(sent: Headers, { headers }: PassedProvider['target']): Record<string, string> {
  const named = namedByConnection(sent)
  const own: Record<string, string> = {}
  for (const [name, value] of sent) {
    if (named.has(name) || isKeptBack(name) || OWN_KEY.test(value)) continue
    own[name] = value
  }
  const { 'content-type': _type, accept: _accept, 'anthropic-version': version, ...provider } = headers
  return { ...(version === undefined ? {} : { 'anthropic-version': version }), ...own, ...provider }
}

function isKeptBack(name: string): boolean {
  return OF_CONNECTION.test(name) || CREDENTIALS.test(name) || STEERING.test(name)
}

/** Headers that belong to one connection because its `Connection` says so. */
function namedByConnection(headers: Pick<PeerHeaders, 'get'>): ReadonlySet<string> {
  return new Set((headers.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase()))
}

/** The headers of a provider's answer that the caller gets. */
export function headersToTell(said: PeerHeaders, { credentials }: PassedProvider['target']): Record<string, string> {
  const named = namedByConnection(said)
  const told: Record<string, string> = {}
  for (const [name, value] of said.entries()) {
    if (named.has(name) || OF_CONNECTION.test(name) || NOT_TOLD.test(name)) continue
    told[name] = hideSecrets(value, credentials)
  }
  return told
}

/** The query of a URL as it came, with its question mark, without what the gateway says itself. */
export function queryToSend(url: string): string {
  const at = url.indexOf('?')
  if (at === -1) return ''
  const [query = ''] = url.slice(at + 1).split('#')
  // Read by the same rules by which a key is looked for in it (core/headers.ts).
  const kept = query.split('&').filter((pair) => ![...new URLSearchParams(pair)].some(([name, value]) => isOurs(name, value)))
  return kept.length === 0 || (kept.length === 1 && kept[0] === '') ? '' : `?${kept.join('&')}`
}

function isOurs(name: string, value: string): boolean {
  return NOT_ASKED.test(name) || OWN_KEY.test(value)
}
