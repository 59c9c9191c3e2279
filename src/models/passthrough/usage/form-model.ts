import type { ModelName } from './model-name.ts'

/** The most that the head of a part may have, in bytes. A longer one is not read. */
const MAX_HEAD_BYTES = 4096
const MAX_MODEL_BYTES = 512
const HEAD_END = Buffer.from('\r\n\r\n')

type State =
  | { readonly type: 'preamble' | 'skipping' | 'over' }
  /** Behind a delimiter: the rest of its line, and the head of the part. */
  | { readonly type: 'head' }
  | { readonly type: 'model' }

/**
 * Reads the field `model` of a form (RFC 7578) that goes by in pieces, of which no more is held than a head or a delimiter. Where a server could read it
 * in another way than it is read here, the name is unclear: it is never taken for one that it may not be.
 */
export class FormModel {
  readonly #name: ModelName
  readonly #delimiter: Buffer
  #state: State = { type: 'preamble' }
  /** What was not decided yet. A delimiter begins with a line break, which the first one may lack. */
  #rest: Buffer = Buffer.from('\r\n')

  constructor(name: ModelName, boundary: string) {
    this.#name = name
    this.#delimiter = Buffer.from(`\r\n--${boundary}`)
  }

  /** Looks at the next bytes of the form. */
  piece(bytes: Uint8Array): undefined {
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#step());
  }

  /** A form without its end is none. */
  end(): undefined {
    if (this.#state.type === 'over') this.#name.sayNone()
    else this.#name.sayUnclear()
  }

  /** @returns whether there may be more to read */
  #step(): boolean {
    switch (this.#state.type) {
      case 'over':
        this.#rest = Buffer.alloc(0)
        return false
      case 'preamble':
      case 'skipping': {
        const at = this.#rest.indexOf(this.#delimiter)
        // What may be the beginning of a delimiter stays.
        this.#rest = at === -1 ? this.#rest.subarray(-(this.#delimiter.length - 1)) : this.#rest.subarray(at + this.#delimiter.length)
        if (at !== -1) this.#state = { type: 'head' }
        return at !== -1
      }
      case 'head':
        return this.#readHead()
      case 'model':
        return this.#readModel()
      default:
        return this.#state satisfies never
    }
  }

  #readHead(): boolean {
    if (this.#rest.length < 2) return false
    if (this.#rest.toString('latin1', 0, 2) === '--') {
      this.#state = { type: 'over' }
      return true
    }
    // No farther than a head may be: else each of many delimiters would have all behind it looked through.
    const end = this.#rest.subarray(0, MAX_HEAD_BYTES).indexOf(HEAD_END)
    // Text behind the delimiter on its line: to some it is one all the same.
    const isDelimiter = this.#rest.toString('latin1', 0, 2) === '\r\n'
    if (end === -1 || !isDelimiter) {
      if (isDelimiter && this.#rest.length <= MAX_HEAD_BYTES) return false
      this.#name.sayUnclear()
      this.#state = { type: 'skipping' }
      return true
    }
    const named = nameIn(this.#rest.toString('utf8', 0, end))
    if (named === undefined) this.#name.sayUnclear()
    // The line break that ends the head may begin the delimiter that ends the part.
    this.#rest = this.#rest.subarray(end + HEAD_END.length - 2)
    this.#state = { type: named === 'model' ? 'model' : 'skipping' }
    return true
  }

  #readModel(): boolean {
    const end = this.#rest.indexOf(this.#delimiter)
    if (end === -1 && this.#rest.length <= MAX_MODEL_BYTES + this.#delimiter.length) return false
    this.#state = { type: 'skipping' }
    if (end === -1 || end > MAX_MODEL_BYTES) this.#name.sayUnclear()
    else this.#name.say(this.#rest.toString('utf8', 2, end))
    return true
  }
}

/** The boundary that the type of a form says; undefined where it is no form, or says none that all read alike. */
export function boundaryOf(contentType: string | null): string | undefined {
  const [, boundary] = /^\s*multipart\/form-data\s*;\s*boundary=(?:"?)([\w'()+,./:=?-]{1,70})(?:"?)\s*$/i.exec(contentType ?? '') ?? []
  return boundary
}

/** The name of a part, where its head says one that all read alike. */
function nameIn(head: string): string | undefined {
  const [line, ...others] = head.split('\r\n').filter((one) => /^content-disposition\s*:/i.test(one))
  // Escapes, encodings and names without quotes are read in several ways.
  const [, name, rest = ''] = /^content-disposition: *form-data; *name="([^"\\%]*)"(.*)$/i.exec(line ?? '') ?? []
  return name === undefined || others.length > 0 || /(?:^|[\s;])name\b/i.test(withoutTexts(rest)) ? undefined : name
}

function withoutTexts(text: string): string {
  return text.replace(/"[^"]*"/g, '""')
}
