import type { Call, Labels, PromptIdentity } from './call.ts'
import { asGatewayError, GatewayError } from './errors.ts'
import { readLabels, readPromptIdentity } from './headers.ts'
import { StreamedResponse } from './layer.ts'
import type { Ending, Reply } from './reply.ts'
import type { CancelTimer, World } from './world.ts'

/** What the HTTP edges of the layers do alike. */

const WATCH_AFTER_MS = 50
/** Any socket takes so much at once, in bytes: it is a part of the least that the systems give to one. */
const TAKEN_AT_ONCE = 16 * 1024

/**
 * Ends the call when its client leaves. Looked for only once the call has lasted a while: to touch a request's signal costs several
 * microseconds, and a call that is over by then needs none. A client that left before is seen then.
 * @returns the way to stop watching: a stream that goes on must not keep its request in memory
 */
export function watchClient(world: World, request: Request, call: Call): CancelTimer {
  let signal: AbortSignal | undefined
  const onAbort = () => call.abort(clientLeft())
  const cancel = world.after(WATCH_AFTER_MS, () => {
    signal = request.signal
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  return () => {
    cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

function clientLeft(): GatewayError {
  return new GatewayError('client_closed', 'The client left before the reply was complete.')
}

/** What the gateway's own headers say of a call. */
export interface CallHeaders {
  readonly labels?: Labels | undefined
  readonly prompt?: PromptIdentity | undefined
  readonly problem?: GatewayError
}

const NOTHING_SAID: CallHeaders = {}

/** Reads `x-signalbox-labels` and `x-signalbox-prompt`. */
export function readCallHeaders(headers: Headers): CallHeaders {
  const labels = headers.get('x-signalbox-labels')
  const prompt = headers.get('x-signalbox-prompt')
  if (labels === null && prompt === null) return NOTHING_SAID
  try {
    return { labels: readLabels(labels), prompt: readPromptIdentity(prompt) }
  } catch (thrown) {
    return { problem: asGatewayError(thrown) }
  }
}

/** The refusal of a gateway that drains. */
export function draining(): GatewayError {
  return new GatewayError('shutting_down', 'The gateway is shutting down. Try again; another instance will answer.', {
    retryAfterSeconds: 1,
  })
}

/** JSON is accepted under a missing or a text/plain type too: many clients send it so. */
export function mediaTypeProblem(contentType: string | null): GatewayError | undefined {
  if (contentType === 'application/json') return undefined
  if (contentType === null || contentType === '' || /^\s*(application\/([\w.+-]+\+)?json|text\/plain)\s*(;|$)/i.test(contentType))
    return undefined
  return new GatewayError(
    'unsupported_media_type',
    `The body must be JSON (application/json), not ${contentType.slice(0, 100)}: send Content-Type: application/json.`,
  )
}

/**
 * A reply that streams. Pull only: what the client does not read is not asked of what stands behind.
 * @param nextBytes the next bytes for the client, or undefined at the end
 */
export function streamedResponse<Part>(
  reply: Reply<Part>,
  nextBytes: () => Promise<Uint8Array | undefined>,
  init: ResponseInit,
): StreamedResponse {
  const body = new ReadableStream<Uint8Array>(
    {
      // Not async: what waits for a part is there once for every open stream.
      pull: (controller) =>
        nextBytes().then((bytes) => {
          if (bytes !== undefined) controller.enqueue(bytes)
          if (bytes === undefined || reply.ending !== undefined) controller.close()
        }),
      cancel: () => reply.leave(clientLeft()),
    },
    { highWaterMark: 0 },
  )
  return new StreamedResponse(body, init)
}

/** A reply that is whole. A large one is given out as its reader takes it, which may be slowly. */
export function respondWhole(body: string | Uint8Array, init: ResponseInit): Response {
  return body.length > TAKEN_AT_ONCE ? new StreamedResponse(body, init) : new Response(body, init)
}

/** The error of a reply that did not end well. */
export function errorOf(ending: Ending): GatewayError {
  return 'error' in ending ? ending.error : new GatewayError('internal', 'The reply ended without a reply.')
}
