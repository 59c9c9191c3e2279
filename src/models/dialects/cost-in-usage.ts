import { type KeySpan, scanTopLevel, spliceText } from '../../core/json.ts'
import { formatUsd, type NanoUsd } from '../../core/money.ts'
import { decodeSseFrame, encodeSseFrame } from '../../core/sse.ts'
import type { ModelPart } from '../types.ts'

/** The keys down to the usage. */
export type UsagePath = readonly ['usage'] | readonly ['response', 'usage']

/**
 * A part with what it cost as `usage.cost`, a decimal number of US dollars; the part's own bytes where it has no usage at one of these places.
 * Every other byte stays: numbers that a parser would write in another way, escapes, and fields that nobody knows.
 */
export function withCost({ type, bytes }: Pick<ModelPart, 'type' | 'bytes'>, cost: NanoUsd, paths: readonly UsagePath[]): Uint8Array {
  // One character a byte, so that what is no ASCII goes through as it came. All of JSON's own characters are ASCII.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const place = type === 'frame' ? dataIn(text) : { from: 0, to: text.length }
  if (place === undefined) return inManyLines(bytes, cost, paths)
  const edit = editFor(text.slice(place.from, place.to), cost, paths)
  if (edit === undefined) return bytes
  const edited = spliceText(text, [{ ...edit, from: edit.from + place.from, to: edit.to + place.from }])
  return Buffer.from(edited, 'latin1')
}

/** Where the data of a frame stands; undefined where it has several lines, or none. */
function dataIn(frame: string): KeySpan | undefined {
  const lines = [...frame.matchAll(/(?:^|[\r\n])data: ?([^\r\n]*)/g)]
  const [line] = lines
  if (line === undefined || lines.length > 1) return undefined
  const to = line.index + line[0].length
  return { from: to - (line[1] ?? '').length, to }
}

/** Line breaks between the members of JSON are no part of it, so the frame may be written anew. */
function inManyLines(bytes: Uint8Array, cost: NanoUsd, paths: readonly UsagePath[]): Uint8Array {
  const { event, data } = decodeSseFrame(bytes)
  const edit = data === undefined ? undefined : editFor(data, cost, paths)
  if (data === undefined || edit === undefined) return bytes
  return encodeSseFrame({ ...(event === undefined ? {} : { event }), data: spliceText(data, [edit]) })
}

/** What is to be written where in the text of an object. */
function editFor(text: string, cost: NanoUsd, paths: readonly UsagePath[]): (KeySpan & { readonly with: string }) | undefined {
  const usage = paths.map((path) => valueAt(text, path)).find((span) => span !== undefined)
  if (usage === undefined) return undefined
  const top = scanTopLevel(text.slice(usage.from, usage.to), COST, Number.POSITIVE_INFINITY)
  if (top.type !== 'object') return undefined
  // As text: a float would print small amounts in another form than the receipt does.
  const amount = formatUsd(cost)
  // OpenRouter says what it charges at this place, to us.
  const own = top.keys.get('cost')
  if (own !== undefined) return { from: own.from + usage.from, to: own.to + usage.from, with: amount }
  const at = usage.to - 1
  return { from: at, to: at, with: `${top.isEmpty ? '' : ','}"cost":${amount}` }
}

const COST: ReadonlySet<string> = new Set(['cost'])

/** Where the value at the end of a path stands. */
function valueAt(text: string, path: UsagePath): KeySpan | undefined {
  let span: KeySpan = { from: 0, to: text.length }
  for (const key of path) {
    const top = scanTopLevel(text.slice(span.from, span.to), new Set([key]), Number.POSITIVE_INFINITY)
    const found = top.type === 'object' ? top.keys.get(key) : undefined
    if (found === undefined) return undefined
    span = { from: found.from + span.from, to: found.to + span.from }
  }
  return span
}
