import { GatewayError } from '../../core/errors.ts'
import { matchesPattern } from '../../policy/patterns.ts'

/** Methods that may be passed through. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

/** What may be passed through to a provider: a method and a path below its address. */
export interface PathRule {
  readonly method: Method
  /** Decoded. `*` stands for any text within a segment, which is never empty. */
  readonly segments: readonly string[]
  /** As it is written. */
  readonly written: string
}

/** What the path of a request asks for. */
export interface PassedPath {
  readonly provider: string
  /** As it came, with the slash at its beginning: what was checked is what is sent. */
  readonly path: string
  /** Decoded. */
  readonly segments: readonly string[]
}

const RULE = /^(GET|POST|PUT|PATCH|DELETE) (\/\S+)$/
const PREFIX = '/passthrough/'
/** The characters of RFC 3986 that need no escape in a segment, but for `;`, behind which some servers look for no path. */
const SEGMENT = /^(?:[\w.~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/
/** What servers split, cut or decode once more: a segment that holds it may mean another path there than it does here. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const AMBIGUOUS = /[/\\%;?#\u0000-\u001f\u007f]/

/** Reads `GET /files/*`; undefined where the text is no rule. */
export function readRule(written: string): PathRule | undefined {
  const [, method, path = ''] = RULE.exec(written) ?? []
  const found = METHODS.find((one) => one === method)
  const segments = readSegments(path)
  return found === undefined || segments === undefined ? undefined : { method: found, segments, written }
}

/** Whether a path is one that is passed through, listed or not. */
export function isPassedPath(path: string): boolean {
  return path.startsWith(PREFIX)
}

/**
 * Reads `/passthrough/<provider>/<path>`.
 * @throws invalid_request where a server could read the path in another way than it is read here
 */
export function readPassedPath(path: string): PassedPath {
  const slash = path.indexOf('/', PREFIX.length)
  const provider = slash === -1 ? path.slice(PREFIX.length) : path.slice(PREFIX.length, slash)
  const rest = slash === -1 ? '' : path.slice(slash)
  const segments = readSegments(rest)
  if (/^[\w.:-]+$/.test(provider) && segments !== undefined) return { provider, path: rest, segments }
  throw new GatewayError(
    'invalid_request',
    'The path is not passed through. Write /passthrough/<provider>/<path> without empty segments, without . and .. and without escaped slashes, backslashes or percent signs.',
  )
}

/** The path below an address: clients that write the version themselves (`/v1/files`) mean the one that the address ends with. */
export function belowAddress(asked: PassedPath, base: string): PassedPath {
  const [version = '', ...segments] = asked.segments
  if (segments.length === 0 || !/^v\d\w*$/.test(version) || !base.endsWith(`/${version}`)) return asked
  return { ...asked, path: asked.path.slice(version.length + 1), segments }
}

/** Whether a rule lists this path, whatever the method. */
export function listsPath({ segments }: PathRule, asked: readonly string[]): boolean {
  return segments.length === asked.length && segments.every((pattern, index) => matchesPattern(pattern, asked[index] ?? ''))
}

/** The segments of a path, decoded; undefined where one may mean another thing to somebody else. */
function readSegments(path: string): readonly string[] | undefined {
  const [empty, ...raw] = path.split('/')
  if (empty !== '' || raw.length === 0) return undefined
  const segments = raw.map(readSegment)
  return segments.includes(undefined) ? undefined : segments.filter((segment) => segment !== undefined)
}

function readSegment(raw: string): string | undefined {
  if (!SEGMENT.test(raw)) return undefined
  let segment: string
  try {
    segment = decodeURIComponent(raw)
  } catch {
    // Escapes that are no UTF-8: every server makes something else of them.
    return undefined
  }
  return /^\.{1,2}$/.test(segment) || AMBIGUOUS.test(segment) ? undefined : segment
}
