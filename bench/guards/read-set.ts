/** Something that stands in a text: UTF-16 units, the end not included. */
export interface Expected {
  readonly type: string
  readonly from: number
  readonly to: number
}

/** A text of the set. One that expects nothing is clean. */
export interface Labelled {
  readonly line: number
  readonly text: string
  /** ISO 639-1. */
  readonly lang: string
  readonly expects: readonly Expected[]
}

/** Reads a set in JSONL: `{"text", "lang", "expects": [{"type", "from", "to"}]}`. @throws where a line is none, or a place is not in its text */
export function readSet(content: string): readonly Labelled[] {
  return content.split('\n').flatMap((row, index) => (row.trim() === '' ? [] : [readLine(row, index + 1)]))
}

function readLine(row: string, line: number): Labelled {
  const value: unknown = JSON.parse(row)
  if (typeof value !== 'object' || value === null || !('text' in value) || !('lang' in value) || !('expects' in value)) {
    throw new Error(`line ${line} lacks text, lang or expects`)
  }
  const { text, lang, expects } = value
  if (typeof text !== 'string' || typeof lang !== 'string' || !Array.isArray(expects))
    throw new Error(`line ${line} has a field of a wrong type`)
  return { line, text, lang, expects: expects.map((each: unknown) => readExpected(each, text, line)) }
}

function readExpected(value: unknown, text: string, line: number): Expected {
  if (typeof value === 'object' && value !== null && 'type' in value && 'from' in value && 'to' in value) {
    const { type, from, to } = value
    if (typeof type === 'string' && typeof from === 'number' && typeof to === 'number' && from >= 0 && from < to && to <= text.length)
      return { type, from, to }
  }
  throw new Error(`line ${line} expects something that is not in its text: ${JSON.stringify(value)}`)
}
