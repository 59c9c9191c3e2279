import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject, parseJson } from '../../core/json.ts'
import type { World } from '../../core/world.ts'

/** What asking for credentials needs of the world. */
export type AskWorld = Pick<World, 'now' | 'after' | 'fetch'>

/** A question to a service that hands out credentials. */
export interface ServiceQuestion {
  /** How messages name it: `The metadata server`. */
  readonly label: string
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly headers: Record<string, string>
  readonly body?: string
  readonly timeoutMs: number
}

/** Tokens are small; what is larger is none. */
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Asks, within a time and a size.
 * @throws provider_unreachable, provider_auth (anything but 200)
 */
export async function askForText(world: AskWorld, question: ServiceQuestion): Promise<string> {
  const controller = new AbortController()
  const cancel = world.after(question.timeoutMs, () => controller.abort())
  const { label, url, method, headers, body } = question
  try {
    const response = await world.fetch(url, { method, headers, signal: controller.signal, ...(body === undefined ? {} : { body }) })
    const text = await readBounded(response, label)
    // What it says of a credential is not repeated: it may quote it.
    if (response.status !== 200)
      throw new GatewayError('provider_auth', `${label} answered ${response.status} when asked for a credential.`)
    return text
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    const why = controller.signal.aborted ? `did not answer within ${question.timeoutMs / 1000} s` : 'could not be reached'
    throw new GatewayError('provider_unreachable', `${label} ${why}.`, { cause: thrown })
  } finally {
    cancel()
  }
}

/**
 * Asks for a JSON object.
 * @throws provider_unreachable, provider_auth
 */
export async function askForObject(world: AskWorld, question: ServiceQuestion): Promise<JsonObject> {
  const text = await askForText(world, question)
  const value = parseJson(text)
  if (!isObject(value)) throw new GatewayError('provider_auth', `${question.label} answered with something that is no JSON object.`)
  return value
}

/**
 * A field of an answer that must be a text.
 * @throws provider_auth
 */
export function textField(value: JsonObject, field: string, label: string): string {
  const found = value[field]
  if (typeof found === 'string' && found !== '') return found
  throw new GatewayError('provider_auth', `${label} gave no ${field}.`)
}

async function readBounded(response: Response, label: string): Promise<string> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  const reader = response.body?.getReader()
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    sizeBytes += read.value.length
    if (sizeBytes > MAX_ANSWER_BYTES) {
      await reader?.cancel()
      throw new GatewayError('provider_auth', `${label} answered with more than ${MAX_ANSWER_BYTES} bytes, which is no credential.`)
    }
    pieces.push(read.value)
  }
  return Buffer.concat(pieces, sizeBytes).toString('utf8')
}
