import fc from 'fast-check'
import { isObject, type Json } from '../core/json.ts'

/** Changes of a text: values of its JSON, then pieces of the text itself. Places and nodes are told as parts of the whole, from 0 to 1. */
export interface Mutation {
  readonly values: readonly (readonly [line: number, node: number, value: Json])[]
  readonly edits: readonly (readonly [place: number, fragment: string, length: number])[]
}

/** Any mutation, mostly of values: a text that is no JSON any more is refused early. */
export function anyMutation(): fc.Arbitrary<Mutation> {
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  const edit = fc.tuple(place, fc.constantFrom(...FRAGMENTS), fc.nat({ max: 30 }))
  return fc.record({
    values: fc.array(fc.tuple(place, place, fc.constantFrom(...VALUES)), { maxLength: 4 }),
    edits: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(edit, { maxLength: 2 }) }),
  })
}

/** The text with its changes. JSON, or lines of which some are JSON behind `data:`. */
export function mutate(text: string, { values, edits }: Mutation): string {
  return mutateText(values.reduce(mutateValue, text), edits)
}

/** What stands in place of a value. */
const VALUES: readonly Json[] = [null, true, -1, 9e15, 0.5, '', 'x', [], {}, [null], [[]], { type: 'x' }, 'function_call', 'text', '\u0000']

/** Another value somewhere in a line that is JSON, or in the whole where that is. */
function mutateValue(text: string, [line, node, value]: readonly [line: number, node: number, value: Json]): string {
  const isWhole = isJson(text)
  const lines = isWhole ? [text] : text.split('\n')
  const at = Math.floor(line * lines.length * 0.999)
  const [, prefix = '', json = ''] = /^(data: ?)?([\s\S]*)$/.exec(lines[at] ?? '') ?? []
  if (!isJson(json)) return text
  const parsed: Json = JSON.parse(json)
  const count = countNodes(parsed)
  lines[at] = prefix + JSON.stringify(replaceNode(parsed, { left: Math.floor(node * count * 0.999) }, value))
  return lines.join('\n')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function countNodes(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, item) => sum + countNodes(item), 1)
}

/** Walks to the node that is so many nodes ahead, and puts the value there. */
function replaceNode(at: Json | undefined, walk: { left: number }, value: Json): Json | undefined {
  if (walk.left-- === 0) return value
  if (Array.isArray(at)) return at.map((item: Json) => replaceNode(item, walk, value) ?? null)
  if (!isObject(at)) return at
  return Object.fromEntries(Object.entries(at).map(([key, item]) => [key, replaceNode(item, walk, value)]))
}

/** What is put in: pieces of JSON that are wrong where they stand, and bytes that no text has. */
const FRAGMENTS = [
  '',
  'null',
  '[]',
  '{}',
  '"x"',
  '-1',
  '1e999',
  'true',
  '"',
  '}',
  ']',
  ',',
  ':',
  '\n\n',
  'data: ',
  '\\u0000',
  '\ud800',
  '[[[[',
  '{"type":',
  '"index":9e15',
] as const

function mutateText(text: string, edits: readonly (readonly [place: number, fragment: string, length: number])[]): string {
  let mutated = text
  for (const [place, fragment, length] of edits) {
    const at = Math.floor(place * mutated.length)
    mutated = mutated.slice(0, at) + fragment + mutated.slice(at + length)
  }
  return mutated
}
