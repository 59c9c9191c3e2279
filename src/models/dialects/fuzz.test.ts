import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { decodeSseFrame } from '../../core/sse.ts'
import { testTarget } from '../../testing/dialect-goldens.ts'
import { encodeMessage } from '../cloud/event-stream.ts'
import { CONVERSE_FRAMING, INVOKE_FRAMING } from '../cloud/event-stream-framing.ts'
import type { Dialect, ReplyContext } from '../dialect.ts'
import { type Framing, SSE } from '../framing.ts'
import type { WireName } from '../types.ts'
import { dialects } from './index.ts'
import { openaiChat } from './openai-chat/index.ts'

/** Mutated goldens through every decoder: whatever comes, an answer or one of our errors, and never an end that was not told. */
const CASES = 100_000
const FOLDER = new URL('./', import.meta.url).pathname
const CONTEXT: ReplyContext = { request: { model: 'm', wantsUsage: true, text: '{}' }, callId: 'call_1', nowSeconds: 1 }
const decoder = new TextDecoder()
const encoder = new TextEncoder()

interface Seed {
  readonly dialect: Dialect
  readonly kind: 'request' | 'reply' | 'stream' | 'embed-request' | 'embed-reply'
  readonly bytes: Uint8Array
  /** A stream whose frames go into messages of AWS first: by its own framing, or as InvokeModel wraps it. */
  readonly framing?: Framing
}

/** Bodies of embeddings, which have no goldens. */
const EMBEDDING_SEEDS: Readonly<Partial<Record<WireName, { readonly request: JsonObject; readonly reply: JsonObject }>>> = {
  'openai-chat': {
    request: { model: 'm', input: ['a', 'b'], dimensions: 3, encoding_format: 'base64', user: 'u' },
    reply: {
      ...{ object: 'list', model: 'm', usage: { prompt_tokens: 2, total_tokens: 2 } },
      data: [
        { object: 'embedding', index: 1, embedding: [0.5, -1e-7] },
        { object: 'embedding', index: 0, embedding: 'AACAPw==' },
      ],
    },
  },
  gemini: {
    request: {
      requests: [{ model: 'models/m', content: { parts: [{ text: 'a' }] }, taskType: 'RETRIEVAL_QUERY', outputDimensionality: 3 }],
    },
    reply: { embeddings: [{ values: [0.5, -1e-7] }, { values: [] }], usageMetadata: { promptTokenCount: 2 } },
  },
}

function embeddingSeedsOf(dialect: Dialect): readonly Seed[] {
  const seeds = EMBEDDING_SEEDS[dialect.wire]
  if (seeds === undefined) return []
  // As often as goldens come up: there are many of those.
  return Array.from({ length: 10 }).flatMap((): readonly Seed[] => [
    { dialect, kind: 'embed-request', bytes: encoder.encode(JSON.stringify(seeds.request)) },
    { dialect, kind: 'embed-reply', bytes: encoder.encode(JSON.stringify(seeds.reply)) },
  ])
}

/** A stream of server-sent events as a cloud frames it. */
function framed(bytes: Uint8Array, framing: Framing): Uint8Array {
  const frames = SSE.open(1024 * 1024).push(bytes)
  const messages = frames.map((frame) => {
    const { event = '', data = '' } = decodeSseFrame(frame)
    const isFailure = event.startsWith('exception/')
    const headers = isFailure
      ? { ':message-type': 'exception', ':exception-type': event.slice('exception/'.length) }
      : { ':message-type': 'event', ':event-type': framing === INVOKE_FRAMING ? 'chunk' : event }
    const payload = framing === INVOKE_FRAMING ? JSON.stringify({ bytes: Buffer.from(data).toString('base64'), p: 'ab' }) : data
    return encodeMessage(headers, encoder.encode(payload))
  })
  return Buffer.concat(messages)
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
    const seed: Seed = { dialect, kind, bytes: encoder.encode(input.replace(/^(\/\/.*\n)*/, '')) }
    const framing = kind === 'stream' ? FRAMINGS[dialect.wire] : undefined
    return framing === undefined ? [seed] : [seed, { ...seed, framing }]
  })
}

const FRAMINGS: Readonly<Partial<Record<WireName, Framing>>> = { converse: CONVERSE_FRAMING, 'anthropic-messages': INVOKE_FRAMING }

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

