import { z } from 'zod'
import { textOrSecret } from './fields.ts'
import { Secret } from './secret.ts'
import type { ConfigProblem } from './section.ts'

/** Headers that the operator has sent along. Never logged. */
export type HeaderFields = Readonly<Record<string, string | Secret>>

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, { error: 'is not the name of a header' })
  .meta({ 'x-unit': 'name' })

/** A mapping of headers to texts or secrets. */
export function headerFields() {
  return z.record(headerName, textOrSecret().describe('The value of the header; a credential is env:NAME or file:PATH.'))
}

const OWN_HEADERS = /^(host|connection|keep-alive|transfer-encoding|content-length|content-type|accept-encoding|te|upgrade|trailer)$/i
const CREDENTIAL_HEADERS = /authorization|api-?key|token|secret|cookie|password|credential/i
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** What is wrong with configured headers. */
export function checkHeaderFields(path: readonly string[], headers: HeaderFields | undefined): readonly ConfigProblem[] {
  return Object.entries(headers ?? {}).flatMap(([header, value]) => checkHeader([...path, header], header, value))
}

function checkHeader(path: readonly string[], header: string, value: string | Secret): ConfigProblem[] {
  if (OWN_HEADERS.test(header)) return [{ path, message: 'is a header that the gateway sets itself; remove it' }]
  if (typeof value === 'string' && CREDENTIAL_HEADERS.test(header)) {
    return [{ path, message: 'looks like a credential; write env:NAME or file:PATH, which say where it is (the value is not shown)' }]
  }
  const sent = typeof value === 'string' ? value : value.isResolved ? value.reveal() : ''
  return HEADER_VALUE.test(sent) ? [] : [{ path, message: 'holds a character that no header may have, such as a line break' }]
}

/** The headers as they are sent: names in lower case. */
export function revealHeaders(headers: HeaderFields | undefined): Record<string, string> {
  const revealed = Object.entries(headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    typeof value === 'string' ? value : value.reveal(),
  ])
  return Object.fromEntries(revealed)
}

/** The secrets of them that are long enough to be looked for in a text: a shorter one would hide words of every day. */
export function secretsOf(values: Iterable<string | Secret>): readonly string[] {
  return (
    [...values]
      .filter((value) => value instanceof Secret)
      .map((secret) => secret.reveal())
      // Some quote the token alone.
      .flatMap((secret) => [secret, secret.replace(/^(?:Bearer|Basic|Token)\s+/i, '')])
      .filter(({ length }) => length >= 8)
  )
}

/** A text of what stands behind us without the secrets that it was sent: some quote them in what they say. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}
