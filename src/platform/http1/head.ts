import type { PeerHeaders } from '../../core/peer-reply.ts'
import { NetworkError } from '../../core/peer-reply.ts'

/** Longest head of a reply, with everything that comes before it. */
export const MAX_HEAD_BYTES = 64 * 1024
const MAX_FIELDS = 200
/** A shorter head has no room for too many fields: `a:` and a line break each. */
const MIN_LENGTH_OF_TOO_MANY = MAX_FIELDS * 4
const LF = 10
const COLON = 58

/**
 * A status line and header fields (RFC 9112, sections 4 and 5; https://www.rfc-editor.org/rfc/rfc9112, read 2026-11-21), without the empty line.
 * A folded line, a space before the colon and control characters fit nowhere in it: each of them is read differently by different programs.
 */
const HEAD = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t -~\x80-\xff]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*)*$/

/** The head of a reply. Fields are looked up in its text: of a dozen that came, two or three are ever asked for. */
export class Head implements PeerHeaders {
  readonly status: number
  /** Whether the peer speaks HTTP/1.1. */
  readonly isModern: boolean
  readonly #text: string
  readonly #lowText: string

  /**
   * @param text without the empty line at its end; each character one byte
   * @throws NetworkError malformed
   */
  constructor(text: string) {
    if (!HEAD.test(text)) throw new NetworkError('malformed', 'The head of the reply is not HTTP/1.1.')
    if (text.length > MIN_LENGTH_OF_TOO_MANY && countOf(text, '\r\n') > MAX_FIELDS) {
      throw new NetworkError('malformed', `The head of the reply has more than ${MAX_FIELDS} fields.`)
    }
    this.status = (text.charCodeAt(9) - 48) * 100 + (text.charCodeAt(10) - 48) * 10 + text.charCodeAt(11) - 48
    this.isModern = text.charCodeAt(7) === 49
    this.#text = text
    this.#lowText = text.toLowerCase()
  }

  get(name: string): string | null {
    let at = this.#find(name, 0)
    if (at === -1) return null
    let value = this.#valueAt(at)
    for (at = this.#find(name, at); at !== -1; at = this.#find(name, at)) value += `, ${this.#valueAt(at)}`
    return value
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1
  }

  *entries(): Generator<readonly [name: string, value: string]> {
    const seen = new Set<string>()
    for (let at = this.#lowText.indexOf('\r\n'); at !== -1; at = this.#lowText.indexOf('\r\n', at + 2)) {
      const name = this.#lowText.slice(at + 2, this.#lowText.indexOf(':', at))
      if (seen.has(name)) continue
      seen.add(name)
      yield [name, this.get(name) ?? '']
    }
  }

  /** Finds the next field of that name. @returns where its value begins, or -1 */
  #find(name: string, from: number): number {
    const text = this.#lowText
    for (let at = text.indexOf(name, from); at !== -1; at = text.indexOf(name, at + 1)) {
      // A line begins there, and the name ends there: anything else is a part of another name, or of a value.
      if (text.charCodeAt(at - 1) === LF && text.charCodeAt(at + name.length) === COLON) return at + name.length + 1
    }
    return -1
  }

  #valueAt(at: number): string {
    const end = this.#text.indexOf('\r\n', at)
    return this.#text.slice(at, end === -1 ? undefined : end).trim()
  }
}

function countOf(text: string, part: string): number {
  let count = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++
  return count
}