/** What is framed is changed before its checksums are made, so that the change gets past them, or after. */
function mutateSeed({ bytes, framing }: Seed, chance: (below: number) => number): Uint8Array {
  if (framing === undefined) return mutate(bytes, chance)
  return chance(3) === 0 ? mutate(framed(bytes, framing), chance) : framed(mutate(bytes, chance), framing)
}

const ALL: readonly Dialect[] = Object.values(dialects)
const CALLERS = ALL.filter(({ endpoints }) => endpoints.length > 0)
const PROVIDERS = ALL.filter(({ isForCallersOnly }) => !isForCallersOnly)

const ADDRESS = { headers: new Headers(), url: 'http://127.0.0.1/', model: 'm' }

function run({ dialect, kind, framing }: Seed, bytes: Uint8Array, other: { readonly caller: Dialect; readonly provider: Dialect }): void {
  const target = testTarget({ wire: dialect.wire, id: 'm' })
  switch (kind) {
    case 'request': {
      if (dialect.endpoints.length === 0) return
      const request = dialect.decodeRequest(bytes, { maxDepth: 64 }, ADDRESS)
      const { text } = other.provider.writeRequest(request.neutral(), request.isStream, testTarget({ wire: other.provider.wire, id: 'm' }))
      JSON.parse(text)
      return
    }
    case 'reply': {
      const neutral = dialect.decodeReply(bytes, target).neutral?.()
      if (neutral !== undefined) JSON.parse(other.caller.writeReply(neutral, CONTEXT).text)
      return
    }
    case 'embed-request': {
      const inputs = dialect.embedding?.decodeRequest(bytes, { maxDepth: 64 }, ADDRESS).inputs?.()
      if (inputs !== undefined) JSON.parse(openaiChat.embedding?.writeRequest(inputs, target).text ?? '')
      return
    }
    case 'embed-reply': {
      const made = dialect.embedding?.decodeReply(bytes, target).embeddings?.()
      const inputs = { inputs: [], encoding: 'base64', losses: [] } as const
      if (made !== undefined) JSON.parse(openaiChat.embedding?.writeReply(made, inputs, CONTEXT).text ?? '')
      return
    }
    default:
      runStream(dialect, splitOf(bytes, framing), other.caller)
  }
}

/** The frames of a stream that arrives in pieces. */
function splitOf(bytes: Uint8Array, framing: Framing = SSE): readonly Uint8Array[] {
  const splitter = framing.open(1024 * 1024)
  const middle = Math.floor(bytes.length / 3)
  return [bytes.subarray(0, middle), bytes.subarray(middle)].flatMap((piece) => splitter.push(piece))
}

function runStream(dialect: Dialect, frames: readonly Uint8Array[], caller: Dialect): void {
  const target = testTarget({ wire: dialect.wire, id: 'm' })
  const decode = dialect.decodeStream({ wantsUsage: true }, target)
  const reader = dialect.readStream(target)
  const writer = caller.writeStream(CONTEXT)
  let isOver = false
  for (const frame of frames) {
    const part = decode.frame(frame)
    if (part.error !== undefined || isOver) return
    for (const event of reader.read(frame)) for (const { bytes: written } of writer.write(event)) decoder.decode(written)
    isOver ||= part.isLast
  }
  if (isOver || decode.atEnd() !== undefined) writer.end()
}

test(`${CASES} mutated goldens give an answer or one of our errors`, () => {
  const chance = chanceFrom(20_261_121)
  const seeds = ALL.flatMap((dialect) => [...seedsOf(dialect), ...embeddingSeedsOf(dialect)])
  expect(new Set(seeds.map(({ dialect }) => dialect.wire)).size).toBe(ALL.length)
  expect(new Set(seeds.map(({ framing }) => framing)).size).toBe(3)
  const surprises: JsonObject[] = []
  let answers = 0
  for (let number = 0; number < CASES && surprises.length < 5; number++) {
    const seed = seeds[chance(seeds.length)]
    const caller = CALLERS[chance(CALLERS.length)]
    const provider = PROVIDERS[chance(PROVIDERS.length)]
    if (seed === undefined || caller === undefined || provider === undefined) throw new Error('there are no goldens')
    const bytes = mutateSeed(seed, chance)
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
