import type { z } from 'zod'
import { didYouMean } from '../../core/did-you-mean.ts'
import { NO_VALUE, quote } from '../../core/fields.ts'
import { isObject } from '../../core/json.ts'
import type { ConfigProblem } from '../../core/section.ts'
import { type ConfigPath, formatPath } from './problems.ts'
import { isSecret, type SchemaNode, schemaAt } from './schema.ts'

type Issue = z.core.$ZodIssue

/** A problem, and whether it is of the key itself rather than of what stands behind it. */
export interface Finding extends ConfigProblem {
  readonly isOfKey: boolean
}

/** What the findings are about: the whole value of the file, and the schema of all of it. */
export interface Subject {
  readonly value: unknown
  readonly schema: SchemaNode
}

/** Puts what zod found into our words. The paths start at `base`. */
export function explainIssues(issues: readonly Issue[], base: ConfigPath, subject: Subject): readonly Finding[] {
  return issues.flatMap((issue) => explainIssue(issue, base, subject))
}

function explainIssue(issue: Issue, base: ConfigPath, subject: Subject): readonly Finding[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))]
  const say = (message: string): readonly Finding[] => [{ path, message, isOfKey: false }]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], subject.schema))
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? issue.message, isOfKey: true }]
    case 'invalid_union':
      return explainIssues(nearestBranch(issue.errors), path, subject)
    case 'invalid_type':
      return say(wrongType(issue.expected, valueAt(subject.value, path)))
    case 'invalid_value':
      return say(wrongWord(issue.values.map(String), valueAt(subject.value, path), schemaAt(subject.schema, path)))
    default:
      return say(issue.message)
  }
}

/** A key that the schema does not have, with the key that was meant, or the keys that there are. */
export function unknownKey(path: ConfigPath, schema: SchemaNode): Finding {
  const key = String(path.at(-1))
  const known = Object.keys(schemaAt(schema, path.slice(0, -1))?.properties ?? {})
  const elsewhere = findKey(schema, key, [])
  const hint =
    didYouMean(key, known) ||
    (elsewhere === undefined ? `; the keys here are ${known.join(', ')}` : `; did you mean ${formatPath(elsewhere)}?`)
  return { path, message: `unknown key${hint}`, isOfKey: true }
}

/** A path to a key of this name, through keys that no user has to choose. */
function findKey(schema: SchemaNode, key: string, path: ConfigPath): ConfigPath | undefined {
  const children = Object.entries(schema.properties ?? {})
  if (children.some(([name]) => name === key)) return [...path, key]
  for (const [name, child] of children) {
    const found = findKey(child, key, [...path, name])
    if (found !== undefined) return found
  }
  return undefined
}

/** Of the forms that a value may have, the one that was most likely meant: wrong deep inside rather than at the top. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (branch: readonly Issue[]) => Math.max(...branch.map((issue) => issue.path.length))
  const isOurs = (branch: readonly Issue[]) => (branch.every(({ code }) => code === 'custom') ? 1 : 0)
  return branches.toSorted((left, right) => depth(right) - depth(left) || isOurs(right) - isOurs(left))[0] ?? []
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping of keys',
  record: 'a mapping of keys',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

function wrongType(expected: string, value: unknown): string {
  if (value === undefined) return 'is required'
  if (value === null) return NO_VALUE
  const isUnquoted = expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
  return `must be ${KINDS[expected] ?? expected}, and is ${kindOf(value)}${isUnquoted ? '; put it in quotes' : ''}`
}

/** What a value is, without saying which: it may be a secret in the wrong place. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a mapping of keys'
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'a number' : String(value)
}

function wrongWord(words: readonly string[], value: unknown, schema: SchemaNode | undefined): string {
  if (value === undefined) return 'is required'
  if (value === null) return NO_VALUE
  const choices = words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`
  if (isSecret(schema)) return `is not ${choices}`
  return `${quote(value)} is not ${choices}${typeof value === 'string' ? didYouMean(value, words) : ''}`
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((at, step) => {
    if (Array.isArray(at)) return at[Number(step)]
    return isObject(at) && Object.hasOwn(at, String(step)) ? at[String(step)] : undefined
  }, value)
}
