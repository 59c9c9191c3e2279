import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Phase } from '../../stages/guards/types.ts'

/** A path in a body of JSON. */
export type JsonPath = readonly (string | number)[]

/** A text of a reply, or of one frame of it. */
export interface WireText {
  readonly path: JsonPath
  readonly text: string
  /** Whether it is the key that the path ends with, and not what stands there. */
  readonly isKey?: true
  readonly phase: Phase
  /** The text of the stream that this is a piece of. Absent: it is whole. A lane belongs to the end of the same name, or of the name in front of its first slash. */
  readonly lane?: string
  /** Whether it is text of JSON. */
  readonly isJson?: boolean
  /** Whether it says again what other parts of the reply have said: it is looked at, and not counted. */
  readonly isRepeat?: boolean
  /** Whether the model says it to itself: it is no answer. */
  readonly isThinking?: boolean
  /** Whether it stands beside what is said: a citation, what the provider has found or run. */
  readonly isAside?: true
}

/** Where the requests and replies of a wire have their texts. Pure. */
export interface WireTexts {
  /** What a string of a request is; undefined where it is none that anybody reads. `root` is the parsed body. */
  phaseOf(path: JsonPath, root: JsonObject): Phase | undefined
  /** Whether a key of a request is the caller's own word and none of the wire: one of the arguments of a tool. Left out: none is. */
  isOwnKey?(path: JsonPath): boolean
  /** The texts of a whole reply, or of one frame. */
  textsOf(value: JsonObject, as: 'whole' | 'frame'): readonly WireText[]
  /** Where in a whole reply, or in a frame, all that is none of the wire's own words is somebody's. */
  answersIn(value: JsonObject): readonly JsonPath[]
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

/** The value with another one at a path. */
export function withValue(value: Json, path: JsonPath, put: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return put
  if (Array.isArray(value)) return value.map((item: Json, index) => (index === step ? withValue(item, rest, put) : item))
  if (typeof value !== 'object' || value === null) return value
  // Neither null nor a list: an object.
  const object = value as JsonObject
  return { ...object, [step]: withValue(object[step] ?? null, rest, put) }
}

/** The value with texts at their places. */
export function withTexts(value: Json, places: readonly WireText[], texts: readonly string[]): Json {
  let changed = value
  for (const [index, { path, isKey, text }] of places.entries()) {
    const put = texts[index] ?? ''
    // Each copies the lists that it stands in: of a long list only what changes.
    if (!isKey && put !== text) changed = withValue(changed, path, put)
  }
  // Keys last, and the innermost first: until then every path leads somewhere.
  for (const [index, { path, isKey, text }] of [...places.entries()].reverse()) {
    const key = texts[index] ?? ''
    if (isKey && key !== text) changed = withKey(changed, path, key)
  }
  return changed
}

function withKey(value: Json, path: JsonPath, key: string): Json {
  const at = path.slice(0, -1)
  const object = valueAt(value, at)
  if (!isObject(object)) return value
  const renamed = Object.fromEntries(Object.entries(object).map(([name, item]) => [name === path.at(-1) ? key : name, item]))
  return withValue(value, at, renamed)
}

/** Every string below a value, each a text of its own, and every key: in what a tool is given they may be anybody's words. */
export function stringsIn(value: Json | undefined, path: JsonPath, phase: Phase): readonly WireText[] {
  if (typeof value === 'string') return [{ path, text: value, phase }]
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => stringsIn(item, [...path, index], phase))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, item]) => [
    { path: [...path, key], text: key, phase, isKey: true },
    ...stringsIn(item, [...path, key], phase),
  ])
}
