import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Exchange } from '../core/exchange.ts'
import type { PeerHeaders, PeerReply } from '../core/peer-reply.ts'
import { Reply } from '../core/reply.ts'
import { replyOf } from '../core/stage.ts'
import { formatTraceparent } from '../core/trace.ts'
import { hideCredentials, withoutCredentials } from './credentials.ts'
import { dialectOf } from './dialects/index.ts'
import { openExchange } from './exchange.ts'
import { type Framing, SSE } from './framing.ts'
import { callDialect, urlOf } from './operation.ts'
import { refineFailure } from './refine-failure.ts'
import { askedWaitSeconds } from './retry-after.ts'
import { MAX_FRAME_BYTES, StreamSource } from './stream-source.ts'
import type { Attempt, ModelPart, OutgoingBody } from './types.ts'

/**
 * Sends one attempt. Resolves when there is something for the caller: the whole reply, or the first content of a stream.
 * Until then every failure, also one that the provider reports in a stream of status 200, is a rejection, and another attempt is allowed.
 */
export async function send(call: Call, attempt: Attempt): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  if (request.hooks?.before !== undefined) await request.hooks.before()
  const url = urlOf(request, target)
  const exchange = openExchange(call, target, url)
  const { facts } = call.record
  try {
    if (request.isStream) exchange.wait({ ms: target.timeouts.firstTokenMs, code: 'provider_first_token_timeout', what: 'sent no content' })
    const body = attempt.encoded ?? callDialect(target.wire, request.operation).encodeRequest(request, target)
    const large = request.elided?.expand(body)
    // Headers of the caller's wire mean something to a provider of the same wire only.
    const own = request.wire === target.wire ? request.headers : undefined
    const headers = { ...target.headers, ...own, traceparent: formatTraceparent(call.trace) }
    // Awaited only where there is something to wait for: a turn of the event loop is measurable here.
    const signed =
      target.authorize === undefined
        ? undefined
        : await target.authorize(call, { method: 'POST', url, headers, body: large?.text() ?? body })
    const response = await exchange.send({
      method: 'POST',
      headers: signed === undefined && large === undefined ? headers : { ...headers, ...lengthOf(large), ...signed },
      body: large?.open() ?? body,
      ...(target.connection === undefined ? {} : { connection: target.connection }),
    })
    facts.providerStatus = response.status
    const requestId = requestIdOf(response.headers)
    if (requestId !== null) facts.providerRequestId = hideCredentials(requestId, target).slice(0, 200)
    if (response.status !== 200) throw await failure(exchange, response, { attempt, nowMs: call.world.now() })
    request.hooks?.taken(target)
    return request.isStream ? await openStream(call, attempt, exchange, response) : await openWhole(call, attempt, exchange, response)
  } catch (thrown) {
    facts.providerMs = exchange.elapsedMs
    exchange.abort()
    throw withoutCredentials(thrown, target)
  }
}

function lengthOf(large: OutgoingBody | undefined): Record<string, string> {
  return large === undefined ? {} : { 'content-length': String(large.sizeBytes) }
}

/** The id that the provider gave its reply: most name it as OpenAI does. */
function requestIdOf(headers: PeerHeaders): string | null {
  return headers.get('x-request-id') ?? headers.get('request-id') ?? headers.get('x-amzn-requestid')
}

async function openWhole(call: Call, attempt: Attempt, exchange: Exchange, response: PeerReply): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  if (isStream(response, SSE))
    throw new GatewayError('provider_malformed', `Provider ${target.provider} answered with a stream that nobody asked for.`)
  const bytes = await exchange.readAll(response)
  call.record.facts.providerMs = exchange.elapsedMs
  exchange.close()
  const part = callDialect(target.wire, request.operation).decodeReply(bytes, target, response.headers)
  if (part.finishReason !== undefined) call.record.facts.finishReason = part.finishReason
  return replyOf([part], call.signal)
}

async function openStream(call: Call, attempt: Attempt, exchange: Exchange, response: PeerReply): Promise<Reply<ModelPart>> {
  const { request, target } = attempt
  const framing = target.framing ?? dialectOf(target.wire).framing ?? SSE
  if (!isStream(response, framing)) throw await noStream(attempt, exchange, response)
  const decoder = dialectOf(target.wire).decodeStream(request, target, response.headers)
  const source = new StreamSource(call, target, exchange, { reply: response, splitter: framing.open(MAX_FRAME_BYTES), decoder })
  await source.holdUntilContent()
  return new Reply(source, call.signal)
}

/** What is wrong with an answer that is no stream. Some providers tell an error so, with status 200: then it is that. */
async function noStream({ request, target }: Attempt, exchange: Exchange, response: PeerReply): Promise<GatewayError> {
  if (/^\s*application\/json/i.test(response.headers.get('content-type') ?? '')) {
    const bytes = await exchange.readAll(response)
    try {
      callDialect(target.wire, request.operation).decodeReply(bytes, target, response.headers)
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code !== 'provider_malformed') return thrown
    }
  }
  return new GatewayError('provider_malformed', `Provider ${target.provider} was asked for a stream and answered with something else.`)
}

function isStream(response: PeerReply, framing: Framing): boolean {
  return framing.isStream(response.headers.get('content-type')?.trimStart().toLowerCase() ?? '')
}

async function failure(
  exchange: Exchange,
  response: PeerReply,
  { attempt, nowMs }: { readonly attempt: Attempt; readonly nowMs: number },
): Promise<GatewayError> {
  const body = await exchange.readAll(response)
  const { provider, wire } = attempt.target
  const retryAfterSeconds = askedWaitSeconds(response, nowMs)
  const error = dialectOf(wire).decodeError({ provider, status: response.status, retryAfterSeconds, body })
  return refineFailure(error, body, response.headers.get('x-amzn-errortype'))
}
