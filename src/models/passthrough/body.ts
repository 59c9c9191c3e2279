import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { readBody } from '../../core/read-body.ts'
import type { BodyWatch } from './objects/owners.ts'
import type { PassedCall } from './types.ts'
import { formWatch } from './usage/find-price.ts'

/** Bounds on what a caller may send. */
export interface PassedLimits {
  readonly jsonBodyBytes: number
  readonly otherBodyBytes: number
  readonly bodyDeadlineMs: number
}

/** A body on its way to a provider. */
export interface PassedBody {
  /** What is sent: bytes that can be sent again, or a stream, which cannot; undefined where there is none. */
  readonly content: Uint8Array | ReadableStream<Uint8Array> | undefined
  /** Of a stream whose length was declared, in bytes. */
  readonly declaredBytes?: number
  /** What went wrong with it on our side: the caller's fault, not the provider's. */
  readonly failure: () => GatewayError | undefined
}

/** Whether a body is JSON by what is said of it. */
export function isJson({ headers }: Request): boolean {
  return /^\s*application\/([\w.+-]+\+)?json\s*(;|$)/i.test(headers.get('content-type') ?? '')
}

/** Reads a body whole. @throws request_too_large, request_timeout, client_closed */
export async function readWhole(
  call: Call,
  { request }: Pick<PassedCall, 'request'>,
  maxBytes: number,
  deadlineMs: number,
): Promise<Uint8Array> {
  const body = await readBody(request, { maxBytes, deadlineMs, signal: call.signal }, call.world)
  call.record.facts.sizeInBytes = body.length
  return body
}

/**
 * The body of a call: JSON as it was read already, all else as it comes, piece by piece as the provider takes it. What must be signed is read whole,
 * up to the bound for JSON.
 * @throws request_too_large, request_timeout, client_closed, invalid_request, not_found
 */
export async function openBody(call: Call, passed: PassedCall, limits: PassedLimits): Promise<PassedBody> {
  const { request, method, to, owned } = passed
  const known =
    passed.json ??
    (to.target.authorize === undefined ? undefined : await readWhole(call, passed, limits.jsonBodyBytes, limits.bodyDeadlineMs))
  if (known === undefined && request.body !== null) {
    if (method === 'GET') throw bodyOfGet()
    return piped(call, request, limits, watchesOf(passed))
  }
  if (method === 'GET' && known !== undefined && known.length > 0) throw bodyOfGet()
  if (known !== undefined && owned?.isUnread !== false) for (const watch of watchesOf(passed)) await watchWhole(watch, known)
  return { content: known === undefined || known.length === 0 ? undefined : known, failure: () => undefined }
}

/** Who looks at a body that is no JSON. */
function watchesOf(passed: PassedCall): readonly BodyWatch[] {
  return [passed.owned?.owners.watch(), formWatch(passed)].filter((watch) => watch !== undefined)
}

function bodyOfGet(): GatewayError {
  return new GatewayError('invalid_request', 'A GET has no body here; leave it out.')
}

async function watchWhole(watch: BodyWatch, body: Uint8Array): Promise<void> {
  await watch.piece(body)
  await watch.end()
}

/** Pulled: what the provider does not take is not read from the caller. */
function piped(call: Call, request: Request, { otherBodyBytes, bodyDeadlineMs }: PassedLimits, watches: readonly BodyWatch[]): PassedBody {
  const said = request.headers.get('content-length')
  const tooLarge = () =>
    new GatewayError('request_too_large', `The request's body is larger than ${otherBodyBytes} bytes, the limit for its media type.`)
  if (said !== null && Number(said) > otherBodyBytes) throw tooLarge()
  const { facts } = call.record
  let failure: GatewayError | undefined
  let sizeBytes = 0
  const reader = request.body?.getReader()
  let cancelDeadline = () => {}
  const content = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        // Not by a race, which would hold every piece until the deadline.
        cancelDeadline = call.world.after(bodyDeadlineMs, () => {
          failure = new GatewayError('request_timeout', `The request's body did not arrive within ${bodyDeadlineMs / 1000} s.`)
          controller.error(failure)
          reader?.cancel().catch(() => {})
        })
      },
      pull: async (controller) => {
        try {
          const read = await reader?.read()
          if (failure !== undefined) return
          sizeBytes += read?.value?.length ?? 0
          facts.sizeInBytes = sizeBytes
          if (sizeBytes > otherBodyBytes) throw tooLarge()
          if (read?.value !== undefined && !read.done) {
            for (const watch of watches) {
              const checked = watch.piece(read.value)
              if (checked !== undefined) await checked
            }
            return controller.enqueue(read.value)
          }
          for (const watch of watches) {
            const checked = watch.end()
            if (checked !== undefined) await checked
          }
          cancelDeadline()
          controller.close()
        } catch (thrown) {
          cancelDeadline()
          if (failure !== undefined) return
          failure = thrown instanceof GatewayError ? thrown : left(thrown)
          controller.error(failure)
          reader?.cancel().catch(() => {})
        }
      },
      cancel: () => {
        cancelDeadline()
        reader?.cancel().catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
  return { content, ...(said === null ? {} : { declaredBytes: Number(said) }), failure: () => failure }
}

function left(cause: unknown): GatewayError {
  return new GatewayError('client_closed', "The client left before the request's body was complete.", { cause })
}
