import { NetworkError, type PeerRequest } from '../../core/peer-reply.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What a field's value must not have: whoever could put a line break in could write fields, and requests, of their own. The rest goes out as UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BAD_VALUE = /[\0-\x08\x0a-\x1f\x7f]/
/** These are the client's own: two opinions on where a message ends are how requests are smuggled. */
const OWN = /^(?:host|connection|transfer-encoding|keep-alive|upgrade|te|trailer|expect)$/i

/** Some hosts turn away what does not say who it is. */
const USER_AGENT = 'user-agent: Signalbox\r\n'

/** A request whose body is here. */
export type WholeRequest = Omit<PeerRequest, 'body'> & { readonly body?: Uint8Array | string }

/** What is special about a field: nothing, that it replaces our own, or that ours replaces it. */
type FieldKind = 'plain' | 'user-agent' | 'length'

/** Names of fields that were looked at already, and what they are: there are few, and each call has the same ones. */
export type KnownNames = Map<string, FieldKind>

const MAX_KNOWN_NAMES = 1000

/**
 * Writes the start line and the fields, with the empty line behind them.
 * @param target path and query, or the whole URL where a proxy is asked
 * @throws NetworkError invalid
 */
export function writeHead(request: WholeRequest, target: string, host: string, known: KnownNames): string {
  const { method, headers, body } = request
  let text = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n`
  let userAgent = USER_AGENT
  for (const name in headers) {
    const value = headers[name] ?? ''
    const kind = known.get(name) ?? learn(name, known)
    if (kind === 'length') continue
    if (kind === 'user-agent') userAgent = ''
    if (BAD_VALUE.test(value)) throw new NetworkError('invalid', `The header ${name} holds a character that no header may have.`)
    text += `${name}: ${value}\r\n`
  }
  if (body !== undefined) text += `content-length: ${typeof body === 'string' ? Buffer.byteLength(body) : body.length}\r\n`
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') text += 'content-length: 0\r\n'
  return `${text}${userAgent}\r\n`
}

function learn(name: string, known: KnownNames): FieldKind {
  if (!TOKEN.test(name)) throw new NetworkError('invalid', 'The name of a header holds a character that none may have.')
  if (OWN.test(name)) throw new NetworkError('invalid', `The header ${name} is the client's own.`)
  if (known.size >= MAX_KNOWN_NAMES) known.clear()
  const low = name.toLowerCase()
  const kind = low === 'user-agent' ? 'user-agent' : low === 'content-length' ? 'length' : 'plain'
  known.set(name, kind)
  return kind
}
