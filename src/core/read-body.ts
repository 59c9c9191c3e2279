import { asGatewayError, GatewayError } from './errors.ts'
import type { CallSignal } from './signal.ts'
import type { World } from './world.ts'

/** Bounds of reading a request's body. */
export interface BodyBounds {
  readonly maxBytes: number
  /** From the first read to the last byte. */
  readonly deadlineMs: number
  /** Ends the wait with its reason: the key was revoked, the gateway stops. */
  readonly signal?: CallSignal
}

/**
 * Reads a request's body whole. A server that does not close idle sockets would wait for ever for the rest of a half-sent body: hence the deadline.
 * @throws request_too_large, request_timeout, client_closed, the signal's reason
 */
export function readBody(request: Request, bounds: BodyBounds, world: World): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > bounds.maxBytes) return Promise.reject(tooLarge(bounds.maxBytes))
  return within(declared === null ? readUndeclared(request, bounds.maxBytes) : request.bytes(), bounds, world)
}

/**
 * The same in the pieces in which it comes: `bytes` of a large one holds it two and a half times while it grows (Bun 1.4.5).
 * @throws as readBody
 */
export function readBodyPieces(request: Request, bounds: BodyBounds, world: World): Promise<readonly Uint8Array[]> {
  if (Number(request.headers.get('content-length') ?? 0) > bounds.maxBytes) return Promise.reject(tooLarge(bounds.maxBytes))
  return within(request.body === null ? Promise.resolve([]) : piecesOf(request.body, bounds.maxBytes), bounds, world)
}

/** What is read, unless it takes too long or somebody ends the wait. */
function within<Read>(reading: Promise<Read>, bounds: BodyBounds, world: World): Promise<Read> {
  // By hand, not with Promise.race and finally: this runs for every call.
  return new Promise((resolve, reject) => {
    const { deadlineMs, signal } = bounds
    const onAbort = () => reject(asGatewayError(signal?.reason))
    const cancelDeadline = world.after(deadlineMs, () => {
      reject(new GatewayError('request_timeout', `The request's body did not arrive within ${deadlineMs / 1000} s.`))
    })
    const cancel = () => {
      cancelDeadline()
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort)
    reading.then(
      (bytes) => {
        cancel()
        resolve(bytes)
      },
      (thrown: unknown) => {
        cancel()
        reject(
          thrown instanceof GatewayError
            ? thrown
            : new GatewayError('client_closed', "The client left before the request's body was complete.", { cause: thrown }),
        )
      },
    )
  })
}

/** Without a declared length: chunked, or no body at all. Only here is `request.body` touched, which makes a stream of it. */
function readUndeclared(request: Request, maxBytes: number): Promise<Uint8Array> {
  return request.body === null ? Promise.resolve(new Uint8Array(0)) : readStream(request.body, maxBytes)
}

async function readStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks = await piecesOf(stream, maxBytes)
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

async function piecesOf(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    sizeBytes += read.value.length
    if (sizeBytes > maxBytes) {
      await reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    chunks.push(read.value)
  }
  return chunks
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The request's body is larger than ${maxBytes} bytes, the limit for its media type.`)
}
