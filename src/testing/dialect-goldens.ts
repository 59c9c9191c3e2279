import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { asGatewayError, GatewayError } from '../core/errors.ts'
import { isObject } from '../core/json.ts'
import { decodeSseFrame } from '../core/sse.ts'
import type { Dialect, ReplyContext } from '../models/dialect.ts'
import { SSE } from '../models/framing.ts'
import { collectEvents } from '../models/neutral/collect.ts'
import type { NeutralReply, StreamEvent } from '../models/neutral/reply.ts'
import type { NeutralRequest } from '../models/neutral/request.ts'
import type { ModelPart, ModelRequest, RequestAddress, Target } from '../models/types.ts'
import { expectGolden, type Golden, type GoldenOptions, type Kind, readGolden } from './golden-file.ts'
import { anyMutation, mutate } from './mutations.ts'

/** Tests of all golden files in a folder. */
export function testGoldens(dialect: Dialect, folder: URL): void {
  const goldens = readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .flatMap((file) => readGolden(folder, file))
  for (const golden of goldens) {
    describe(`${golden.name} (${golden.kind})`, () => {
      TESTS[golden.kind](dialect, golden)
    })
  }
}

/** Cases a test of mutated goldens makes; `FUZZ_CASES` makes more. */
const FUZZ_CASES = Number(process.env.FUZZ_CASES ?? 2000)

/**
 * Goldens with bytes changed, cut and doubled, through every reader of a dialect: whatever comes out, nothing but a GatewayError is thrown.
 * The same cases in each run.
 */
export function testMutatedGoldens(dialect: Dialect, folder: URL): void {
  const goldens = readdirSync(folder).flatMap((file) => (file.endsWith('.txt') ? readGolden(folder, file) : []))
  const read = goldens.filter(({ kind, input }) => input !== '' && (kind === 'request' || kind === 'reply' || kind === 'stream'))
  test(`mutated goldens never crash a reader (${FUZZ_CASES} cases)`, () => {
    fc.assert(
      fc.property(fc.nat({ max: read.length - 1 }), anyMutation(), (golden, mutation) => {
        const chosen = read[golden] ?? raise()
        runReaders(dialect, { ...chosen, input: mutate(chosen.input, mutation) })
      }),
      { numRuns: FUZZ_CASES, seed: 20_261_121 },
    )
  }, 600_000)
}

/** Runs what reads a golden of its kind. @throws anything that is no GatewayError */
function runReaders(dialect: Dialect, golden: Golden): void {
  const { kind, input, options } = golden
  const target = targetOf(dialect, options)
  if (kind === 'stream') {
    const { events, thrown } = decodeStream(dialect, golden, [new TextEncoder().encode(input)])
    if (thrown?.code === 'internal') throw thrown
    collectEvents(events)
    if (dialect.endpoints.length > 0) writeEvents(dialect, events, options)
    return
  }
  const run = (): unknown => {
    if (kind === 'request') return dialect.writeRequest(decode(dialect, input, options).neutral(), false, target)
    const neutral = dialect.decodeReply(new TextEncoder().encode(input), target).neutral?.() ?? raise()
    return dialect.endpoints.length > 0 ? dialect.writeReply(neutral, contextOf(options)) : neutral
  }
  try {
    run()
  } catch (thrown) {
    if (!(thrown instanceof GatewayError) || thrown.code === 'internal') throw thrown
  }
}

const BOUNDS = { maxDepth: 64 }

function targetOf({ wire }: Dialect, { id = 'the-id', traits, maxOutputTokens }: GoldenOptions): Target {
  return testTarget({ wire, id, ...(traits && { traits }), ...(maxOutputTokens && { maxOutputTokens }) })
}

/** A target for tests of dialects, of which a test says only what it looks at. */
export function testTarget(said: Pick<Target, 'wire'> & Partial<Target>): Target {
  return {
    name: 'm',
    provider: 'fake',
    id: 'the-id',
    url: 'http://127.0.0.1/',
    credentials: [],
    headers: {},
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    price: undefined,
    laneId: 'fake',
    accessId: 'k',
    keyId: 'k',
    keyIndex: 0,
    keyCount: 1,
    ...said,
  }
}

function contextOf({ wantsUsage = true, request, likelyInputTokens }: GoldenOptions): ReplyContext {
  const asked = { model: 'm', wantsUsage, text: JSON.stringify(request ?? {}) }
  return { request: asked, callId: 'call_1', nowSeconds: 1_795_000_000, likelyInputTokens }
}

