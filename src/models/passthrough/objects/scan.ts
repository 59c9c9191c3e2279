import type { ObjectRow } from './rows.ts'

/** Bytes of a body that are looked at once more with what follows them: a name that was cut between two pieces is in there, escaped or not. */
const OVERLAP = 2048
/** So much is looked at in one go: what is read into a text is garbage at once, and large texts are collected late. */
const WINDOW = 8 * 1024

/**
 * Finds what a body names that is no JSON as a whole: the lines of a batch, the parts of a form. It is looked at piece by piece, so that a body of
 * any size costs the same memory. What stands in quotes, on a line of its own or behind `=` is taken for a name where it looks like one.
 */
export class ReferenceScanner {
  readonly #pattern: RegExp
  #rest = ''

  constructor(rows: readonly ObjectRow[]) {
    const shapes = rows.map(({ like }) => like.source.replace(/^\^|\$$/g, ''))
    // Between what begins and what ends a name, so that the search goes from quote to quote.
    this.#pattern = new RegExp(`["\\n=&](${shapes.join('|')})(?=["\\r\\n&])`, 'g')
  }

  /** Texts that look like names, in a further piece of the body. One may be told again with the next piece. */
  push(piece: Uint8Array): readonly string[] {
    // Names are of ASCII: how other letters are read does not matter.
    const textAt = (from: number, to: number) => Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1', from, to)
    const seam = this.#rest + textAt(0, OVERLAP)
    const found = [...this.#namesIn(seam)]
    for (let at = 0; at < piece.length; at += WINDOW - OVERLAP) {
      for (const name of this.#namesIn(textAt(at, at + WINDOW))) found.push(name)
    }
    this.#rest = piece.length < OVERLAP ? seam.slice(-OVERLAP) : textAt(piece.length - OVERLAP, piece.length)
    return found
  }

  /** What stands at the very end. */
  end(): readonly string[] {
    return this.#namesIn(`${this.#rest}\n`)
  }

  #namesIn(text: string): readonly string[] {
    return [...unescaped(text).matchAll(this.#pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]))
  }
}

/** JSON may write any letter as an escape: a name must not be hidden so. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\u00([0-7][\da-fA-F])|\\\//g, (_, code: string | undefined) =>
    code === undefined ? '/' : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
