import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { decodeMessage, EventStreamError, type EventStreamHeader, EventStreamSplitter, encodeMessage } from './event-stream.ts'

interface Vector {
  readonly name: string
  readonly hex: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string
  readonly says: string
}

// The file is ours, in this shape.
const vectors = JSON.parse(readFileSync(new URL('./vectors/event-stream.json', import.meta.url), 'utf8')) as {
  readonly good: readonly Vector[]
  readonly bad: readonly Vector[]
}

function bytesOf({ hex }: Vector): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

function shown(header: EventStreamHeader): string {
  return header instanceof Uint8Array ? new TextDecoder().decode(header) : String(header)
}

function split(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const splitter = new EventStreamSplitter(1024)
  return pieces.flatMap((piece) => splitter.push(piece))
}

describe('published vectors', () => {
  test.each(vectors.good)('$name', (vector) => {
    const [message, ...more] = split([bytesOf(vector)])
    expect(more).toEqual([])
    const { headers, payload } = decodeMessage(message ?? new Uint8Array())
    expect(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, shown(value)]))).toEqual({ ...vector.headers })
    expect(new TextDecoder().decode(payload)).toBe(vector.payload)
  })

  test.each(vectors.bad)('$name is refused', (vector) => {
    const read = () => split([bytesOf(vector)]).map(decodeMessage)
    expect(read).toThrow(EventStreamError)
    expect(read).toThrow(vector.says)
  })
})

test('gives the same messages however the bytes are split', () => {
  const whole = Buffer.concat(vectors.good.map(bytesOf))
  const expected = vectors.good.map((vector) => Buffer.from(bytesOf(vector)).toString('hex'))
  fc.assert(
    fc.property(fc.array(fc.nat({ max: whole.length }), { maxLength: 20 }), (cuts) => {
      const places = [0, ...cuts.sort((left, right) => left - right), whole.length]
      const pieces = places.slice(1).map((to, index) => whole.subarray(places[index], to))
      expect(split(pieces).map((message) => Buffer.from(message).toString('hex'))).toEqual(expected)
    }),
    { numRuns: 100 },
  )
})

test('what was encoded decodes to itself', () => {
  const bytes = encodeMessage({ ':event-type': 'größe', ':message-type': 'event' }, Buffer.from('{"a":1}'))
  const { headers, payload } = decodeMessage(bytes)
  expect({ ...headers }).toEqual({ ':event-type': 'größe', ':message-type': 'event' })
  expect(new TextDecoder().decode(payload)).toBe('{"a":1}')
})

test('encodes as published', () => {
  const published = vectors.good.find(({ name }) => name === 'payload and one text header')
  const bytes = encodeMessage({ 'content-type': 'application/json' }, Buffer.from("{'foo':'bar'}"))
  expect(Buffer.from(bytes).toString('hex')).toBe(published?.hex.replaceAll(' ', '') ?? 'missing')
})

test('a message longer than the limit is refused as soon as its length is known', () => {
  const head = encodeMessage({}, new Uint8Array(2000)).subarray(0, 12)
  expect(() => new EventStreamSplitter(1024).push(head)).toThrow(RangeError)
})

test('what is left after a cut is told', () => {
  const splitter = new EventStreamSplitter(1024)
  const bytes = encodeMessage({}, Buffer.from('x'))
  expect(splitter.push(Buffer.concat([bytes, bytes.subarray(0, 13)])).length).toBe(1)
  expect(splitter.rest.length).toBe(13)
})

test('no bytes at all crash the decoder', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), (junk, place) => {
      const bytes = Buffer.from(encodeMessage({ a: 'b' }, Buffer.from('payload')))
      bytes.set(junk.subarray(0, Math.max(0, bytes.length - (place % bytes.length))), place % bytes.length)
      for (const candidate of [bytes, junk]) {
        try {
          for (const message of split([candidate])) decodeMessage(message)
        } catch (thrown) {
          expect(thrown instanceof EventStreamError || thrown instanceof RangeError).toBe(true)
        }
      }
    }),
    { numRuns: 500 },
  )
})
