import type { Call } from '../../core/call.ts'
import type { ModelRequest } from '../types.ts'
import { ByteRope } from './byte-rope.ts'
import { elide } from './elide.ts'

/** Decodes a body that came in pieces: without the insides of its pictures, where it has any. @throws as decoding does */
export function decodeLarge(pieces: readonly Uint8Array[], call: Call, decode: (body: Uint8Array) => ModelRequest): ModelRequest {
  const body = new ByteRope(pieces)
  call.record.facts.sizeInBytes = body.length
  const small = elide(body, call.world.randomHex(8))
  return small === undefined ? decode(body.whole()) : { ...decode(small.bytes), elided: small.elided }
}
