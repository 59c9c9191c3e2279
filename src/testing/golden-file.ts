import { expect } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Target } from '../models/types.ts'

/**
 * Golden files of a dialect: `NAME.KIND.txt`, what goes in, a line of dashes, and what is expected to come out. Lines that begin with `//` say
 * where a case comes from, or hold options as JSON. A new file is a new test; `GOLDEN=write` fills in what files expect that expect nothing yet,
 * to be read before they are committed.
 *
 * `request` a caller's body → the neutral request, or its error · `write-request` a neutral request → the body for a provider · `reply` a
 * provider's body → its part and the neutral reply · `write-reply` a neutral reply → the body for a caller · `stream` a provider's stream →
 * parts and events · `write-stream` events, one a line → the frames for a caller.
 */
const RULE = '-----\n'
const KINDS = ['request', 'write-request', 'reply', 'write-reply', 'stream', 'write-stream'] as const
/** What a golden file holds. */
export type Kind = (typeof KINDS)[number]

/** What a golden file says of itself. */
export interface GoldenOptions {
  /** Of the target: the provider's id of the model, and what it does its own way. */
  readonly id?: string
  readonly traits?: Target['traits']
  readonly maxOutputTokens?: number
  readonly isStream?: boolean
  readonly url?: string
  /** A stream that was cut: it has no last part. */
  readonly isCut?: boolean
  /** The body holds seals of another wire, which do not go on to a provider of this one. */
  readonly hasForeignSeals?: boolean
  /** It loses something on the way there and back in its own wire, which is why that is not looked at. */
  readonly isOneWay?: boolean
  readonly wantsUsage?: boolean
  /** What the input of the request was estimated at. */
  readonly likelyInputTokens?: number
  /** The body that the caller of a reply had sent. */
  readonly request?: unknown
}

/** One golden file. */
export interface Golden {
  readonly name: string
  readonly kind: Kind
  readonly options: GoldenOptions
  readonly input: string
  readonly expected: string
  readonly path: string
}

/** The golden in a file of a folder; none where it is of another kind. */
export function readGolden(folder: URL, file: string): readonly Golden[] {
  const [, name = '', said] = /^(.+)\.([a-z-]+)\.txt$/.exec(file) ?? []
  const kind = KINDS.find((one) => one === said)
  if (kind === undefined) return []
  const path = new URL(file, folder).pathname
  const [input = '', expected = ''] = readFileSync(path, 'utf8').split(RULE)
  const [, head = ''] = /^((?:\/\/.*\n)*)/.exec(input) ?? []
  const options = head.split('\n').find((line) => line.startsWith('// {'))
  // The files are ours, in the shape above.
  return [{ name, kind, options: JSON.parse(options?.slice(3) ?? '{}') as GoldenOptions, input: input.slice(head.length), expected, path }]
}

/** Expects what the file says; with `GOLDEN=write`, fills in what it does not say yet. */
export function expectGolden({ path, expected }: Golden, shown: string): void {
  if (expected === '' && process.env.GOLDEN === 'write') {
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.includes(RULE) ? text + shown : `${text}${RULE}${shown}`)
    return
  }
  expect(shown).toBe(expected)
}
