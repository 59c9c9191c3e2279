/** A string in a text of JSON. Its place is that of the literal, quotes included. */
export interface JsonString {
  /** Keys and indexes from the top. Reused by the scan: copy it to keep it. */
  readonly path: readonly (string | number)[]
  readonly from: number
  readonly to: number
  /** Whether it is the key of an object; then `path` ends with it. */
  readonly isKey: boolean
}

const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const COMMA = 44
const COLON = 58

/**
 * Shows every string of a JSON text with its place, in order and in one scan; also those of keys that stand twice, of which a parser would
 * show one. It trusts the text to be JSON that `JSON.parse` took.
 */
export function visitStrings(text: string, visit: (string: JsonString) => void): void {
  const path: (string | number)[] = []
  /** For each open object or list: whether it is an object. */
  const isObject: boolean[] = []
  let expectsKey = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const to = stringEnd(text, at)
        if (expectsKey) {
          path[path.length - 1] = decodeString(text, at, to)
          visit({ path, from: at, to, isKey: true })
        } else visit({ path, from: at, to, isKey: false })
        at = to - 1
        break
      }
      case OPEN_BRACE:
        isObject.push(true)
        path.push('')
        expectsKey = true
        break
      case OPEN_BRACKET:
        isObject.push(false)
        path.push(0)
        expectsKey = false
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        isObject.pop()
        path.pop()
        expectsKey = false
        break
      case COLON:
        expectsKey = false
        break
      case COMMA: {
        const isInObject = isObject.at(-1) === true
        const last = path.at(-1)
        if (typeof last === 'number' && !isInObject) path[path.length - 1] = last + 1
        expectsKey = isInObject
        break
      }
    }
  }
}

/** The text that a string literal stands for. */
export function decodeString(text: string, from: number, to: number): string {
  const inside = text.slice(from + 1, to - 1)
  // A string literal parses to a string.
  return inside.includes('\\') ? (JSON.parse(text.slice(from, to)) as string) : inside
}

/** Just after the quote that ends the string which begins at `from`. Each character is looked at a bounded number of times. */
function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) return at + 1
    if (character === BACKSLASH) at++
  }
  return text.length
}

/** Where a string stands, as a person says it. A key is not named: it may be the very thing that must not be repeated. */
export function formatPlace({ path, isKey }: Pick<JsonString, 'path' | 'isKey'>): string {
  return isKey ? `a key of ${formatJsonPath(path.slice(0, -1))}` : formatJsonPath(path)
}

/** A path as a person writes it: `messages[2].content`. */
function formatJsonPath(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}
