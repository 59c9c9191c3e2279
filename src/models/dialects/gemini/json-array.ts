import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamShape } from '../../dialect.ts'

/**
 * The frames of a stream as one JSON array that grows: what `streamGenerateContent` answers where the caller did not ask for `alt=sse`.
 * The bytes of a frame in, those of its element out.
 */
export class JsonArrayStream implements StreamShape {
  readonly contentType = 'application/json; charset=utf-8'
  #isOpen = false

  /** An element for a frame; nothing for a frame without data. */
  frame(frame: Uint8Array): Uint8Array {
    const { data } = decodeSseFrame(frame)
    if (data === undefined) return new Uint8Array(0)
    const before = this.#isOpen ? ',\r\n' : '['
    this.#isOpen = true
    return encoder.encode(before + data)
  }

  /** What closes the array. At a failure as well: the error is its last element. */
  end(): Uint8Array {
    return encoder.encode(this.#isOpen ? ']' : '[]')
  }
}

const encoder = new TextEncoder()
