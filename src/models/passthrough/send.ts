import type { Call } from '../../core/call.ts'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { Exchange } from '../../core/exchange.ts'
import { readBody } from '../../core/read-body.ts'
import { type PartSource, Reply } from '../../core/reply.ts'
import { formatTraceparent } from '../../core/trace.ts'
import { withoutCredentials } from '../credentials.ts'
import { dialectOf } from '../dialects/index.ts'
import { openExchange } from '../exchange.ts'
import { refineFailure } from '../refine-failure.ts'
import { askedWaitSeconds } from '../retry-after.ts'
import { headersToSend, headersToTell } from './headers.ts'
import type { PassedCall, PassedPart } from './types.ts'

/** Bounds on what a caller may send. */
export interface PassedLimits {
  readonly jsonBodyBytes: number
  readonly otherBodyBytes: number
  readonly bodyDeadlineMs: number
}

/**
 * Sends a call on, and its answer back as it comes. Resolves with the head of a good answer.
 * @throws request_too_large, request_timeout, unsupported_media_type, not_found, the codes of providers
 */
export async function sendPassed(call: Call, passed: PassedCall, limits: PassedLimits): Promise<Reply<PassedPart>> {
  const { to, url, method } = passed
  const { facts } = call.record
  const body = await readPassed(call, passed, limits)
  const exchange = openExchange(call, { provider: to.target.provider, timeouts: to.timeouts }, url)
  try {
    const headers = { ...headersToSend(passed.request.headers, to.target), traceparent: formatTraceparent(call.trace) }
    const { authorize } = to.target
    const signed = authorize === undefined ? undefined : await authorize(call, { method, url, headers, body: textOf(body) })
    const response = await exchange.send({
      method,
      headers: { ...headers, ...signed },
      ...(body.length === 0 ? {} : { body }),
      ...(to.target.connection === undefined ? {} : { connection: to.target.connection }),
    })
    facts.providerStatus = response.status
    facts.providerMs = exchange.elapsedMs
    if (response.status < 200 || response.status > 299) throw await failure(exchange, response, { to, nowMs: call.world.now() })
    facts.status = response.status
    return new Reply(new PassedSource(call, passed, exchange, response), call.signal)
  } catch (thrown) {
    facts.providerMs = exchange.elapsedMs
    exchange.abort()
    throw withoutCredentials(thrown, to.target)
  }
}

async function readPassed(call: Call, { request, method }: PassedCall, limits: PassedLimits): Promise<Uint8Array> {
  const isJson = /^\s*application\/([\w.+-]+\+)?json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')
  const maxBytes = isJson ? limits.jsonBodyBytes : limits.otherBodyBytes
  const body = await readBody(request, { maxBytes, deadlineMs: limits.bodyDeadlineMs, signal: call.signal }, call.world)
  call.record.facts.sizeInBytes = body.length
  if (method === 'GET' && body.length > 0) throw new GatewayError('invalid_request', 'A GET has no body here; leave it out.')
  return body
}

/** What is signed is text: a body that is none could be signed as something else. */
function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new GatewayError('unsupported_media_type', 'This provider signs its requests, and only text is signed: the body is not UTF-8.')
  }
}

/** What an answer that is none means. A redirect would carry the credential elsewhere; it is not followed. */
async function failure(
  exchange: Exchange,
  response: Response,
  { to, nowMs }: Pick<PassedCall, 'to'> & { readonly nowMs: number },
): Promise<GatewayError> {
  const { status } = response
  const { provider, wire } = to.target
  if (status < 400) {
    return new GatewayError('provider_malformed', `Provider ${provider} answered ${status}, a redirect, which is not followed.`, {
      providerStatus: status,
    })
  }
  const body = await exchange.readAll(response)
  const error = dialectOf(wire).decodeError({ provider, status, retryAfterSeconds: askedWaitSeconds(response, nowMs), body })
  // There is no model in it: what is not there is what the caller asked for.
  return status === 404 ? new GatewayError('not_found', error.message, error.extra) : refineFailure(error, body)
}

/** The head, then the body, pulled: what the caller does not read is not read from the provider. */
class PassedSource implements PartSource<PassedPart> {
  readonly #call: Call
  readonly #passed: PassedCall
  readonly #exchange: Exchange
  readonly #response: Response
  #reader: { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> } | undefined
  #isBegun = false

  constructor(call: Call, passed: PassedCall, exchange: Exchange, response: Response) {
    this.#call = call
    this.#passed = passed
    this.#exchange = exchange
    this.#response = response
  }

  pull(): PassedPart | Promise<PassedPart | undefined> {
    if (this.#isBegun) return this.#readMore()
    this.#isBegun = true
    this.#reader = this.#response.body?.getReader()
    const { status, headers } = this.#response
    return { type: 'head', status, headers: headersToTell(headers, this.#passed.to.target) }
  }

  cancel(): void {
    this.#note()
    this.#exchange.abort()
  }

  async #readMore(): Promise<PassedPart | undefined> {
    this.#exchange.awaitMore()
    try {
      const read = await this.#reader?.read()
      this.#exchange.stopWaiting()
      if (read?.value !== undefined && !read.done) return { type: 'piece', bytes: read.value }
    } catch (thrown) {
      this.#note()
      const error = asGatewayError(this.#exchange.explain(thrown, 'body'))
      this.#exchange.abort()
      throw error
    }
    this.#note()
    this.#exchange.close()
    return undefined
  }

  #note(): void {
    this.#call.record.facts.providerMs = this.#exchange.elapsedMs
  }
}