function decode(dialect: Dialect, text: string, options: GoldenOptions): ModelRequest {
  const { isStream, url = 'http://127.0.0.1/' } = options
  const address: RequestAddress = { headers: new Headers(), url, model: 'm', ...(isStream === undefined ? {} : { isStream }) }
  return dialect.decodeRequest(new TextEncoder().encode(text), BOUNDS, address)
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, withoutRaw, 2)}\n`
}

/** Raw usage stands in the input already. */
function withoutRaw(key: string, value: unknown): unknown {
  return key === 'raw' ? undefined : value
}

/** What a function gives, or the error that it throws. */
function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (thrown) {
    const { code, message, extra } = asGatewayError(thrown)
    return { error: { code, message, ...(extra.param === undefined ? {} : { param: extra.param }) } }
  }
}

const TESTS: Readonly<Record<Kind, (dialect: Dialect, golden: Golden) => void>> = {
  request: testRequest,
  'write-request': testWriteRequest,
  reply: testReply,
  'write-reply': testWriteReply,
  stream: testStream,
  'write-stream': testWriteStream,
}

function testRequest(dialect: Dialect, golden: Golden): void {
  const { input, options } = golden
  test('is read', () => {
    expectGolden(
      golden,
      pretty(
        outcome(() => {
          const { model, isStream, wantsUsage, ...request } = decode(dialect, input, options)
          return { model, isStream, wantsUsage, prompt: request.prompt.hash === undefined ? 'none' : 'hashed', neutral: request.neutral() }
        }),
      ),
    )
  })

  const read = outcome(() => decode(dialect, input, options).neutral())
  // A wire that no provider speaks is written for none.
  if ((isObject(read) && read.error !== undefined) || dialect.isForCallersOnly) return

  test('says the same after it was written again, or is refused for what nothing answers', () => {
    const neutral = decode(dialect, input, options).neutral()
    const write = () => dialect.writeRequest({ ...neutral, losses: [] }, options.isStream ?? false, targetOf(dialect, options))
    if (neutral.unanswered !== undefined) {
      expect(outcome(write)).toMatchObject({ error: { code: 'request_not_carried', param: neutral.unanswered[0]?.path } })
      return
    }
    const written = write()
    const again = decode(dialect, written.text, options).neutral()
    if (written.losses.length === 0 && !options.isOneWay) expect({ ...again, losses: [] }).toEqual({ ...neutral, losses: [] })
    // With losses it must at least still be a request.
    expect(again.messages.length).toBeGreaterThan(0)
  })

  if (options.hasForeignSeals) return

  test('passes unchanged to a provider of the same wire, but for the model', () => {
    const request = decode(dialect, input, options)
    const { model: _before, ...before }: Record<string, unknown> = JSON.parse(input)
    const { model: _after, ...after }: Record<string, unknown> = JSON.parse(dialect.encodeRequest(request, targetOf(dialect, options)))
    expect(after).toEqual(before)
  })
}

function testWriteRequest(dialect: Dialect, golden: Golden): void {
  test('is written', () => {
    const { input, options } = golden
    // A case leaves out what a request need not have.
    const request = { losses: [], ...JSON.parse(input) } as NeutralRequest
    const shown = outcome(() => {
      const { text, losses } = dialect.writeRequest(request, options.isStream ?? false, targetOf(dialect, options))
      return { body: JSON.parse(text), losses }
    })
    expectGolden(golden, pretty(shown))
  })
}

function testReply(dialect: Dialect, golden: Golden): void {
  const { input, options } = golden
  const target = targetOf(dialect, options)
  const bytes = new TextEncoder().encode(input)
  test('is read', () => {
    const shown = outcome(() => {
      const { usage, finishReason, toolCalls, neutral } = dialect.decodeReply(bytes, target)
      return { usage, finishReason, toolCalls, neutral: neutral?.() }
    })
    expectGolden(golden, pretty(shown))
  })

  if (options.isOneWay || dialect.endpoints.length === 0) return
  test('says the same after it was written again', () => {
    const read = outcome(() => dialect.decodeReply(bytes, target).neutral?.())
    if (isObject(read) && read.error !== undefined) return
    const neutral = dialect.decodeReply(bytes, target).neutral?.() ?? raise()
    const { text } = dialect.writeReply(neutral, contextOf(options))
    const again = dialect.decodeReply(new TextEncoder().encode(text), target).neutral?.() ?? raise()
    expect(saidBy(again)).toEqual(saidBy(neutral))
  })
}

/** What a reply says, without what its writer fills in. */
function saidBy({ candidates, usage }: NeutralReply) {
  const { raw: _raw, ...counted } = usage ?? {}
  return { candidates, usage: counted }
}

function testWriteReply(dialect: Dialect, golden: Golden): void {
  test('is written', () => {
    // A case leaves out what a reply need not have.
    const reply = { losses: [], ...JSON.parse(golden.input) } as NeutralReply
    const { text, losses } = dialect.writeReply(reply, contextOf(golden.options))
    expectGolden(golden, pretty({ body: JSON.parse(text), losses }))
  })
}

interface Decoded {
  readonly parts: readonly ModelPart[]
  readonly events: readonly StreamEvent[]
}

/** Decodes a stream that arrives in the given pieces, as send.ts does. What it throws ends it. */
function decodeStream(dialect: Dialect, golden: Golden, pieces: readonly Uint8Array[]): Decoded & { readonly thrown?: GatewayError } {
  const target = targetOf(dialect, golden.options)
  const splitter = SSE.open(1024 * 1024)
  const decoder = dialect.decodeStream({ wantsUsage: golden.options.wantsUsage ?? true }, target)
  const reader = dialect.readStream(target)
  const parts: ModelPart[] = []
  const events: StreamEvent[] = []
  try {
    for (const frame of pieces.flatMap((piece) => splitter.push(piece))) {
      const part = decoder.frame(frame)
      parts.push(part)
      if (part.error !== undefined) return { parts, events }
      events.push(...reader.read(frame))
    }
    const end = parts.some((part) => part.isLast) ? undefined : decoder.atEnd()
    return { parts: end === undefined ? parts : [...parts, end], events }
  } catch (thrown) {
    return { parts, events, thrown: asGatewayError(thrown) }
  }
}

function showPart(part: ModelPart): string {
  const { event, data } = decodeSseFrame(part.bytes)
  const said = `${event ?? ''}${data === undefined ? '' : ` ${data}`}`.trim()
  return JSON.stringify(
    {
      // Enough to see which frame it is.
      data: said.length > 60 ? `${said.slice(0, 60)}…` : said,
      ...(part.isHidden ? { isHidden: true } : {}),
      ...(part.isPreamble ? { isPreamble: true } : {}),
      ...(part.isLast ? { isLast: true } : {}),
      ...(part.usage === undefined ? {} : { usage: part.usage }),
      ...(part.takesCost === undefined ? {} : { takesCost: true }),
      ...(part.toolCalls === undefined ? {} : { toolCalls: part.toolCalls }),
      ...(part.finishReason === undefined ? {} : { finishReason: part.finishReason }),
      ...(part.error === undefined ? {} : { error: `${part.error.code}: ${part.error.message}` }),
    },
    withoutRaw,
  )
}

function testStream(dialect: Dialect, golden: Golden): void {
  const { options } = golden
  const wire = new TextEncoder().encode(golden.input)
  const whole = decodeStream(dialect, golden, [wire])
  const isGood = whole.thrown === undefined && whole.parts.every(({ error }) => error === undefined)

  test('gives the expected parts and events', () => {
    const thrown = whole.thrown === undefined ? [] : [JSON.stringify({ thrown: `${whole.thrown.code}: ${whole.thrown.message}` })]
    const lines = [...whole.parts.map(showPart), ...thrown, '', ...whole.events.map((event) => JSON.stringify(event, withoutRaw))]
    expectGolden(golden, `${lines.join('\n')}\n`)
  })

  test('has exactly one last part, unless it failed or was cut', () => {
    expect(whole.parts.filter((part) => part.isLast).length).toBe(isGood && !options.isCut ? 1 : 0)
  })

  test('gives the same however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: wire.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((left, right) => left - right), wire.length]
        const pieces = places.slice(1).map((to, index) => wire.slice(places[index], to))
        const { parts, events } = decodeStream(dialect, golden, pieces)
        expect(parts.map(showPart)).toEqual(whole.parts.map(showPart))
        expect(events).toEqual(whole.events)
      }),
      { numRuns: 20 },
    )
  })

  if (!isGood || options.isCut) return

  test('finishes each candidate once', () => {
    const finished = whole.events.flatMap((event) => (event.type === 'finish' ? [event.candidate] : []))
    expect(finished.length).toBe(new Set(finished).size)
    expect(finished.length).toBeGreaterThan(0)
  })

  if (options.isOneWay || dialect.endpoints.length === 0) return

  test('says the same after it was written again', () => {
    const frames = writeEvents(dialect, whole.events, options)
    const again = decodeStream(dialect, golden, frames)
    expect(again.thrown).toBeUndefined()
    expect(again.parts.filter((part) => part.isLast).length).toBe(1)
    expect(saidBy(collectEvents(again.events))).toEqual(saidBy(collectEvents(whole.events)))
  })
}

function writeEvents(dialect: Dialect, events: readonly StreamEvent[], options: GoldenOptions): readonly Uint8Array[] {
  const writer = dialect.writeStream(contextOf(options))
  return [...events.flatMap((event) => writer.write(event)), ...writer.end()].map(({ bytes }) => bytes)
}

function testWriteStream(dialect: Dialect, golden: Golden): void {
  test('is written', () => {
    // One event a line, in the shape of the neutral form.
    const events = golden.input
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as StreamEvent)
    const frames = writeEvents(dialect, events, golden.options)
    expectGolden(golden, frames.map((bytes) => new TextDecoder().decode(bytes)).join(''))
  })
}

function raise(): never {
  throw new GatewayError('internal', 'A golden case has no neutral reply.')
}
