import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dialects } from './index.ts'

/** How many goldens there are at the least: of what callers or providers of a wire send, and of what is sent to them. */
const AT_LEAST = 40
const AT_LEAST_OF_OTHERS = 8
/** The wires of most callers, and of the largest cloud. The older completions are one of the others. */
const OTHERS = new Set(['openai-completions'])
const FOLDER = new URL('./', import.meta.url).pathname

interface Golden {
  readonly name: string
  readonly input: string
}

function goldensOf(wire: string, kind: string): readonly Golden[] {
  return readdirSync(`${FOLDER}${wire}/golden/`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(`.${kind}.txt`) && !file.endsWith(`.write-${kind}.txt`))
    .map((file) => {
      // What is expected stands last.
      const parts = readFileSync(`${FOLDER}${wire}/golden/${file}`, 'utf8').split('-----\n')
      return { name: file, input: parts.slice(0, -1).join('-----\n') }
    })
}

const directions = Object.values(dialects).flatMap(({ wire, endpoints, isForCallersOnly }) => {
  const ofCallers = endpoints.length === 0 ? [] : ['request', 'write-reply', 'write-stream']
  const ofProviders = isForCallersOnly ? [] : ['write-request', 'reply', 'stream']
  return [...ofCallers, ...ofProviders].map((kind) => ({ wire, kind, atLeast: OTHERS.has(wire) ? AT_LEAST_OF_OTHERS : AT_LEAST }))
})

test.each(directions)('$wire has at least $atLeast goldens of $kind', ({ wire, kind, atLeast }) => {
  expect(goldensOf(wire, kind).length).toBeGreaterThanOrEqual(atLeast)
})

test.each(directions)('no two goldens of $wire, $kind, are alike', ({ wire, kind }) => {
  // What a case says of itself may be what is tested: the options, not the words beside them.
  const inputs = goldensOf(wire, kind).map(({ input }) => input.replace(/^\/\/ (?!\{).*\n/gm, ''))
  expect(inputs.length - new Set(inputs).size).toBe(0)
})

/** Cases that translators get wrong most often: each has a golden on every wire that can say it, found by its name. */
const HARD: Readonly<Record<string, readonly string[]>> = {
  'stream/a call of a tool split over chunks': ['split-over', 'arguments-only-at-the-end', 'call-between', 'calls-over-several'],
  'stream/arguments that are empty': ['empty-arguments', 'call-without-arguments'],
  'stream/tools in parallel': ['parallel-tools'],
  'stream/an error after the first content': ['error-after', 'failed-after', 'exception-after'],
  'stream/a cut': ['cut-'],
  'stream/the bound of the output': ['length'],
  'stream/absurd usage': ['usage-absurd'],
  'stream/a finish said twice': ['said-twice', 'completed-that-says-failed'],
  'reply/a refusal or a filter': ['refusal', 'finish-safety', 'content-filter'],
  'reply/the bound of the output': ['length', 'max-tokens'],
  'reply/cached input': ['cache', 'usage-cached', 'cached', 'usage-cache'],
  'reply/usage that is missing': ['usage-missing'],
  'write-request/history of tools without tools': ['tool-history-without-tools', 'tool-choice-without-tools'],
  'write-request/instructions in the middle': ['in-the-middle', 'instructions-between'],
  'write-request/thinking with its signature, back again': ['own-', 'thinking-of-claude-comes-back', 'goes-back', 'go-back'],
}

const hardCases = Object.entries(HARD).flatMap(([name, words]) => {
  const [kind = '', what = ''] = name.split('/')
  return directions.filter((direction) => direction.kind === kind).map(({ wire }) => ({ wire, kind, what, words }))
})

test.each(hardCases)('$wire, $kind, has a golden of $what', ({ wire, kind, words }) => {
  expect(goldensOf(wire, kind).filter(({ name }) => words.some((word) => name.includes(word))).length).toBeGreaterThan(0)
})
