import { type Call, openCall } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../core/json.ts'
import type { EventLog, ModelQuestion } from '../core/ports.ts'
import { collect, type Handler } from '../core/stage.ts'
import { LogRecord } from '../stages/record.ts'
import { readCacheWish } from './cache/wish.ts'
import type { ModelCatalog } from './catalog.ts'
import { callDialect } from './operation.ts'
import type { ModelCall, ModelPart } from './types.ts'

interface AskDeps {
  readonly log: EventLog
  readonly catalog: () => ModelCatalog
  readonly limits: () => { readonly jsonDepth: number }
  /** The stages behind those that look at a caller. */
  readonly answer: Handler<ModelCall, ModelPart>
}

/**
 * Asks a configured model on behalf of a call, as a call of its own: below it in the trace, paid by the same principal, and without guards, of
 * which it may be a part.
 */
export async function askModel(deps: AskDeps, asking: Call, question: ModelQuestion): Promise<string> {
  const messages = [
    { role: 'system', content: question.system },
    { role: 'user', content: question.text },
  ]
  const fields = { messages, max_tokens: question.maxTokens, temperature: 0 }
  return textOf(await askOwn(deps, asking, { ...question, operation: 'generate', fields }))
}

/** Makes a vector of a text with a configured model, as a call of its own like that of `askModel`. */
export async function embedWithModel(deps: AskDeps, asking: Call, question: EmbedQuestion): Promise<Float32Array> {
  const fields = { input: question.text, encoding_format: 'float' }
  return vectorOf(await askOwn(deps, asking, { ...question, operation: 'embed', fields }))
}

/** A text of which a vector is wanted. */
export type EmbedQuestion = Omit<ModelQuestion, 'system' | 'maxTokens'>

interface OwnQuestion extends Pick<ModelQuestion, 'model' | 'purpose' | 'deadlineMs'> {
  readonly operation: 'generate' | 'embed'
  /** Of the body in the wire `openai-chat`, but for the model. */
  readonly fields: JsonObject
}

const PATHS = { generate: '/v1/chat/completions', embed: '/v1/embeddings' } as const

async function askOwn(deps: AskDeps, asking: Call, question: OwnQuestion): Promise<Json> {
  const { world } = asking
  const { model, operation, fields } = question
  const route = deps.catalog().find(model)
  if (route === undefined) throw new GatewayError('model_not_found', `There is no model "${model}" to ask.`)
  const call = openOwnCall(deps, asking, question)
  const read = (text: string) =>
    callDialect('openai-chat', operation).decodeRequest(
      new TextEncoder().encode(text),
      { maxDepth: deps.limits().jsonDepth },
      { headers: new Headers(), url: `http://gateway.internal${PATHS[operation]}` },
    )
  const cancel = world.after(question.deadlineMs, () => call.abort(late(question.deadlineMs)))
  const onLeft = () => call.abort(new GatewayError('client_closed', 'The call on whose behalf this was asked has ended.'))
  asking.signal.addEventListener('abort', onLeft, { once: true })
  try {
    const { parts } = await collect(
      await deps.answer(call, {
        request: read(JSON.stringify({ model, ...fields })),
        route,
        cacheWish: readCacheWish(new Headers(), true),
        decodeAgain: read,
      }),
    )
    const [part] = parts
    return part === undefined ? null : JSON.parse(new TextDecoder().decode(part.bytes))
  } finally {
    cancel()
    asking.signal.removeEventListener('abort', onLeft)
  }
}

function openOwnCall({ log }: AskDeps, asking: Call, { model, purpose }: OwnQuestion): Call {
  const { world } = asking
  const trace = { ...asking.trace, spanId: world.randomHex(8), parentSpanId: asking.trace.spanId }
  const principal = { ...asking.principal, labels: { ...asking.principal.labels, purpose } }
  const record = new LogRecord({
    log,
    world,
    layer: 'models',
    action: 'models.call',
    trace,
    wire: 'openai-chat',
    prompt: {},
    parentId: asking.id,
  })
  record.facts.principal = principal
  record.facts.subject = model
  return { ...openCall({ layer: 'models', world, record, trace }), principal, parentId: asking.id }
}

function late(ms: number): GatewayError {
  return new GatewayError('guard_unavailable', `did not answer within ${ms} ms`)
}

function vectorOf(value: Json): Float32Array {
  const first: Json | undefined = isObject(value) && Array.isArray(value.data) ? value.data[0] : undefined
  const numbers: readonly Json[] = isObject(first) && Array.isArray(first.embedding) ? first.embedding : []
  const vector = Float32Array.from(numbers, (number) => (typeof number === 'number' ? number : Number.NaN))
  if (vector.length > 0 && vector.every(Number.isFinite)) return vector
  throw new GatewayError('provider_malformed', 'The model that makes embeddings answered without a vector.')
}

function textOf(value: Json): string {
  const choice: Json | undefined = isObject(value) && Array.isArray(value.choices) ? value.choices[0] : undefined
  const message = isObject(choice) ? choice.message : undefined
  return isObject(message) && typeof message.content === 'string' ? message.content : ''
}
