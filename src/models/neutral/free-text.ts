/** How the arguments of a function begin that stands for a tool with free text. */
const HEAD = '{"input":"'
const BEGUN = /^\s*\{\s*"input"\s*:\s*"/
/** White space that is waited through for the head. */
const MAX_HEAD = 200
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/**
 * Takes the free text out of `{"input": "…"}` as that comes, in pieces of any size. What does not begin so is free text itself: some models write
 * it without its wrapping.
 */
export class FreeText {
  #state: 'head' | 'text' | 'bare' | 'over' = 'head'
  /** What cannot be told before more comes: the head, an escape, the first half of a character. */
  #held = ''

  /** What a further piece adds to the text. */
  push(piece: string): string {
    switch (this.#state) {
      case 'head':
        return this.#head(this.#held + piece)
      case 'text':
        return this.#text(this.#held + piece)
      case 'bare':
        return piece
      default:
        return ''
    }
  }

  /** What was held back, where no more comes. */
  end(): string {
    const held = this.#held
    this.#held = ''
    // An escape that was cut says nothing.
    return this.#state === 'head' ? held : held.replace(/\\.*/s, '')
  }

  #head(said: string): string {
    const [head] = BEGUN.exec(said) ?? []
    this.#held = ''
    if (head !== undefined) {
      this.#state = 'text'
      return this.#text(said.slice(head.length))
    }
    if (said.length < MAX_HEAD && HEAD.startsWith(said.replaceAll(/\s/g, ''))) {
      this.#held = said
      return ''
    }
    this.#state = 'bare'
    // Arguments that are none.
    return said.trim() === '{}' ? '' : said
  }

  #text(said: string): string {
    this.#held = ''
    let text = ''
    let at = 0
    while (at < said.length) {
      const next = nextSpecial(said, at)
      text += said.slice(at, next)
      if (next === said.length) break
      if (said[next] === '"') {
        this.#state = 'over'
        return text
      }
      const size = said[next + 1] === 'u' ? 6 : 2
      if (next + size > said.length) {
        return this.#tell(text, said.slice(next))
      }
      text += decodeEscape(said.slice(next + 1, next + size))
      at = next + size
    }
    return this.#tell(text)
  }

  /** Tells all but what waits for more. Half of a character would be told as none. */
  #tell(text: string, rest = ''): string {
    const isWhole = !/[\ud800-\udbff]$/.test(text)
    this.#held = isWhole ? rest : text.slice(-1) + rest
    return isWhole ? text : text.slice(0, -1)
  }
}

/** Where the next quote or backslash stands, or the end. */
function nextSpecial(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 34 || code === 92) return at
  }
  return text.length
}

function decodeEscape(said: string): string {
  const [kind = ''] = said
  return kind === 'u' ? String.fromCharCode(Number.parseInt(said.slice(1), 16) || 0) : (ESCAPED[kind] ?? kind)
}
