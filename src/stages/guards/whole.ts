import type { Json } from '../../core/json.ts'
import { findMisfit } from '../../core/json-schema.ts'
import { matchesAny } from '../../policy/patterns.ts'
import type { Verdict, WholeDetector } from './types.ts'

const CLEAN: Verdict = { type: 'clean' }

/** Finds texts that are longer than allowed, as soon as they are. */
export function lengthDetector(maxCharacters: number): WholeDetector {
  return {
    type: 'whole',
    needsEnd: false,
    check: (text) =>
      text.length <= maxCharacters ? CLEAN : { type: 'found', kind: 'TOO_LONG', reason: `more than ${maxCharacters} characters` },
  }
}

/** Finds answers that are no JSON, or none that fits the schema. A block of Markdown around it is let pass. */
export function schemaDetector(schema: unknown): WholeDetector {
  return {
    type: 'whole',
    needsEnd: true,
    check: (text) => {
      const value = parse(text)
      if (value === undefined) return { type: 'found', kind: 'NO_JSON', reason: 'the answer is not JSON' }
      const misfit = findMisfit(schema, value.json, 'the answer')
      return misfit === undefined ? CLEAN : { type: 'found', kind: 'SCHEMA', reason: misfit }
    },
  }
}

/** Finds names of tools that are not allowed. */
export function toolNameDetector(allow: readonly string[] | undefined, deny: readonly string[]): WholeDetector {
  return {
    type: 'whole',
    needsEnd: true,
    check: (name) => {
      const isAllowed = !matchesAny(deny, name) && (allow === undefined || matchesAny(allow, name))
      return isAllowed ? CLEAN : { type: 'found', kind: 'TOOL', reason: `the tool ${name.slice(0, 100)}` }
    },
  }
}

const FENCED = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/

function parse(text: string): { readonly json: Json } | undefined {
  try {
    // JSON.parse gives JSON; the type of the standard library does not say so.
    return { json: JSON.parse(FENCED.exec(text)?.[1] ?? text) as Json }
  } catch {
    return undefined
  }
}
