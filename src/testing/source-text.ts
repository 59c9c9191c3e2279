/** A source file for rules to look at. All three have the same length and the same lines. */
export interface SourceText {
  readonly raw: string
  /** Comments blanked. */
  readonly code: string
  /** Comments and the contents of strings, templates and regular expressions blanked. */
  readonly bare: string
}

/** What can stand before a `/` that begins a regular expression rather than divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|await|yield))$/

/** Reads TypeScript or JavaScript just well enough to tell code, comments and strings apart. */
export function readSource(raw: string): SourceText {
  const scan = new Scan(raw)
  scan.run()
  return { raw, code: scan.code.join(''), bare: scan.bare.join('') }
}

class Scan {
  readonly code: string[]
  readonly bare: string[]
  readonly #text: string
  #at = 0
  /** For each `${` that is open: how many braces are open inside of it. */
  readonly #templates: number[] = []

  constructor(text: string) {
    this.#text = text
    this.code = [...Array(text.length).keys()].map((at) => text.charAt(at))
    this.bare = [...this.code]
  }

  run(): void {
    while (this.#at < this.#text.length) this.#step()
  }

  #step(): void {
    const character = this.#text.charAt(this.#at)
    const two = this.#text.slice(this.#at, this.#at + 2)
    if (two === '//') this.#skipTo(this.#find('\n', 0))
    else if (two === '/*') this.#skipTo(this.#find('*/', 2))
    else if (character === "'" || character === '"') this.#literal(this.#endOfLiteral(character))
    else if (character === '/' && BEFORE_REGEX.test(this.#before())) this.#literal(this.#endOfRegex())
    else if (character === '`' || (character === '}' && this.#templates.at(-1) === 0)) this.#template(character)
    else this.#pass(character)
  }

  #pass(character: string): void {
    const open = this.#templates.length - 1
    const count = this.#templates[open]
    if (count !== undefined && character === '{') this.#templates[open] = count + 1
    if (count !== undefined && character === '}') this.#templates[open] = count - 1
    this.#at++
  }

  /** The code just before here: enough of it to tell a division from the beginning of a regular expression. */
  #before(): string {
    return this.bare
      .slice(Math.max(0, this.#at - 200), this.#at)
      .join('')
      .trimEnd()
  }

  /** From a backtick, or from the brace that closes a `${}`, to the next `${` or the closing backtick. */
  #template(beginning: string): void {
    if (beginning === '}') this.#templates.pop()
    let end = this.#at + 1
    while (end < this.#text.length && this.#text.charAt(end) !== '`' && !this.#text.startsWith('${', end))
      end += this.#text.charAt(end) === '\\' ? 2 : 1
    const isOpening = this.#text.startsWith('${', end)
    if (isOpening) this.#templates.push(0)
    this.#blank([this.bare], this.#at + 1, end)
    this.#at = end + (isOpening ? 2 : 1)
  }

  #literal(end: number): void {
    this.#blank([this.bare], this.#at + 1, end)
    this.#at = end + 1
  }

  #endOfLiteral(quote: string): number {
    let end = this.#at + 1
    while (end < this.#text.length && this.#text.charAt(end) !== quote && this.#text.charAt(end) !== '\n')
      end += this.#text.charAt(end) === '\\' ? 2 : 1
    return end
  }

  #endOfRegex(): number {
    let isInClass = false
    for (let end = this.#at + 1; end < this.#text.length; end++) {
      const character = this.#text.charAt(end)
      if (character === '\\') end++
      else if (character === '[') isInClass = true
      else if (character === ']') isInClass = false
      else if (character === '\n' || (character === '/' && !isInClass)) return end
    }
    return this.#text.length
  }

  #find(marker: string, more: number): number {
    const found = this.#text.indexOf(marker, this.#at + more)
    return found === -1 ? this.#text.length : found + (marker === '\n' ? 0 : marker.length)
  }

  #skipTo(end: number): void {
    this.#blank([this.code, this.bare], this.#at, end)
    this.#at = end
  }

  #blank(targets: readonly string[][], from: number, to: number): void {
    for (const target of targets) {
      for (let at = from; at < Math.min(to, target.length); at++) if (target[at] !== '\n') target[at] = ' '
    }
  }
}

/** Line, from 1, of a position. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}
