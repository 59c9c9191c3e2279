import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ByteRope } from './byte-rope.ts'
import { elide } from './elide.ts'

const PNG = `iVBORw0KGgo${'QUJD'.repeat(30_000)}QUI=`
const NONCE = '0123456789abcdef'

/** A rope of pieces of this size. */
function rope(text: string, pieceBytes = 1000): ByteRope {
  const bytes = new TextEncoder().encode(text)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes))
  return new ByteRope(pieces)
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

describe('a rope', () => {
  test('is read as the bytes that it is made of, whatever its pieces', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(60),
        fc.nat(60),
        (bytes, size, from, to) => {
          const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_none, index) =>
            bytes.subarray(index * size, (index + 1) * size),
          )
          const read = new ByteRope(pieces)
          expect(Buffer.concat(read.slice(from, to))).toEqual(Buffer.from(bytes.slice(from, Math.max(from, to))))
          expect(read.byteAt(from)).toBe(bytes[from])
          expect(read.indexOf(bytes.at(-1) ?? 0, Math.min(from, bytes.length - 1))).toBe(
            bytes.indexOf(bytes.at(-1) ?? 0, Math.min(from, bytes.length - 1)),
          )
          expect(Buffer.from(read.whole())).toEqual(Buffer.from(bytes))
        },
      ),
    )
  })
})

describe('the text of a large body', () => {
  const asked = {
    model: 'm',
    messages: [
      { content: [{ type: 'text', text: 'Größe "A"?\\' }, { image_url: { url: `data:image/png;base64,${PNG}` } }, { data: PNG }] },
    ],
  }

  test('has marks for the insides of pictures, and is sent with them again, as often as wanted', async () => {
    const text = JSON.stringify(asked)
    const small = elide(rope(text), NONCE)
    const shown = new TextDecoder().decode(small?.bytes)
    expect(shown.length).toBeLessThan(600)
    expect(JSON.parse(shown).messages[0].content[1].image_url.url).toMatch(/^data:image\/png;base64,iVBORw0KGgo[A-Za-z0-9+/]+=$/)
    // What is whole base64 stays so: whoever checks it finds nothing wrong.
    expect(JSON.parse(shown).messages[0].content[2].data.length % 4).toBe(PNG.length % 4)
    expect(small?.elided.fullText()).toBe(text)
    const renamed = small?.elided.expand(shown.replace('"model":"m"', '"model":"größer"'))
    const expected = text.replace('"model":"m"', '"model":"größer"')
    expect(renamed?.sizeBytes).toBe(Buffer.byteLength(expected))
    for (let time = 0; time < 2; time++) expect((await bytesOf(renamed?.open() ?? new ReadableStream())) === expected).toBe(true)
    expect(renamed?.text() === expected).toBe(true)
    expect((small?.elided.hiddenBytes ?? 0) + Buffer.byteLength(shown) - 64).toBe(Buffer.byteLength(text) - 0)
  })

  test.each([
    ['of words', { messages: [{ content: 'word '.repeat(30_000) }] }],
    ['that looks like a picture under a key of text', { messages: [{ content: [{ type: 'text', text: PNG }] }] }],
    ['that is a picture by its key alone', { data: 'word'.repeat(30_000) }],
    ['with what base64 has not', { data: `${PNG}*${PNG}` }],
    ['that is short', { data: PNG.slice(0, 4000) }],
    ['that is a key itself', { [PNG]: 1 }],
  ])('is left alone %s', (_what, body) => {
    expect(elide(rope(JSON.stringify(body)), NONCE)).toBeUndefined()
  })

  test.each(['{"data":"', '{"data":"\\', `{"data":"${PNG}`, '"', `{"data":"${PNG}\\"}`])(
    'is left to the parser where it is no JSON (%#)',
    (text) => {
      expect(elide(rope(text), NONCE)).toBeUndefined()
    },
  )

  test('does not believe a mark that a caller wrote', () => {
    const forged = `sbElided${'f'.repeat(16)}00000000`
    const text = JSON.stringify({ system: forged, data: PNG })
    const small = elide(rope(text), NONCE)
    expect(small?.elided.expand(new TextDecoder().decode(small.bytes)).text() === text).toBe(true)
  })
})
