import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Phase } from '../../stages/guards/types.ts'

/** A path in a body of JSON. */
export type JsonPath = readonly (string | number)[]

/** A text of a reply, or of one frame of it. */
export interface WireText {
  readonly path: JsonPath
  readonly text: string
  readonly phase: Phase
  /** The text of the stream that this is a piece of. Absent: it is whole. A lane belongs to the end of the same name, or of the name in front of its first slash. */
  readonly lane?: string
  /** Whether it is text of JSON. */
  readonly isJson?: boolean
  /** Whether it says again what other parts of the reply have said: it is looked at, and not counted. */
  readonly isRepeat?: boolean
}

/** Where the requests and replies of a wire have their texts. Pure. */
export interface WireTexts {
  /** What a string of a request is; undefined where it is none that anybody reads. `root` is the parsed body. */
  phaseOf(path: JsonPath, root: JsonObject): Phase | undefined
  /** Whether a key of a request is the caller's own word and none of the wire: one of the arguments of a tool. Left out: none is. */
  isOwnKey?(path: JsonPath): boolean
  /** The texts of a whole reply, or of one frame. */
  textsOf(value: JsonObject, as: 'whole' | 'frame'): readonly WireText[]
  /** The lanes that end with this frame. A frame without a value of JSON ends all. */
  endsOf(value: JsonObject): readonly string[]
  /** The value without what repeats a text that was changed. */
  tidy(value: JsonObject): JsonObject
  /** A frame that says nothing but the text at this path, which is put in afterwards. The path is then that of `textsOf` of what is given back. */
  continuation(value: JsonObject, path: JsonPath): JsonObject
}

/** Keys whose strings name something of the wire, or are no text. */
const STRUCTURAL: ReadonlySet<string | number | undefined> = new Set([
  'model',
  'role',
  'type',
  'id',
  'object',
  'service_tier',
  'stop',
  'encoding_format',
  'reasoning_effort',
  'verbosity',
  'modalities',
  'detail',
  'format',
  'voice',
  'cache_control',
  'media_type',
  'mime_type',
  'mimeType',
  'file_id',
  'encrypted_content',
  'signature',
  'thoughtSignature',
  'data',
  'file_data',
])

/** Whether a string of a request is part of the wire and nobody's words. Strings that are not known are taken for words. */
export function isStructural(path: JsonPath): boolean {
  if (path[0] === 'metadata') return false
  return STRUCTURAL.has(path.at(-1)) || STRUCTURAL.has(path[0])
}

/** Whether a string is what a JSON schema says of itself in words: models read it. */
export function isDescription(path: JsonPath): boolean {
  return path.at(-1) === 'description'
}

/** What stands at a path. */
export function valueAt(value: Json, path: JsonPath): Json | undefined {
  return path.reduce<Json | undefined>((each, step) => {
    if (Array.isArray(each)) return each[Number(step)] as Json | undefined
    return isObject(each) ? each[step] : undefined
  }, value)
}

/** The value with another text at a path. */
export function withText(value: Json, path: JsonPath, text: string): Json {
  const [step, ...rest] = path
  if (step === undefined) return text
  if (Array.isArray(value)) return value.map((item: Json, index) => (index === step ? withText(item, rest, text) : item))
  if (typeof value !== 'object' || value === null) return value
  // Neither null nor a list: an object.
  const object = value as JsonObject
  return { ...object, [step]: withText(object[step] ?? null, rest, text) }
}

/** Every string below a value, each a text of its own. */
export function stringsIn(value: Json | undefined, path: JsonPath, phase: Phase): readonly WireText[] {
  if (typeof value === 'string') return [{ path, text: value, phase }]
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => stringsIn(item, [...path, index], phase))
  return isObject(value) ? Object.entries(value).flatMap(([key, item]) => stringsIn(item, [...path, key], phase)) : []
}
