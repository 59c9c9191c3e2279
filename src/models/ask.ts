import { type Call, openCall } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject, type Json } from '../core/json.ts'
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
  const { world } = asking
  const route = deps.catalog().find(question.model)
  if (route === undefined) throw new GatewayError('model_not_found', `There is no model "${question.model}" to ask.`)
  const call = openOwnCall(deps, asking, question)
  const messages = [
    { role: 'system', content: question.system },
    { role: 'user', content: question.text },
  ]
  const body = JSON.stringify({ model: question.model, messages, max_tokens: question.maxTokens, temperature: 0 })
  const read = (text: string) =>
    callDialect('openai-chat', 'generate').decodeRequest(
      new TextEncoder().encode(text),
      { maxDepth: deps.limits().jsonDepth },
      { headers: new Headers(), url: 'http://gateway.internal/v1/chat/completions' },
    )
  const cancel = world.after(question.deadlineMs, () => call.abort(late(question.deadlineMs)))
  const onLeft = () => call.abort(new GatewayError('client_closed', 'The call on whose behalf this was asked has ended.'))
  asking.signal.addEventListener('abort', onLeft, { once: true })
  try {
    const { parts } = await collect(
      await deps.answer(call, { request: read(body), route, cacheWish: readCacheWish(new Headers()), decodeAgain: read }),
    )
    return textOf(parts)
  } finally {
    cancel()
    asking.signal.removeEventListener('abort', onLeft)
  }
}

function openOwnCall({ log }: AskDeps, asking: Call, { model, purpose }: ModelQuestion): Call {
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

function textOf(parts: readonly ModelPart[]): string {
  const [part] = parts
  const value: unknown = part === undefined ? undefined : JSON.parse(new TextDecoder().decode(part.bytes))
  const choice: Json | undefined = isObject(value) && Array.isArray(value.choices) ? value.choices[0] : undefined
  const message = isObject(choice) ? choice.message : undefined
  return isObject(message) && typeof message.content === 'string' ? message.content : ''
}
