import { GatewayError } from '../../../core/errors.ts'
import type { Json } from '../../../core/json.ts'
import { isObject } from '../../../core/json.ts'
import type { Method } from '../rules.ts'
import { bareId, idOf, type ObjectRow } from './rows.ts'

/** What a path asks of objects that a provider keeps. */
export interface AskedObject {
  readonly row: ObjectRow
  readonly ask: 'list' | 'create' | 'one' | 'delete'
  /** Of `one` and `delete`. */
  readonly id?: string
}

/** What a path asks; undefined where it is about no object that is known. */
export function findObject(rows: readonly ObjectRow[], method: Method, segments: readonly string[]): AskedObject | undefined {
  const fitting = rows.filter(({ path }) => path.length <= segments.length && path.every((part, index) => part === segments[index]))
  const row = fitting.sort((left, right) => right.path.length - left.path.length)[0]
  if (row === undefined) return undefined
  const behind = segments.slice(row.path.length)
  // `files/abc:download`: a method stands behind the id.
  const [id] = (behind[0] ?? '').split(':')
  if (id === undefined || id === '') return collection(row, method)
  if (row.words?.includes(id)) return undefined
  return { row, id, ask: method === 'DELETE' && behind.length === 1 ? 'delete' : 'one' }
}

function collection(row: ObjectRow, method: Method): AskedObject | undefined {
  if (method === 'GET') return { row, ask: 'list' }
  return method === 'POST' || method === 'PUT' ? { row, ask: 'create' } : undefined
}

/** An id and the kind of object that it names. */
export interface NamedObject {
  readonly row: string
  readonly id: string
}

/** Names that a body may have: more than any has that is meant well. */
export const MAX_REFERENCES = 1000

/**
 * What the texts of a body name, each once: each may be of several kinds where ids look alike.
 * @throws invalid_request where there are too many to ask whose each is
 */
export function referencesIn(rows: readonly ObjectRow[], body: Json): readonly NamedObject[] {
  const found: NamedObject[] = []
  const known = new Set<string>()
  const look = (value: Json | undefined): void => {
    if (typeof value === 'string') {
      if (value.length > 300 || known.has(value)) return
      const rowsOfIt = rows.filter(({ like }) => like.test(value))
      if (rowsOfIt.length === 0) return
      if (known.size >= MAX_REFERENCES) throw tooMany()
      known.add(value)
      for (const { name } of rowsOfIt) found.push({ row: name, id: bareId(value) })
    } else if (Array.isArray(value)) for (const item of value) look(item)
    else if (isObject(value)) for (const item of Object.values(value)) look(item)
  }
  look(body)
  return found
}

/** The refusal of a body that names more than can be looked up. */
export function tooMany(): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The body names more than ${MAX_REFERENCES} things that a provider may keep; send it in parts.`,
  )
}

/** The object that a reply tells of, and what was made with or by it. */
export function objectsIn(row: ObjectRow, reply: Json | undefined): readonly NamedObject[] {
  if (!isObject(reply)) return []
  const own = idOf(reply, row)
  const made = Object.entries(row.makes ?? {}).flatMap(([path, name]) =>
    textsAt(reply, path.split('.')).map((id) => ({ row: name, id: bareId(id) })),
  )
  return [...(own === undefined ? [] : [{ row: row.name, id: own }]), ...made]
}

function textsAt(value: Json | undefined, path: readonly string[]): readonly string[] {
  const [first, ...rest] = path
  if (first !== undefined) return isObject(value) ? textsAt(value[first], rest) : []
  const items: readonly (Json | undefined)[] = Array.isArray(value) ? value : [value]
  return items.filter((item) => typeof item === 'string' && item !== '').map(String)
}
