import { isObject, type Json } from '../core/json.ts'

/** Fields whose text says what a call was, not what was said in it. */
const SHAPE_FIELDS: ReadonlySet<string> = new Set(['role', 'type', 'model', 'object', 'finish_reason', 'name', 'id', 'service_tier'])

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The shape of a body without its texts: every string but those of the shape fields becomes its length, as in `[12 characters]`.
 * Streams are redacted frame by frame; what is no JSON (a body cut at its limit, say) becomes one length.
 */
export function redactBody(bytes: Uint8Array): Uint8Array {
  const text = decoder.decode(bytes)
  return encoder.encode(text.startsWith('data:') || text.startsWith(':') ? redactStream(text) : redactJson(text))
}

function redactStream(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line.startsWith('data:') && line.trim() !== 'data: [DONE]' ? `data: ${redactJson(line.slice(5))}` : line.startsWith(':') ? ':' : line,
    )
    .join('\n')
}

function redactJson(text: string): string {
  try {
    // JSON.parse gives JSON; the type of the standard library does not say so.
    return JSON.stringify(redactValue(JSON.parse(text) as Json, false))
  } catch {
    return JSON.stringify(lengthOf(text))
  }
}

function redactValue(value: Json, isShape: boolean): Json {
  if (typeof value === 'string') return isShape ? value : lengthOf(value)
  if (Array.isArray(value)) return value.map((item: Json) => redactValue(item, false))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(item ?? null, SHAPE_FIELDS.has(key))]))
}

function lengthOf(text: string): string {
  return `[${text.length} characters]`
}
