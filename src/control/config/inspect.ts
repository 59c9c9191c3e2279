import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import type { ConfigPath, Position } from './problems.ts'

/** A problem of the text itself, before anybody asks what it means. */
export interface TextFault extends Position {
  /** Empty: the value of the whole file means nothing. */
  readonly path: ConfigPath
  readonly message: string
}

type PositionOf = (offset: number) => Position
type Entry = Pair<Node, Node | null>

/** Finds what YAML allows and a configuration does not: keys that stand twice or are no words, tags, aliases of nothing. */
export function inspectTree(document: Document.Parsed, positionOf: PositionOf): readonly TextFault[] {
  const fault = (node: Node | null, path: ConfigPath, message: string): TextFault => ({ ...positionOf(startOf(node) ?? 0), path, message })

  const inspect = (node: Node | null, path: ConfigPath): readonly TextFault[] => {
    if (isAlias(node)) return node.resolve(document) === undefined ? [fault(node, [], NO_ANCHOR)] : []
    if (node?.tag?.startsWith('!') && node.tag !== '!') return [fault(node, [], TAG)]
    if (isSeq<Node>(node)) return node.items.flatMap((item, index) => inspect(item, [...path, index]))
    return isMap<Node, Node | null>(node) ? inspectEntries(node.items, path) : []
  }

  const inspectEntries = (entries: readonly Entry[], path: ConfigPath): readonly TextFault[] => {
    const firstLines = new Map<string, number>()
    return entries.flatMap((entry) => {
      if (isMerge(entry)) return inspect(entry.value, path)
      const key = keyText(entry)
      if (key === undefined) return [fault(entry.key, [], 'a key is a word here, and this is none')]
      if (key === '__proto__') return [fault(entry.key, [], 'a key may not be called __proto__')]
      const first = firstLines.get(key)
      firstLines.set(key, first ?? positionOf(startOf(entry.key) ?? 0).line)
      const twice = first === undefined ? [] : [fault(entry.key, [...path, key], `stands twice; the first is on line ${first}`)]
      return [...twice, ...inspect(entry.value, [...path, key])]
    })
  }

  return inspect(document.contents, [])
}

// Neither names what it found: a secret that begins with * or ! looks like an alias or a tag.
const NO_ANCHOR = 'a value that begins with * is an alias, and there is no such anchor; put the value in quotes'
const TAG = 'a tag (!name) has no meaning here; put a value that begins with ! in quotes'

/** The text of a key, or undefined where it is none. */
export function keyText(entry: Entry): string | undefined {
  const value = isScalar(entry.key) ? entry.key.value : undefined
  return value === undefined || value === null || value === '' ? undefined : String(value)
}

/** Whether an entry is `<<`, which merges another mapping in. */
export function isMerge(entry: Entry): boolean {
  return isScalar(entry.key) && (entry.key.source === '<<' || entry.key.value === '<<')
}

/** Where a node begins in the text. */
export function startOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0]
}
