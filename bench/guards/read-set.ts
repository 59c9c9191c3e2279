/** Something that stands in a text: UTF-16 units, the end not included. */
export interface Expected {
  /** In capitals, as the guards name kinds: `EMAIL`. */
  readonly type: string
  readonly from: number
  readonly to: number
}

/** A text of a set. One that expects nothing is clean. */
export interface Labelled {
  readonly line: number
  readonly text: string
  /** ISO 639-1. */
  readonly lang: string
  readonly expects: readonly Expected[]
}

/** What the labels of whole texts are called among the kinds. */
const LABELS: Readonly<Record<string, string>> = { injection: 'INJECTION', toxic: 'TOXICITY' }

/**
 * Reads a set in JSONL: `{"text", "lang", "expects": [{"type", "text"} or {"type", "from", "to"}]}`, or `{"text", "lang", "label"}` where the text as a whole
 * is one thing, or clean. @throws where a line is none, or expects what is not in its text
 */
export function readSet(content: string): readonly Labelled[] {
  return content.split('\n').flatMap((row, index) => (row.trim() === '' ? [] : [readLine(row, index + 1)]))
}

function readLine(row: string, line: number): Labelled {
  const value: unknown = JSON.parse(row)
  if (typeof value !== 'object' || value === null || !('text' in value) || !('lang' in value))
    throw new Error(`line ${line} lacks text or lang`)
  const { text, lang } = value
  if (typeof text !== 'string' || typeof lang !== 'string') throw new Error(`line ${line} has a field of a wrong type`)
  if ('label' in value) {
    const type = LABELS[String(value.label)]
    return { line, text, lang, expects: type === undefined ? [] : [{ type, from: 0, to: text.length }] }
  }
  if (!('expects' in value) || !Array.isArray(value.expects)) throw new Error(`line ${line} lacks expects`)
  const expects: Expected[] = []
  for (const each of value.expects) expects.push(readExpected(each, { text, line, before: expects }))
  return { line, text, lang, expects }
}

interface Context {
  readonly text: string
  readonly line: number
  readonly before: readonly Expected[]
}

function readExpected(value: unknown, { text, line, before }: Context): Expected {
  if (typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string') {
    const type = value.type.toUpperCase()
    if ('text' in value && typeof value.text === 'string') {
      // The same text twice is two places, in their order.
      const last = before.findLast((each) => text.slice(each.from, each.to) === value.text)
      const from = text.indexOf(value.text, last?.to ?? 0)
      if (from !== -1) return { type, from, to: from + value.text.length }
    } else if ('from' in value && 'to' in value) {
      const { from, to } = value
      if (typeof from === 'number' && typeof to === 'number' && from >= 0 && from < to && to <= text.length) return { type, from, to }
    }
  }
  throw new Error(`line ${line} expects something that is not in its text: ${JSON.stringify(value)}`)
}
