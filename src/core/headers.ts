import type { Labels, PromptIdentity } from './call.ts'
import { GatewayError } from './errors.ts'
import { LABEL_NAME_PATTERN, LABEL_VALUE_PATTERN, MOST_LABELS_AT_ONCE } from './labels.ts'

/** Where the official SDKs put their key; the first that is there counts. */
const KEY_HEADERS = ['x-api-key', 'api-key', 'x-goog-api-key'] as const
const PROMPT = /^([A-Za-z0-9][A-Za-z0-9_./-]{0,127})(?:@([A-Za-z0-9][A-Za-z0-9_.-]{0,63}))?$/

/** The path of a URL, without building a URL object: this runs for every call. */
export function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('://') + 3)
  const query = url.indexOf('?', from)
  return query === -1 ? url.slice(from) : url.slice(from, query)
}

/** The key that the caller sent, wherever an SDK puts it: Bearer, `x-api-key`, `api-key`, `x-goog-api-key`, `?key=`; else where one was seen that is not read. */
export function readCredential(headers: Headers, url: string): string | undefined {
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    if (authorization.startsWith('Bearer sb_')) return authorization.slice(7).trimEnd()
    const bearer = /^bearer +(.+)$/i.exec(authorization.trim())?.[1]
    if (bearer !== undefined) return bearer
  }
  for (const name of KEY_HEADERS) {
    const value = headers.get(name)
    if (value !== null && value !== '') return value.trim()
  }
  const query = url.indexOf('?')
  const named = query === -1 ? null : new URLSearchParams(url.slice(query + 1)).get('key')
  return named ?? misplaced(headers)
}

/** How the credential of a caller begins whose key stands where none is read; the name of the header follows. No key begins so. */
export const MISPLACED = 'misplaced: '

function misplaced(headers: Headers): string | undefined {
  for (const [name, value] of headers) if (name === 'authorization' || /^(bearer +)?sb_[a-z0-9]+_/i.test(value)) return MISPLACED + name
  return undefined
}

/**
 * Reads `x-signalbox-labels: feature=search,env=prod`.
 * @throws invalid_request with the label at fault
 */
export function readLabels(header: string | null): Labels {
  if (header === null || header.trim() === '') return {}
  // Without a prototype: a label may be called like something that every object has.
  const labels: Record<string, string> = Object.create(null)
  for (const item of header.split(',')) {
    const [name, value, ...rest] = item.split('=').map((text) => text.trim())
    if (
      name === undefined ||
      value === undefined ||
      rest.length > 0 ||
      !LABEL_NAME_PATTERN.test(name) ||
      !LABEL_VALUE_PATTERN.test(value)
    ) {
      throw badHeader('x-signalbox-labels', `"${item.trim().slice(0, 80)}" is no label; write name=value, separated by commas`)
    }
    if (name in labels) throw badHeader('x-signalbox-labels', `the label "${name}" stands twice`)
    labels[name] = value
  }
  if (Object.keys(labels).length > MOST_LABELS_AT_ONCE) throw badHeader('x-signalbox-labels', `more than ${MOST_LABELS_AT_ONCE} labels`)
  return labels
}

/**
 * Reads `x-signalbox-prompt: name@version`.
 * @throws invalid_request
 */
export function readPromptIdentity(header: string | null): PromptIdentity {
  if (header === null || header.trim() === '') return {}
  const [, name, version] = PROMPT.exec(header.trim()) ?? []
  if (name === undefined) throw badHeader('x-signalbox-prompt', 'write name or name@version, of letters, digits and . _ / -')
  return { name, ...(version === undefined ? {} : { version }) }
}

function badHeader(header: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `The header ${header} is not valid: ${what}.`, { param: header })
}
