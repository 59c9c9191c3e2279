import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { GatewayError } from '../../../core/errors.ts'
import { decodeSseFrame, SseSplitter } from '../../../core/sse.ts'
import type { ModelPart, Target } from '../../types.ts'
import { decodeStream, encodeCost } from './stream.ts'

/**
 * Golden files: the request's side as JSON, the wire, and the parts that are expected, one JSON object a line. A new file is a new test;
 * `GOLDEN=write` fills in the expected parts of files that have none, to be read before they are committed.
 */
const FOLDER = new URL('./golden/', import.meta.url).pathname
const RULE = '-----\n'
const TARGET: Target = {
  ...{ laneId: 'fake - m', accessId: 'fake -', keyId: 'fake -', keyIndex: 0, keyCount: 1 },
  name: 'm',
  provider: 'fake',
  id: 'm',
  wire: 'openai-chat',
  url: 'http://127.0.0.1/v1/chat/completions',
  credentials: [],
  headers: {},
  timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
  price: undefined,
}

interface Golden {
  readonly name: string
  readonly request: { readonly wantsUsage: boolean }
  readonly wire: Uint8Array
  readonly expected: string
}

function readGolden(file: string): Golden {
  const [request = '{}', wire = '', expected = ''] = readFileSync(`${FOLDER}${file}`, 'utf8').split(RULE)
  const decoded: unknown = JSON.parse(request)
  const wantsUsage = typeof decoded === 'object' && decoded !== null && 'wantsUsage' in decoded && decoded.wantsUsage === true
  return {
    name: file,
    request: { wantsUsage },
    wire: new TextEncoder().encode(wire),
    expected,
  }
}

/** Decodes a stream that arrives in the given pieces, as send.ts does. */
function decodePieces({ request }: Golden, pieces: readonly Uint8Array[]): readonly ModelPart[] {
  const splitter = new SseSplitter(1024 * 1024)
  const decoder = decodeStream(request, TARGET)
  const parts = pieces.flatMap((piece) => splitter.push(piece).map((frame) => decoder.frame(frame)))
  const end = parts.some((part) => part.isLast) ? undefined : decoder.atEnd()
  return end === undefined ? parts : [...parts, end]
}

function show(part: ModelPart): string {
  const { data } = decodeSseFrame(part.bytes)
  return JSON.stringify({
    data,
    ...(part.isHidden ? { isHidden: true } : {}),
    ...(part.isLast ? { isLast: true } : {}),
    ...(part.usage === undefined ? {} : { usage: part.usage }),
    ...(part.takesCost === undefined ? {} : { takesCost: true }),
    ...(part.toolCalls === undefined ? {} : { toolCalls: part.toolCalls }),
    ...(part.finishReason === undefined ? {} : { finishReason: part.finishReason }),
    ...(part.error === undefined ? {} : { error: `${part.error.code}: ${part.error.message}` }),
  })
}

const goldens = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.stream.txt'))
  .map(readGolden)

describe.each(goldens)('$name', (golden) => {
  const whole = decodePieces(golden, [golden.wire])

  test('gives the expected parts', () => {
    const shown = whole.map((part) => `${show(part)}\n`).join('')
    if (golden.expected === '' && process.env.GOLDEN === 'write') {
      const text = readFileSync(`${FOLDER}${golden.name}`, 'utf8')
      writeFileSync(`${FOLDER}${golden.name}`, text + shown)
    }
    expect(shown).toBe(golden.expected)
  })

  test('has at most one last part, and exactly one unless it failed or was cut', () => {
    const isWhole = !whole.some((part) => part.error !== undefined) && !golden.name.startsWith('cut-')
    expect(whole.filter((part) => part.isLast).length).toBe(isWhole ? 1 : 0)
  })

  test('gives the same parts however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: golden.wire.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((left, right) => left - right), golden.wire.length]
        const pieces = places.slice(1).map((to, index) => golden.wire.slice(places[index], to))
        expect(decodePieces(golden, pieces).map(show)).toEqual(whole.map(show))
      }),
      { numRuns: 60 },
    )
  })

  test('passes the bytes on as they came', () => {
    const added =
      whole.length > 0 && !new TextDecoder().decode(golden.wire).includes('[DONE]') ? whole.filter((part) => !part.isLast) : whole
    expect(Buffer.concat(added.map((part) => part.bytes)).equals(golden.wire)).toBe(true)
  })
})

test('a chunk that is no JSON object is the provider answering wrongly', () => {
  const decoder = decodeStream(goldens[0]?.request ?? raise(), TARGET)
  for (const data of ['hello', '[1]', '"x"', '{"choices"']) {
    expect(() => decoder.frame(new TextEncoder().encode(`data: ${data}\n\n`))).toThrow(GatewayError)
  }
})

test('the cost goes into the usage chunk as exact decimal text', () => {
  const frame = new TextEncoder().encode('data: {"choices":[],"usage":{"prompt_tokens":1},"x":"kept"}\n\n')
  const part: ModelPart = { type: 'frame', bytes: frame, isLast: false, isHidden: false, takesCost: true }
  expect(new TextDecoder().decode(encodeCost(part, 1))).toBe(
    'data: {"choices":[],"usage":{"prompt_tokens":1,"cost":0.000000001},"x":"kept"}\n\n',
  )
})

function raise(): never {
  throw new Error('there is no golden file')
}
