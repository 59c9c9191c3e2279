import { isObject, type Json } from '../core/json.ts'

/** Fields whose text says what a call was, not what was said in it. */
const SHAPE_FIELDS: ReadonlySet<string> = new Set(['role', 'type', 'model', 'object', 'finish_reason', 'name', 'id', 'service_tier'])

/** What a name looks like. Anything else may be somebody's words, wherever it stands. */
const NAME = /^[\w.:@/$-]{1,128}$/
const EVENT_LINE = /^event: ?[\w.-]{1,64}\r?$/

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The shape of a body without its texts: every string but the names in the shape fields becomes its length, as in `[12 characters]`.
 * Streams are redacted line by line; what is no JSON (a body cut at its limit, say) becomes one length.
 */
export function redactBody(bytes: Uint8Array): Uint8Array {
  const text = decoder.decode(bytes)
  return encoder.encode(text.startsWith('data:') || text.startsWith(':') ? redactStream(text) : redactJson(text))
}

function redactStream(text: string): string {
  return text.split('\n').map(redactLine).join('\n')
}

function redactLine(line: string): string {
  if (line.trim() === '' || line.trim() === 'data: [DONE]' || EVENT_LINE.test(line)) return line
  if (line.startsWith('data:')) return `data: ${redactJson(line.slice(5))}`
  return line.startsWith(':') ? ':' : `: ${lengthOf(line)}`
}

function redactJson(text: string): string {
  try {
    // JSON.parse gives JSON; the type of the standard library does not say so.
    return JSON.stringify(redactValue(JSON.parse(text) as Json, { isShape: false }))
  } catch {
    return JSON.stringify(lengthOf(text))
  }
}

function redactValue(value: Json, { isShape }: { readonly isShape: boolean }): Json {
  if (typeof value === 'string') return isShape && NAME.test(value) ? value : lengthOf(value)
  if (Array.isArray(value)) return value.map((item: Json) => redactValue(item, { isShape: false }))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      NAME.test(key) ? key : lengthOf(key),
      redactValue(item ?? null, { isShape: SHAPE_FIELDS.has(key) }),
    ]),
  )
}

function lengthOf(text: string): string {
  return `[${text.length} characters]`
}
