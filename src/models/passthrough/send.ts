import type { Call } from '../../core/call.ts'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { Usage } from '../../core/events.ts'
import type { Exchange } from '../../core/exchange.ts'
import type { PeerReply } from '../../core/peer-reply.ts'
import { type PartSource, Reply } from '../../core/reply.ts'
import { replyOf } from '../../core/stage.ts'
import { formatTraceparent } from '../../core/trace.ts'
import { withoutCredentials } from '../credentials.ts'
import { dialectOf } from '../dialects/index.ts'
import { openExchange } from '../exchange.ts'
import { refineFailure } from '../refine-failure.ts'
import { askedWaitSeconds } from '../retry-after.ts'
import type { LaneTable } from '../routing/lanes.ts'
import { openBody, type PassedBody, type PassedLimits } from './body.ts'
import { headersToSend, headersToTell } from './headers.ts'
import { sendByKeys } from './keys.ts'
import { ownedAnswer, ownedStream } from './objects/answer.ts'
import type { PassedCall, PassedLane, PassedPart } from './types.ts'

/** What sending needs. */
export interface SendPassedDeps {
  readonly limits: () => PassedLimits
  readonly lanes: LaneTable
}

/**
 * Sends a call on, and its answer back as it comes. Resolves with the head of a good answer.
 * @throws request_too_large, request_timeout, unsupported_media_type, not_found, the codes of providers
 */
export async function sendPassed(call: Call, passed: PassedCall, { limits, lanes }: SendPassedDeps): Promise<Reply<PassedPart>> {
  const body = await openBody(call, passed, limits())
  const isRepeatable = () => !(body.content instanceof ReadableStream)
  return sendByKeys(call, passed, { lanes, isRepeatable, send: (lane) => sendOver(call, passed, lane, body) })
}

async function sendOver(call: Call, passed: PassedCall, lane: PassedLane, body: PassedBody): Promise<Reply<PassedPart>> {
  const exchange = openExchange(call, { provider: lane.provider, timeouts: passed.to.timeouts }, passed.url)
  try {
    const response = await request(call, passed, exchange, { url: passed.url, lane, body })
    const { facts } = call.record
    facts.status = response.status
    const told = await ownedAnswer(passed, lane, {
      exchange,
      response,
      again: (url) => readPage(call, passed, lane, url),
    })
    if (told === undefined)
      return ownedStream(passed, lane, new Reply(new PassedSource(call, exchange, response, headOf(response, lane, passed)), call.signal))
    facts.providerMs = exchange.elapsedMs
    exchange.close()
    return replyOf<PassedPart>([headOf(response, lane, passed), { type: 'piece', bytes: told }], call.signal)
  } catch (thrown) {
    call.record.facts.providerMs = exchange.elapsedMs
    exchange.abort()
    throw withoutCredentials(body.failure() ?? thrown, lane.target)
  }
}

interface Outgoing {
  readonly url: string
  readonly lane: PassedLane
  readonly body?: PassedBody
}

async function request(call: Call, passed: PassedCall, exchange: Exchange, { url, lane, body }: Outgoing): Promise<PeerReply> {
  const { method } = passed
  const { target } = lane
  const { facts } = call.record
  const content = body?.content
  const length = body?.declaredBytes === undefined ? {} : { 'content-length': String(body.declaredBytes) }
  const headers = { ...headersToSend(passed.request.headers, target), ...length, traceparent: formatTraceparent(call.trace) }
  const text = content instanceof Uint8Array ? content : new Uint8Array(0)
  const signed = target.authorize === undefined ? undefined : await target.authorize(call, { method, url, headers, body: textOf(text) })
  const response = await exchange.send({
    method,
    headers: { ...headers, ...signed },
    ...(content === undefined ? {} : { body: content }),
    ...(target.connection === undefined ? {} : { connection: target.connection }),
  })
  facts.providerStatus = response.status
  facts.providerMs = exchange.elapsedMs
  if (response.status < 200 || response.status > 299) throw await failure(exchange, response, { lane, nowMs: call.world.now() })
  return response
}

/** Another page of a list. */
async function readPage(call: Call, passed: PassedCall, lane: PassedLane, url: string): Promise<Uint8Array> {
  const exchange = openExchange(call, { provider: lane.provider, timeouts: passed.to.timeouts }, url)
  try {
    return await exchange.readAll(await request(call, passed, exchange, { url, lane }))
  } finally {
    exchange.close()
  }
}

/** What is signed is text: a body that is none could be signed as something else. */
function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new GatewayError('unsupported_media_type', 'This provider signs its requests, and only text is signed: the body is not UTF-8.')
  }
}

/** Of the usage, where nobody reads it. */
const NOTHING_SAID: Usage = {}

function headOf({ status, headers }: PeerReply, { target }: PassedLane, { rule }: PassedCall): PassedPart {
  return {
    type: 'head',
    status,
    headers: headersToTell(headers, target),
    ...(rule.charging.type === 'flat' ? { usage: NOTHING_SAID } : {}),
  }
}

interface FailedLane {
  readonly lane: PassedLane
  readonly nowMs: number
}

/** What an answer that is none means. A redirect would carry the credential elsewhere; it is not followed. */
async function failure(exchange: Exchange, response: PeerReply, { lane, nowMs }: FailedLane): Promise<GatewayError> {
  const { status } = response
  const { provider, wire } = lane.target
  if (status < 400) {
    return new GatewayError('provider_malformed', `Provider ${provider} answered ${status}, a redirect, which is not followed.`, {
      providerStatus: status,
    })
  }
  const body = await exchange.readAll(response)
  const error = dialectOf(wire).decodeError({ provider, status, retryAfterSeconds: askedWaitSeconds(response, nowMs), body })
  // There is no model in it: what is not there is what the caller asked for.
  return status === 404
    ? new GatewayError('not_found', error.message, error.extra)
    : refineFailure(error, body, response.headers.get('x-amzn-errortype'))
}

/** The head, then the body, pulled: what the caller does not read is not read from the provider. */
class PassedSource implements PartSource<PassedPart> {
  readonly #call: Call
  readonly #exchange: Exchange
  readonly #response: PeerReply
  #head: PassedPart | undefined

  constructor(call: Call, exchange: Exchange, response: PeerReply, head: PassedPart) {
    this.#call = call
    this.#exchange = exchange
    this.#response = response
    this.#head = head
  }

  pull(): PassedPart | Promise<PassedPart | undefined> {
    const head = this.#head
    if (head === undefined) return this.#readMore()
    this.#head = undefined
    return head
  }

  cancel(): void {
    this.#note()
    this.#exchange.abort()
  }

  async #readMore(): Promise<PassedPart | undefined> {
    this.#exchange.awaitMore()
    try {
      const bytes = await this.#response.read()
      this.#exchange.stopWaiting()
      if (bytes !== undefined) return { type: 'piece', bytes }
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
