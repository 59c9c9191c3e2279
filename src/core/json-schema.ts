import { isObject, type Json, type JsonObject } from './json.ts'

/** Steps of one check. Schemas come from servers: one that is made to be slow is left to its server. */
const MAX_STEPS = 20_000
const MAX_DEPTH = 64

/** What is left of a check. */
interface Walk {
  readonly root: unknown
  /** Whether it is only asked if there is a misfit: to say where each value stands is most of what a check costs, and nearly all fit. */
  readonly isPlaceless: boolean
  steps: number
}

/**
 * Says where a value does not fit a JSON Schema (2020-12, and what older drafts share with it), or undefined where it fits. Careful on one side only: what
 * this check does not know (formats, patterns, references elsewhere) it lets pass, for the server checks again.
 */
export function findMisfit(schema: unknown, value: Json, what: string): string | undefined {
  const check = (isPlaceless: boolean) => misfit(schema, value, what, { root: schema, isPlaceless, steps: MAX_STEPS }, 0)
  return check(true) === undefined ? undefined : check(false)
}

type Check = (schema: JsonObject, value: Json, path: string, walk: Walk, depth: number) => string | undefined

function misfit(schema: unknown, value: Json, path: string, walk: Walk, depth: number): string | undefined {
  if (schema === false) return `${path} is not allowed`
  if (!isObject(schema) || depth > MAX_DEPTH || walk.steps-- <= 0) return undefined
  return (
    checkReference(schema, value, path, walk, depth) ??
    checkType(schema, value, path, walk, depth) ??
    checkValues(schema, value, path, walk, depth) ??
    checkForType(value)?.(schema, value, path, walk, depth) ??
    checkCombined(schema, value, path, walk, depth)
  )
}

/** What is looked at in values of this type alone. */
function checkForType(value: Json): Check | undefined {
  if (typeof value === 'string') return checkText
  if (typeof value === 'number') return checkNumber
  if (Array.isArray(value)) return checkList
  return isObject(value) ? checkObject : undefined
}

const checkReference: Check = ({ $ref }, value, path, walk, depth) => {
  if (typeof $ref !== 'string' || !$ref.startsWith('#')) return undefined
  return misfit(resolvePointer(walk.root, $ref.slice(1)), value, path, walk, depth + 1)
}

const checkType: Check = ({ type }, value, path) => {
  if (type === undefined || (typeof type === 'string' && isOfType(value, type))) return undefined
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type]
  if (types.length === 0 || types.some((each) => typeof each !== 'string' || isOfType(value, each))) return undefined
  return `${path} must be ${types.join(' or ')}, and is ${typeOf(value)}`
}

const checkValues: Check = (schema, value, path) => {
  if (schema.enum === undefined && schema.const === undefined) return undefined
  if (Array.isArray(schema.enum) && !schema.enum.some((each) => isSame(each, value))) {
    const shown = schema.enum.slice(0, 10).map((each) => JSON.stringify(each))
    return `${path} must be one of ${shown.join(', ')}${schema.enum.length > 10 ? ', …' : ''}`
  }
  return schema.const !== undefined && !isSame(schema.const, value) ? `${path} must be ${JSON.stringify(schema.const)}` : undefined
}

const checkNumber: Check = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }, value, path) => {
  if (typeof value !== 'number') return undefined
  if (typeof minimum === 'number' && value < minimum) return `${path} must be at least ${minimum}`
  if (typeof maximum === 'number' && value > maximum) return `${path} must be at most ${maximum}`
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) return `${path} must be more than ${exclusiveMinimum}`
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) return `${path} must be less than ${exclusiveMaximum}`
  return undefined
}

const checkText: Check = ({ minLength, maxLength }, value, path) => {
  if (typeof value !== 'string' || (minLength === undefined && maxLength === undefined)) return undefined
  // In code points, as the standard counts; no text has more of them than of UTF-16 units.
  const length = typeof maxLength === 'number' && value.length <= maxLength && minLength === undefined ? 0 : [...value].length
  if (typeof minLength === 'number' && length < minLength) return `${path} must have at least ${minLength} characters`
  if (typeof maxLength === 'number' && length > maxLength) return `${path} must have at most ${maxLength} characters`
  return undefined
}

