import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { testTarget } from '../../testing/dialect-goldens.ts'
import type { Dialect, ReplyContext } from '../dialect.ts'
import { SSE } from '../framing.ts'
import type { WireName } from '../types.ts'
import { dialects } from './index.ts'

/** Mutated goldens through every decoder: whatever comes, an answer or one of our errors, and never an end that was not told. */
const CASES = 100_000
const FOLDER = new URL('./', import.meta.url).pathname
const CONTEXT: ReplyContext = { request: { model: 'm', wantsUsage: true, text: '{}' }, callId: 'call_1', nowSeconds: 1 }
const decoder = new TextDecoder()
const encoder = new TextEncoder()

interface Seed {
  readonly dialect: Dialect
  readonly kind: 'request' | 'reply' | 'stream'
  readonly bytes: Uint8Array
}

/** A small generator of chance: the same cases in each run. */
function chanceFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function seedsOf(dialect: Dialect): readonly Seed[] {
  const folder = `${FOLDER}${dialect.wire}/golden/`
  let files: readonly string[]
  try {
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch {
    // A wire without goldens of its own is fed by those of others.
    return []
  }
  return files.flatMap((file): readonly Seed[] => {
    const kind = /\.(request|reply|stream)\.txt$/.exec(file)?.[1]
    if (kind !== 'request' && kind !== 'reply' && kind !== 'stream') return []
    const parts = readFileSync(`${folder}${file}`, 'utf8').split('-----\n')
    // The older files of chat completions begin with the caller's side.
    const input = (file.includes('/') || dialect.wire !== 'openai-chat' ? parts[0] : parts[1]) ?? ''
    return [{ dialect, kind, bytes: encoder.encode(input.replace(/^(\/\/.*\n)*/, '')) }]
  })
}

const SPLICES = [
  'null',
  '[]',
  '{}',
  '""',
  '-1',
  '1e999',
  '"\\ud800"',
  'true',
  '\n\n',
  'data: ',
  '"type":',
  ',',
  '}',
  ']',
  '\u0000',
  '"sb:gemini:x"',
]

function mutate(bytes: Uint8Array, chance: (below: number) => number): Uint8Array {
  const at = chance(bytes.length + 1)
  const to = Math.min(bytes.length, at + chance(12))
  switch (chance(5)) {
    case 0: {
      const changed = bytes.slice()
      changed[chance(bytes.length)] = chance(256)
      return changed
    }
    case 1:
      return bytes.slice(0, at)
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 3:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
    default: {
      // In place of a value, where there is one.
      const colon = bytes.indexOf(58, at) + 1
      const end = colon === 0 ? -1 : bytes.findIndex((byte, index) => index > colon && (byte === 44 || byte === 125 || byte === 93))
      const with_ = encoder.encode(SPLICES[chance(SPLICES.length)])
      return end === -1
        ? Buffer.concat([bytes.subarray(0, at), with_, bytes.subarray(at)])
        : Buffer.concat([bytes.subarray(0, colon), with_, bytes.subarray(end)])
    }
  }
}

const ALL: readonly Dialect[] = Object.values(dialects)
const CALLERS = ALL.filter(({ endpoints }) => endpoints.length > 0)
const PROVIDERS = ALL.filter(({ isForCallersOnly }) => !isForCallersOnly)

function run({ dialect, kind }: Seed, bytes: Uint8Array, other: { readonly caller: Dialect; readonly provider: Dialect }): void {
  const target = testTarget({ wire: dialect.wire, id: 'm' })
  switch (kind) {
    case 'request': {
      if (dialect.endpoints.length === 0) return
      const request = dialect.decodeRequest(bytes, { maxDepth: 64 }, { headers: new Headers(), url: 'http://127.0.0.1/', model: 'm' })
      const { text } = other.provider.writeRequest(request.neutral(), request.isStream, testTarget({ wire: other.provider.wire, id: 'm' }))
      JSON.parse(text)
      return
    }
    case 'reply': {
      const neutral = dialect.decodeReply(bytes, target).neutral?.()
      if (neutral !== undefined) JSON.parse(other.caller.writeReply(neutral, CONTEXT).text)
      return
    }
    default:
      runStream(dialect, bytes, other.caller)
  }
}

function runStream(dialect: Dialect, bytes: Uint8Array, caller: Dialect): void {
  const target = testTarget({ wire: dialect.wire, id: 'm' })
  const decode = dialect.decodeStream({ wantsUsage: true }, target)
  const reader = dialect.readStream(target)
  const writer = caller.writeStream(CONTEXT)
  const splitter = SSE.open(1024 * 1024)
  let isOver = false
  for (const frame of splitter.push(bytes)) {
    const part = decode.frame(frame)
    if (part.error !== undefined || isOver) return
    for (const event of reader.read(frame)) for (const { bytes: written } of writer.write(event)) decoder.decode(written)
    isOver ||= part.isLast
  }
  if (isOver || decode.atEnd() !== undefined) writer.end()
}

test(`${CASES} mutated goldens give an answer or one of our errors`, () => {
  const chance = chanceFrom(20_261_121)
  const seeds = ALL.flatMap(seedsOf)
  expect(new Set(seeds.map(({ dialect }) => dialect.wire)).size).toBeGreaterThan(3)
  const surprises: JsonObject[] = []
  let answers = 0
  for (let number = 0; number < CASES && surprises.length < 5; number++) {
    const seed = seeds[chance(seeds.length)]
    const caller = CALLERS[chance(CALLERS.length)]
    const provider = PROVIDERS[chance(PROVIDERS.length)]
    if (seed === undefined || caller === undefined || provider === undefined) throw new Error('there are no goldens')
    const bytes = mutate(seed.bytes, chance)
    try {
      run(seed, bytes, { caller, provider })
      answers++
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code !== 'internal') continue
      const wires: readonly WireName[] = [seed.dialect.wire, caller.wire, provider.wire]
      surprises.push({
        kind: seed.kind,
        wires: wires.join(' '),
        thrown: String(thrown),
        stack: thrown instanceof Error ? (thrown.stack?.slice(0, 500) ?? '') : '',
        input: decoder.decode(bytes).slice(0, 600),
      })
    }
  }
  expect(surprises).toEqual([])
  // Many are harmless: a test in which everything is refused would show nothing.
  expect(answers).toBeGreaterThan(CASES / 10)
}, 120_000)
