import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { decodeSseFrame, encodeSseFrame, type SseEvent, SseSplitter } from './sse.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

/** Frames of a text that comes in pieces which end at these positions. */
function framesOf(bytes: Uint8Array, cuts: readonly number[] = [], maxFrameBytes = 1_000_000) {
  const splitter = new SseSplitter(maxFrameBytes)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((left, right) => left - right)
  const frames: string[] = []
  let from = 0
  for (const end of ends) {
    frames.push(...splitter.push(bytes.slice(from, end)).map(textOf))
    from = end
  }
  return { frames, rest: textOf(splitter.rest) }
}

/** What the standard's own algorithm dispatches, without regard to speed. */
function eventsOfStandard(text: string): readonly SseEvent[] {
  const events: SseEvent[] = []
  let [event, data]: (string | undefined)[] = []
  for (const line of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .slice(0, -1)) {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (line === '') {
      if (event !== undefined || data !== undefined)
        events.push({ ...(event !== undefined && { event }), ...(data !== undefined && { data }) })
      event = data = undefined
    } else if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (name === 'event') event = value
  }
  return events
}

describe('splitting', () => {
  test.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['data: a\n\n', 'data: b\n\n']],
    ['CR LF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['data: a\r\n\r\n', 'data: b\r\n\r\n']],
    ['CR', 'data: a\r\rdata: b\r\r', ['data: a\r\r', 'data: b\r\r']],
    ['a mixture', 'data: a\n\r\ndata: b\r\n\ndata: c\n\rdata: d\n\n', ['data: a\n\r\n', 'data: b\r\n\n', 'data: c\n\r', 'data: d\n\n']],
  ])('lines that end in %s', (_name, text, frames) => {
    expect(framesOf(bytesOf(text))).toEqual({ frames, rest: '' })
  })

  test('what has no blank line behind it yet is kept back', () => {
    expect(framesOf(bytesOf('data: a\n\ndata: b\n'))).toEqual({ frames: ['data: a\n\n'], rest: 'data: b\n' })
    expect(framesOf(bytesOf(''))).toEqual({ frames: [], rest: '' })
  })

  test('a long line in thousands of pieces is put together once, and frames that were given out stay as they are', () => {
    const splitter = new SseSplitter(16_000_000)
    const line = bytesOf(`data: ${'long '.repeat(1_600_000)}`)
    // Joined anew with each piece this would copy 120 GB, and the test would run out of time.
    for (let at = 0; at < line.length; at += 256) expect(splitter.push(line.subarray(at, at + 256))).toHaveLength(0)
    const [first, second] = splitter.push(bytesOf('\n\ndata: b\n\ndata: c'))
    const [third] = splitter.push(bytesOf('c\n\n'))
    expect(first?.length).toBe(line.length + 2)
    expect(Bun.hash(first?.subarray(0, line.length) ?? '')).toBe(Bun.hash(line))
    expect([second, third].map((frame) => frame && textOf(frame))).toEqual(['data: b\n\n', 'data: cc\n\n'])
  })

  test.each([5_000, 50_000, 500_000])('long frames in chunks of %i bytes, whatever is left over of each', (chunkBytes) => {
    const frames = Array.from({ length: 40 }, (_, index) => `data: ${String(index).repeat(1_000 * (index % 11))}\r\n\r\n`)
    const bytes = bytesOf(frames.join(''))
    const cuts = Array.from({ length: Math.floor(bytes.length / chunkBytes) }, (_, index) => chunkBytes * (index + 1))
    expect(framesOf(bytes, cuts)).toEqual({ frames, rest: '' })
  })

  test('of a large chunk nothing is copied but what is left over, and that does not keep the chunk', () => {
    const splitter = new SseSplitter(1_000_000)
    const chunk = bytesOf(`${'data: a\n\n'.repeat(20_000)}data: b`)
    const [first] = splitter.push(chunk)
    expect(first?.buffer).toBe(chunk.buffer)
    expect(splitter.rest.buffer.byteLength).toBe(7)

    const next = bytesOf(`b\n\n${'data: c\n\n'.repeat(20_000)}`)
    const [joined, second] = splitter.push(next)
    expect(joined && textOf(joined)).toBe('data: bb\n\n')
    expect(joined?.buffer.byteLength).toBeLessThan(5_000)
    expect(second?.buffer).toBe(next.buffer)
  })

  test('a frame is given out with the byte that completes it, and not later', () => {
    const splitter = new SseSplitter(100)
    expect(splitter.push(bytesOf('data: a\n'))).toHaveLength(0)
    expect(splitter.push(bytesOf('\n'))).toHaveLength(1)
    expect(splitter.push(bytesOf('data: b\r\n\r'))).toHaveLength(0)
    expect(splitter.push(bytesOf('\n'))).toHaveLength(1)
  })

  const lumps = fc.constantFrom(
    'data: x',
    'data:é€😀',
    'event: e',
    ': comment',
    'data',
    'date: no',
    'id: 7',
    '\n',
    '\n\n',
    '\r\n',
    '\r\n\r\n',
    '\r',
    'x',
    ':',
  )
  const streams = fc.array(lumps, { maxLength: 30 }).map((picked) => picked.join(''))
  const cuts = fc.array(fc.nat(400), { maxLength: 12 })

  test('any split of the bytes gives the same frames, and no byte is lost or made', () => {
    fc.assert(
      fc.property(streams, cuts, (text, positions) => {
        const whole = framesOf(bytesOf(text))
        expect(framesOf(bytesOf(text), positions)).toEqual(whole)
        expect(whole.frames.join('') + whole.rest).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test('the events of the frames are those that the standard dispatches', () => {
    fc.assert(
      fc.property(streams, cuts, (lumpy, positions) => {
        const text = `${lumpy}\n\n`
        const events = framesOf(bytesOf(text), positions).frames.map((frame) => decodeSseFrame(bytesOf(frame)))
        expect(events.filter((event) => 'data' in event || 'event' in event)).toEqual([...eventsOfStandard(text)])
      }),
      { numRuns: 1000 },
    )
  })

  test('a frame past the limit is refused, whether it is complete or not, and one at the limit is not', () => {
    const frame = bytesOf(`data: ${'x'.repeat(92)}\n\n`)
    expect(frame.length).toBe(100)
    for (const positions of [[], [50], [99], Array.from(frame.keys())]) {
      expect(framesOf(frame, positions, 100).frames).toHaveLength(1)
      expect(() => framesOf(frame, positions, 99)).toThrow(RangeError)
    }
    expect(() => framesOf(bytesOf('x'.repeat(101)), [], 100)).toThrow(RangeError)
    expect(framesOf(bytesOf('data: a\n\n'.repeat(50)), [], 100).frames).toHaveLength(50)
  })
})

describe('decoding', () => {
  test.each<[string, string, SseEvent]>([
    ['one line', 'data: a\n\n', { data: 'a' }],
    ['no space after the colon', 'data:a\n\n', { data: 'a' }],
    ['only the first space belongs to the colon', 'data:  a \n\n', { data: ' a ' }],
    ['several lines', 'data: a\ndata: b\ndata:\n\n', { data: 'a\nb\n' }],
    ['CR LF', 'data: a\r\ndata: b\r\n\r\n', { data: 'a\nb' }],
    ['CR', 'data: a\rdata: b\r\r', { data: 'a\nb' }],
    ['an event', 'event: delta\ndata: {}\n\n', { event: 'delta', data: '{}' }],
    ['an event after its data', 'data: {}\nevent: delta\n\n', { event: 'delta', data: '{}' }],
    ['a comment', ': keep-alive\n\n', {}],
    ['a comment between', 'data: a\n: no\ndata: b\n\n', { data: 'a\nb' }],
    ['fields of no interest', 'id: 1\nretry: 5\ndata: a\nfoo: bar\n\n', { data: 'a' }],
    ['a field that only looks like data', 'date: today\n\n', {}],
    ['a field without a colon', 'data\n\n', { data: '' }],
    ['an empty value', 'data:\n\n', { data: '' }],
    ['a colon in the value', 'data: a: b\n\n', { data: 'a: b' }],
    ['a blank line in front', '\ndata: a\n\n', { data: 'a' }],
    ['letters beyond ASCII', 'data: é€😀\n\n', { data: 'é€😀' }],
    ['a byte order mark in front of the stream', '\uFEFFdata: a\n\n', { data: 'a' }],
    ['a byte order mark in the value', 'data: \uFEFFa\n\n', { data: '\uFEFFa' }],
    ['a byte order mark in a value of several lines', 'data: \uFEFFa\ndata: b\n\n', { data: '\uFEFFa\nb' }],
  ])('%s', (_name, frame, event) => {
    expect(decodeSseFrame(bytesOf(frame))).toEqual(event)
  })

  test('what is encoded decodes to the same, and is one frame', () => {
    const lines = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\r', ''))
    const names = lines.map((text) => text.replaceAll('\n', ''))
    fc.assert(
      fc.property(fc.record({ event: names, data: lines }, { requiredKeys: ['data'] }), (event) => {
        const encoded = encodeSseFrame(event)
        expect(framesOf(encoded).frames).toHaveLength(1)
        expect(decodeSseFrame(encoded)).toEqual(event)
      }),
    )
  })
})
