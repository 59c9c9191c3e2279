import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { formatTraceparent } from '../../core/trace.ts'
import type { ModelCatalog } from '../catalog.ts'
import { withoutCredentials } from '../credentials.ts'
import { dialectOf } from '../dialects/index.ts'
import { openExchange } from '../exchange.ts'
import { refineFailure } from '../refine-failure.ts'
import { askedWaitSeconds } from '../retry-after.ts'
import type { KeptQuestion } from './answer.ts'
import type { FoundResponse } from './kept-responses.ts'

/**
 * Asks the provider that keeps a response, with the key with which it was made.
 * @throws not_found where the provider has none (any more), or its key is not configured any more; the codes of providers
 */
export async function askKeeper(catalog: ModelCatalog, call: Call, found: FoundResponse, question: KeptQuestion): Promise<JsonObject> {
  const { elsewhere } = found
  const place = elsewhere && catalog.keeper(elsewhere.provider, elsewhere.key)
  if (elsewhere === undefined || place === undefined) {
    throw new GatewayError(
      'not_found',
      `The response "${question.id.slice(0, 100)}" was not kept here but in memory, or by a provider whose key is not configured any more.`,
    )
  }
  const { target, timeouts } = place
  const url = urlOf(place.url, elsewhere.id ?? question.id, question)
  const method = question.method === 'DELETE' ? 'DELETE' : 'GET'
  const exchange = openExchange(call, { provider: target.provider, timeouts }, url)
  try {
    const headers = { ...target.headers, traceparent: formatTraceparent(call.trace) }
    const signed = await target.authorize?.(call, { method, url, headers, body: '' })
    const connection = target.connection === undefined ? {} : { connection: target.connection }
    const response = await exchange.send({ method, headers: { ...headers, ...signed }, ...connection })
    const body = await exchange.readAll(response)
    exchange.close()
    if (response.status === 200) return readAnswer(body, target.provider)
    const { status } = response
    const error = dialectOf('openai-responses').decodeError({
      ...{ provider: target.provider, status, body },
      retryAfterSeconds: askedWaitSeconds(response, call.world.now()),
    })
    throw status === 404 ? new GatewayError('not_found', error.message, error.extra) : refineFailure(error, body)
  } catch (thrown) {
    exchange.abort()
    throw withoutCredentials(thrown, target)
  }
}

function urlOf(create: string, id: string, { what, query }: KeptQuestion): string {
  const url = new URL(create)
  url.pathname += `/${encodeURIComponent(id)}${what === 'input_items' ? '/input_items' : ''}`
  for (const name of ['include', 'include[]', 'limit', 'order', 'after']) {
    for (const value of query.getAll(name)) url.searchParams.append(name, value)
  }
  return url.href
}

function readAnswer(body: Uint8Array, provider: string): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    if (isObject(value)) return value
  } catch {
    // Said below.
  }
  throw new GatewayError('provider_malformed', `Provider ${provider} answered about a response with something that is no JSON object.`)
}
