import type { Call } from '../core/call.ts'
import type { BodyDetail, BodyKeeping, BodyStore, StoredBody } from '../core/ports.ts'
import { type Stage, tap, whenEnded } from '../core/stage.ts'
import { redactBody } from './redact.ts'

interface KeepBodiesDeps<In, Part> {
  readonly store: BodyStore
  readonly keeping: BodyKeeping
  readonly requestOf: (input: In) => string
  readonly bytesOf: (part: Part) => Uint8Array
}

/** Keeps the bodies of a call apart from the log, as far as the policy says: nothing, their shape, or all. */
export function keepBodies<In, Part>(deps: KeepBodiesDeps<In, Part>): Stage<In, Part> {
  return (call, input, next) => {
    const detail = deps.keeping.detailFor(call.principal, call.record.facts.subject)
    if (detail === 'off') return next(call, input)
    const maxBytes = deps.keeping.maxBytes()
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    let isTruncated = false
    const pending = next(call, input).then((reply) =>
      tap(reply, (part) => {
        const bytes = deps.bytesOf(part)
        if (sizeBytes + bytes.length > maxBytes) isTruncated = true
        else {
          pieces.push(bytes)
          sizeBytes += bytes.length
        }
      }),
    )
    return whenEnded(pending, () => {
      const request = bounded(new TextEncoder().encode(deps.requestOf(input)), maxBytes)
      const ids = { request: put(deps.store, call, { kind: 'request', detail, ...request }) }
      if (sizeBytes === 0) call.record.facts.bodies = ids
      else {
        const response = put(deps.store, call, { kind: 'response', detail, bytes: Buffer.concat(pieces, sizeBytes), isTruncated })
        call.record.facts.bodies = { ...ids, response }
      }
      return undefined
    })
  }
}

interface Kept {
  readonly kind: StoredBody['kind']
  readonly detail: Exclude<BodyDetail, 'off'>
  readonly bytes: Uint8Array
  readonly isTruncated: boolean
}

function put(store: BodyStore, call: Call, kept: Kept): string {
  const { team, user, keyId } = call.principal
  const id = call.world.id('body')
  store.put({
    id,
    callId: call.id,
    kind: kept.kind,
    atMs: call.world.now(),
    isRedacted: kept.detail === 'redacted',
    isTruncated: kept.isTruncated,
    owner: { ...(team === undefined ? {} : { team }), ...(user === undefined ? {} : { user }), ...(keyId === undefined ? {} : { keyId }) },
    mediaType: call.record.facts.isStream === true && kept.kind === 'response' ? 'text/event-stream' : 'application/json',
    bytes: kept.detail === 'redacted' ? redactBody(kept.bytes) : kept.bytes,
  })
  return id
}

function bounded(bytes: Uint8Array, maxBytes: number): { readonly bytes: Uint8Array; readonly isTruncated: boolean } {
  return bytes.length <= maxBytes ? { bytes, isTruncated: false } : { bytes: bytes.subarray(0, maxBytes), isTruncated: true }
}
