import type { JsonObject } from './json.ts'

/** Keys that the gateway reads at one level of a message. What it checked must be what the other side reads. */
export interface ReadKeys {
  readonly names: ReadonlySet<string>
  /** Each by what a lenient parser makes of it. */
  readonly byFolded: ReadonlyMap<string, string>
  readonly fold: (key: string) => string
  readonly longest: number
}

/** A key that some parsers take for another one. */
export interface Lookalike {
  readonly key: string
  /** The key that it is taken for. */
  readonly name: string
}

/** A set of keys that are read. @param fold what a lenient parser makes of a key */
export function readKeys(names: readonly string[], fold: (key: string) => string = foldCase): ReadKeys {
  return {
    names: new Set(names),
    byFolded: new Map(names.map((name) => [fold(name), name])),
    fold,
    longest: 2 * Math.max(...names.map(({ length }) => length)),
  }
}

/** The first key of an object that is none of those that are read, and that some parsers take for one of them. */
export function findLookalike(value: JsonObject, { names, byFolded, fold, longest }: ReadKeys): Lookalike | undefined {
  for (const key in value) {
    if (names.has(key) || key.length > longest) continue
    const name = byFolded.get(fold(key))
    if (name !== undefined) return { key, name }
  }
  return undefined
}

/** Go's parser ignores the case of keys, and reads ſ as s and the Kelvin sign as k. Source: https://pkg.go.dev/encoding/json#Unmarshal (read 2026-11-21). */
export function foldCase(key: string): string {
  return key.toUpperCase().toLowerCase()
}
