import type { ElidedBody, OutgoingBody } from '../types.ts'
import type { ByteRope } from './byte-rope.ts'

/** Shorter ones cost more to take out than to carry along. */
const MIN_BYTES = 64 * 1024
/** Stay in front, so that whoever looks at the kind of a picture finds it: whole groups of base64. */
const HEAD_BYTES = 64
/** Stay behind: the last groups, with what they are filled up with. */
const TAIL_BYTES = 8
const QUOTE = 34
const BACKSLASH = 92
/** Keys under which the wires have pictures, documents and sounds. */
const KEYS: ReadonlySet<string> = new Set(['url', 'image_url', 'file_data', 'data', 'bytes'])
/** How pictures (PNG, JPEG, GIF, WebP, HEIC), PDF and sounds (WAV, MP3, Ogg, FLAC, MP4) begin in base64. What is text by its type is none of them. */
const BEGINNING = /^(?:data:[\w.+/-]+;base64,)?(?=iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|AAAA|JVBERi0|SUQz|\/\/[suv]|T2dnU|ZkxhQ)/
/** Bytes that base64 is written in. */
const BASE64 = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') BASE64[character.charCodeAt(0)] = 1

/** A stretch of a body that its text has no more. */
interface Hole {
  readonly from: number
  readonly to: number
}

/**
 * Takes the insides of large pictures, documents and sounds out of a JSON body: in its text, a short mark stands for each, in the alphabet of base64, so
 * that whoever reads or rewrites the text handles kilobytes. What is sent has the bytes again, as they came.
 * @param nonce hexadecimal, that no caller can know
 * @returns undefined where there is nothing large in it
 */
export function elide(body: ByteRope, nonce: string): { readonly bytes: Uint8Array; readonly elided: ElidedBody } | undefined {
  const holes = findHoles(body)
  if (holes.length === 0) return undefined
  const mark = (index: number) => `sbElided${nonce}${String(index).padStart(8, '0')}`
  const pieces: Uint8Array[] = []
  let at = 0
  for (const [index, { from, to }] of holes.entries()) {
    pieces.push(...body.slice(at, from), encoder.encode(mark(index)))
    at = to
  }
  pieces.push(...body.slice(at, body.length))
  const hiddenBytes = holes.reduce((sum, { from, to }) => sum + to - from, 0)
  const marks = new RegExp(`sbElided${nonce}(\\d{8})`)
  return {
    bytes: Buffer.concat(pieces),
    elided: {
      hiddenBytes,
      fullText: () => new TextDecoder('utf-8', { fatal: true }).decode(body.whole()),
      expand: (text) => expand(text, marks, (index) => body.slice(holes[index]?.from ?? 0, holes[index]?.to ?? 0)),
    },
  }
}

const encoder = new TextEncoder()

function findHoles(body: ByteRope): readonly Hole[] {
  const holes: Hole[] = []
  let nextBackslash = -1
  let key: Hole = { from: 0, to: 0 }
  for (let open = body.indexOf(QUOTE, 0); open !== -1; open = body.indexOf(QUOTE, key.to + 1)) {
    const close = stringEnd(body, open)
    if (close === -1) return holes
    if (close - open > MIN_BYTES) {
      if (nextBackslash < open && nextBackslash !== Number.POSITIVE_INFINITY) {
        const found = body.indexOf(BACKSLASH, open)
        nextBackslash = found === -1 ? Number.POSITIVE_INFINITY : found
      }
      const hole = nextBackslash > close && isUnder(body, key, open) ? holeIn(body, open + 1, close) : undefined
      if (hole !== undefined) holes.push(hole)
    }
    key = { from: open + 1, to: close }
  }
  return holes
}

/** The quote that ends a string, or -1. */
function stringEnd(body: ByteRope, open: number): number {
  for (let close = body.indexOf(QUOTE, open + 1); close !== -1; close = body.indexOf(QUOTE, close + 1)) {
    let backslashes = 0
    while (body.byteAt(close - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return close
  }
  return -1
}

/** Whether the string before is the key of this one, and such a key. */
function isUnder(body: ByteRope, key: Hole, open: number): boolean {
  if (key.to - key.from > 20 || open - key.to > 20) return false
  return KEYS.has(textOf(body, key.from, key.to)) && /^"\s*:\s*$/.test(textOf(body, key.to, open))
}

function textOf(body: ByteRope, from: number, to: number): string {
  return body
    .slice(from, to)
    .map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1'))
    .join('')
}

function holeIn(body: ByteRope, from: number, to: number): Hole | undefined {
  const begin = BEGINNING.exec(textOf(body, from, Math.min(to, from + 200)))
  if (begin === null) return undefined
  const data = from + begin[0].length
  // Groups of four: what is left in front and behind is base64 as it was.
  const hole = { from: data + HEAD_BYTES, to: data + Math.floor((to - data - TAIL_BYTES) / 4) * 4 }
  return body.slice(hole.from, hole.to).every(isBase64) ? hole : undefined
}

function isBase64(piece: Uint8Array): boolean {
  for (let at = 0; at < piece.length; at++) if (BASE64[piece[at] ?? 0] === 0) return false
  return true
}

/** Pieces of a stream: as much as a socket takes in some turns. */
const SENT_BYTES = 128 * 1024

function expand(text: string, marks: RegExp, insides: (index: number) => readonly Uint8Array[]): OutgoingBody {
  // Between the texts stand the numbers that were caught.
  const pieces = text.split(marks).flatMap((part, index) => (index % 2 === 0 ? [encoder.encode(part)] : insides(Number(part))))
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0)
  return {
    sizeBytes,
    text: () => new TextDecoder().decode(Buffer.concat(pieces, sizeBytes)),
    open: () => {
      let [index, at] = [0, 0]
      return new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            while (index < pieces.length && at >= (pieces[index]?.length ?? 0)) {
              index++
              at = 0
            }
            const piece = pieces[index]
            if (piece === undefined) return controller.close()
            // Not a copy: copies would be a second body in memory by the time they are collected.
            controller.enqueue(piece.subarray(at, at + SENT_BYTES))
            at += SENT_BYTES
          },
        },
        { highWaterMark: 0 },
      )
    },
  }
}
