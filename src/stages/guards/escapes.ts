const BACKSLASH = '\\'
/** `\u0040`: a backslash, the letter and four digits. */
const LONGEST = 6
const DIGITS = /^[0-9a-f]*$/i
const QUOTE = 0x22

/**
 * Reads the escapes of JSON within a text that holds JSON: tools and programs write `@` as `\u0040` and every letter beyond ASCII so. What must stay escaped
 * does: quotes, backslashes, control characters, and halves of pairs. As JSON it means the same.
 */
export function readEscapes(text: string): string {
  return text.includes('\\u') ? read(text, { isEnd: true }).text : text
}

/** The same for one text of a stream. */
export class EscapeLane {
  #held = ''

  push(piece: string): string {
    const { text, held } = read(this.#held + piece, { isEnd: false })
    this.#held = held
    return text
  }

  end(piece = ''): string {
    const { text } = read(this.#held + piece, { isEnd: true })
    this.#held = ''
    return text
  }
}

interface Read {
  readonly text: string
  /** The beginning of an escape whose end has not come. */
  readonly held: string
}

function read(written: string, { isEnd }: { readonly isEnd: boolean }): Read {
  let text = ''
  let done = 0
  for (let at = written.indexOf(BACKSLASH); at !== -1; at = written.indexOf(BACKSLASH, at)) {
    const piece = written.slice(at, at + LONGEST)
    const digits = piece.slice(2)
    const mayBeCode = piece.length === 1 || (piece[1] === 'u' && DIGITS.test(digits))
    if (!isEnd && mayBeCode && piece.length < LONGEST) return { text: text + written.slice(done, at), held: written.slice(at) }
    const code = mayBeCode && piece.length === LONGEST ? Number.parseInt(digits, 16) : -1
    if (code > 0x20 && code !== QUOTE && code !== BACKSLASH.charCodeAt(0) && !(code >= 0xd800 && code <= 0xdfff)) {
      text += written.slice(done, at) + String.fromCharCode(code)
      done = at + LONGEST
      at = done
    } else at += 2
  }
  return { text: text + written.slice(done), held: '' }
}
