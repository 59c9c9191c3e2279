import { hash } from 'node:crypto'
import type { CachedAnswer } from '../core/answer-cache.ts'

/** Raised when the form changes: what an older gateway wrote is then not there. */
const FORMAT = 'signalbox-answer 1'

/** The part of an answer that is written as JSON. */
interface Head {
  readonly format: string
  readonly answer: Omit<CachedAnswer, 'parts' | 'likeness'>
  /** Of each part, in bytes and milliseconds. */
  readonly parts: readonly (readonly [bytes: number, afterMs: number])[]
  readonly likeness?: { readonly context: string; readonly length: number }
}

const HASH_BYTES = 16
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** An answer as bytes: hash of the rest, length of the head, the head as JSON, the vector, the parts. */
export function encodeAnswer(answer: CachedAnswer): Uint8Array {
  const { parts, likeness, ...rest } = answer
  const head: Head = {
    format: FORMAT,
    answer: rest,
    parts: parts.map(({ bytes, afterMs }) => [bytes.length, afterMs]),
    ...(likeness === undefined ? {} : { likeness: { context: likeness.context, length: likeness.vector.length } }),
  }
  const text = encoder.encode(JSON.stringify(head))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, text.length)
  const vector =
    likeness === undefined ? [] : [new Uint8Array(likeness.vector.buffer, likeness.vector.byteOffset, likeness.vector.byteLength)]
  const body = Buffer.concat([length, text, ...vector, ...parts.map(({ bytes }) => bytes)])
  return Buffer.concat([hash('sha256', body, 'buffer').subarray(0, HASH_BYTES), body])
}

/** The answer that was written, or undefined where it is not whole, was changed, or is of another version. */
export function decodeAnswer(bytes: Uint8Array): CachedAnswer | undefined {
  try {
    return read(bytes)
  } catch {
    // Whatever is wrong with it: an entry of a cache may be left out.
    return undefined
  }
}

function read(bytes: Uint8Array): CachedAnswer | undefined {
  const body = bytes.subarray(HASH_BYTES)
  const sum = hash('sha256', body, 'buffer').subarray(0, HASH_BYTES)
  if (!sum.equals(bytes.subarray(0, HASH_BYTES))) return undefined
  const headEnd = 4 + new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0)
  // Its hash says that this is what `encodeAnswer` wrote; the format, that it was this version.
  const head = JSON.parse(decoder.decode(body.subarray(4, headEnd))) as Head
  if (head.format !== FORMAT) return undefined
  const vectorEnd = headEnd + 4 * (head.likeness?.length ?? 0)
  let position = vectorEnd
  const parts = head.parts.map(([length, afterMs]) => {
    const part = { bytes: copyOf(body, position, position + length), afterMs }
    position += length
    return part
  })
  if (position !== body.length) return undefined
  return {
    ...head.answer,
    parts,
    ...(head.likeness === undefined
      ? {}
      : { likeness: { context: head.likeness.context, vector: new Float32Array(copyOf(body, headEnd, vectorEnd).buffer) } }),
  }
}

/** A copy, so that one part does not hold all of what was read. A Buffer's own `slice` makes none. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(from, to))
}