const checkObject: Check = (schema, value, path, walk, depth) => {
  if (!isObject(value)) return undefined
  const { required, properties, patternProperties, additionalProperties } = schema
  for (const name of Array.isArray(required) ? required : []) {
    if (typeof name === 'string' && !Object.hasOwn(value, name)) return `${path} must have "${name}"`
  }
  const known = isObject(properties) ? properties : {}
  for (const name in value) {
    const item = value[name]
    const place = walk.isPlaceless ? path : `${path}.${name.slice(0, 60)}`
    if (Object.hasOwn(known, name)) {
      const found = misfit(known[name], item ?? null, place, walk, depth + 1)
      if (found !== undefined) return found
    } else if (additionalProperties !== undefined && patternProperties === undefined) {
      const found = misfit(additionalProperties, item ?? null, place, walk, depth + 1)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const checkList: Check = ({ items, prefixItems, minItems, maxItems }, value, path, walk, depth) => {
  if (!Array.isArray(value)) return undefined
  const list: readonly Json[] = value
  if (typeof minItems === 'number' && list.length < minItems) return `${path} must have at least ${minItems} items`
  if (typeof maxItems === 'number' && list.length > maxItems) return `${path} must have at most ${maxItems} items`
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  const rest = Array.isArray(items) ? undefined : items
  for (let index = 0; index < list.length; index++) {
    const place = walk.isPlaceless ? path : `${path}[${index}]`
    const found = misfit(index < first.length ? first[index] : rest, list[index] ?? null, place, walk, depth + 1)
    if (found !== undefined) return found
    if (walk.steps <= 0) return undefined
  }
  return undefined
}

const checkCombined: Check = ({ allOf, anyOf, oneOf, not }, value, path, walk, depth) => {
  if (allOf === undefined && anyOf === undefined && oneOf === undefined && not === undefined) return undefined
  const fits = (schema: unknown) => misfit(schema, value, path, walk, depth + 1) === undefined
  for (const each of Array.isArray(allOf) ? allOf : []) {
    const found = misfit(each, value, path, walk, depth + 1)
    if (found !== undefined) return found
  }
  if (Array.isArray(anyOf) && anyOf.length > 0 && !anyOf.some(fits)) return `${path} fits none of the shapes that are allowed`
  // More than one that fits is no misfit here: patterns and formats, which are not looked at, may tell them apart.
  if (Array.isArray(oneOf) && oneOf.length > 0 && !oneOf.some(fits)) return `${path} fits none of the shapes that are allowed`
  return isDecidable(not) && fits(not) ? `${path} has a shape that is not allowed` : undefined
}

/** Whether a schema has only words that are looked at here: else that a value fits is not known. */
function isDecidable(schema: unknown): boolean {
  return (
    isObject(schema) && Object.keys(schema).every((word) => word === 'type' || word === 'enum' || word === 'const' || word === 'required')
  )
}

function resolvePointer(root: unknown, pointer: string): unknown {
  let at: unknown = root
  for (const step of pointer.split('/').slice(1)) {
    const name = safeDecode(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at)) at = at[Number(name)]
    else at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  // An anchor (`#name`) is not looked for.
  return pointer === '' || pointer.startsWith('/') ? at : undefined
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isOfType(value: Json, type: string): boolean {
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value)
  if (type === 'number') return typeof value === 'number'
  // A type that is not known says nothing.
  return !KNOWN_TYPES.has(type) || typeOf(value) === type
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(['object', 'array', 'string', 'boolean', 'null'])

function typeOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isSame(left: unknown, right: Json): boolean {
  return left === right || (typeof left === 'object' && JSON.stringify(left) === JSON.stringify(right))
}
