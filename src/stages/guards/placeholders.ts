/**
 * `[EMAIL_1]`: what stands in a request in place of something redacted. Models write it in small letters, with a space or a dash in it, or with the escapes
 * of Markdown (once more escaped within JSON): all these are the same placeholder.
 */
const PLACEHOLDER = /\[ ?([A-Za-z][A-Za-z0-9_\\ -]{0,40}?)\\{0,2}[_ -](\d{1,9}) ?\\{0,2}\]/g
const BEGINNING = /^\[ ?(?:[A-Za-z][A-Za-z0-9_\\ -]*)?$/
const LONGEST = 64

/** The placeholders of one call: the same value has the same one wherever it stands. */
export class Placeholders {
  readonly #byValue = new Map<string, string>()
  readonly #values = new Map<string, string>()
  readonly #taken = new Set<string>()
  readonly #counts = new Map<string, number>()

  /** Remembers the placeholders that stand in a text already: those are somebody's words, and never become a value. */
  avoid(text: string): void {
    if (!text.includes('[')) return
    for (const [, kind = '', count = ''] of text.matchAll(PLACEHOLDER)) this.#taken.add(plain(kind, count))
  }

  /** The placeholder of a value. @param isRestored whether the reply gets the value back */
  hide(kind: string, value: string, { isRestored }: { readonly isRestored: boolean }): string {
    const key = `${kind}\0${value}`
    const known = this.#byValue.get(key)
    if (known !== undefined) return known
    let placeholder: string
    do {
      const count = (this.#counts.get(kind) ?? 0) + 1
      this.#counts.set(kind, count)
      placeholder = `[${kind}_${count}]`
    } while (this.#taken.has(placeholder))
    this.#byValue.set(key, placeholder)
    if (isRestored) this.#values.set(placeholder, value)
    return placeholder
  }

  /** Whether there is anything to put back. */
  get canRestore(): boolean {
    return this.#values.size > 0
  }

  /** The text with the values back in their places. @param encode how a value is written there */
  restore(text: string, encode: (value: string) => string = (value) => value): string {
    if (!text.includes('[')) return text
    return text.replace(PLACEHOLDER, (placeholder, kind: string, count: string) => {
      const value = this.#values.get(plain(kind, count))
      return value === undefined ? placeholder : encode(value)
    })
  }

  /** From where on a text may be the beginning of a placeholder. */
  holdFrom(text: string): number {
    const from = text.lastIndexOf('[')
    if (from === -1 || text.length - from >= LONGEST) return text.length
    return BEGINNING.test(text.slice(from)) ? from : text.length
  }
}

/** A placeholder as it was given, however it is written. */
function plain(kind: string, count: string): string {
  return `[${kind.replaceAll('\\', '').replaceAll(/[ -]+/g, '_').toUpperCase()}_${Number(count)}]`
}

/** Puts values back into one text of a stream. */
export class RestoringLane {
  readonly #placeholders: Placeholders
  readonly #encode: (value: string) => string
  #held = ''

  constructor(placeholders: Placeholders, encode: (value: string) => string) {
    this.#placeholders = placeholders
    this.#encode = encode
  }

  push(piece: string): string {
    const text = this.#held + piece
    const hold = this.#placeholders.holdFrom(text)
    this.#held = text.slice(hold)
    return this.#placeholders.restore(text.slice(0, hold), this.#encode)
  }

  end(piece = ''): string {
    const text = this.#held + piece
    this.#held = ''
    return this.#placeholders.restore(text, this.#encode)
  }
}
