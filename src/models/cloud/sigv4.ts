import { createHash, createHmac } from 'node:crypto'

/** Who signs. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of credentials that end. */
  readonly sessionToken?: string
}

/** A request that is to be signed. */
export interface UnsignedRequest {
  readonly method: string
  /** As it goes over the wire: the path is not normalised, and its `%` are encoded once more, as all services but S3 want it. */
  readonly url: string
  /** All of these are signed, but for those that may change on the way. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

/** For what, and when. */
export interface SigningScope {
  readonly credentials: AwsCredentials
  readonly region: string
  /** As the service signs, such as `bedrock`. */
  readonly service: string
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
/** Proxies and clients change these, so a signature over them would break. */
const UNSIGNED = new Set(['authorization', 'connection', 'expect', 'traceparent', 'tracestate', 'user-agent', 'x-amzn-trace-id'])

/**
 * The headers of a request with an AWS Signature Version 4, names in lower case.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read 2026-11-21).
 */
export function signRequest(request: UnsignedRequest, scope: SigningScope): Readonly<Record<string, string>> {
  const { credentials, region, service } = scope
  const time = timestamp(scope.nowMs)
  const day = time.slice(0, 8)
  const { host, path, query } = splitUrl(request.url)
  const headers: Record<string, string> = {
    ...lowerCased(request.headers),
    host,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  }
  const signed = Object.keys(headers)
    .filter((name) => !UNSIGNED.has(name))
    .sort()
  const canonical = [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    ...signed.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    signed.join(';'),
    sha256(request.body),
  ].join('\n')
  const place = `${day}/${region}/${service}/aws4_request`
  const toSign = `${ALGORITHM}\n${time}\n${place}\n${sha256(canonical)}`
  const key = [day, region, service, 'aws4_request'].reduce<Uint8Array>(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`))
  const signature = hmac(key, toSign).toString('hex')
  const authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${place}, SignedHeaders=${signed.join(';')}, Signature=${signature}`
  return { ...headers, authorization }
}

/** `20150830T123600Z` */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')
}

/** Split by hand: the standard's parser would encode and shorten the path. */
function splitUrl(url: string): { readonly host: string; readonly path: string; readonly query: string } {
  const [, host = '', path = '', query = ''] = /^https?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(url) ?? []
  return { host, path: path === '' ? '/' : path, query }
}

function canonicalPath(path: string): string {
  return path.split('/').map(encode).join('/')
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs = query.split('&').map((pair) => {
    const at = pair.indexOf('=')
    return at === -1 ? [encode(decode(pair)), ''] : [encode(decode(pair.slice(0, at))), encode(decode(pair.slice(at + 1)))]
  })
  return pairs
    .sort(([left = '', leftValue = ''], [right = '', rightValue = '']) => compare(left, right) || compare(leftValue, rightValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** All but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone `%` stands for itself.
    return text
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
