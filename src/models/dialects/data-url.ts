/** Fields in which wires have the address of an image, a sound or a file. */
const ADDRESSES: ReadonlySet<string | number | undefined> = new Set([
  ...['url', 'image_url', 'file_url', 'audio_url', 'video_url', 'file_data', 'image', 'data'],
])
/** The longest head that is looked at: a media type and a few parameters. */
const LONGEST_HEAD = 300
const HEAD = /^"data:[\w.+/-]*(?:;[\w-]+=[\w.+-]*)*;base64,/
const BACKSLASH = 92
const SLASH = 47

/** A string in a text of JSON: its place, quotes included, and the keys that lead to it. */
interface JsonPlace {
  readonly path: readonly (string | number)[]
  readonly from: number
  readonly to: number
}

/**
 * Whether a string is an image or a file in base64 and nothing else, where a wire has such: it holds no words, and may be long. Text that only
 * begins like one is text.
 */
export function isDataUrl(json: string, { path, from, to }: JsonPlace): boolean {
  if (!json.startsWith('"data:', from) || !ADDRESSES.has(path.at(-1))) return false
  const [head] = HEAD.exec(json.slice(from, Math.min(to, from + LONGEST_HEAD))) ?? []
  if (head === undefined) return false
  for (let at = from + head.length; at < to - 1; at++) {
    const code = json.charCodeAt(at)
    // Some write a slash as \/; every other escape is none of base64.
    if (!isBase64(code) && !(code === BACKSLASH && json.charCodeAt(at + 1) === SLASH)) return false
  }
  return true
}

function isBase64(code: number): boolean {
  const isLetter = (code | 0x20) >= 97 && (code | 0x20) <= 122
  const isSlashOrDigit = code >= SLASH && code <= 57
  return isLetter || isSlashOrDigit || code === 43 || code === 45 || code === 61 || code === 95
}
