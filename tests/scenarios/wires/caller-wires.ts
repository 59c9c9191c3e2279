import { isObject, type JsonObject } from '../../../src/core/json.ts'

/** A wire that callers speak: how it asks for a stream, and what it reads of one. */
export interface CallerWire {
  readonly name: string
  readonly path: (model: string) => string
  readonly body: (model: string, prompt: string) => JsonObject
  /** The text that a frame adds. */
  readonly textOf: (frame: JsonObject) => string
  /** Whether a frame, or a line of data that is no JSON, is the good end of a stream. */
  readonly isEnd: (frame: JsonObject | string) => boolean
}

/** A stream as its caller read it. */
export interface ReadStream {
  readonly status: number
  readonly callId: string
  readonly text: string
  /** How often a good end was told. */
  readonly ends: number
  /** How often a failure was told. */
  readonly errors: number
  /** The code of the failure. */
  readonly code: string | undefined
  /** Whether text came after a good end or a failure. */
  readonly isTrailing: boolean
  /** The body as it came. */
  readonly raw: string
}

const messages = (prompt: string) => [{ role: 'user', content: prompt }]
const say = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The first of a list of objects. */
function first(value: unknown): JsonObject {
  const [one] = Array.isArray(value) ? value : []
  return isObject(one) ? one : {}
}

function inside(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

export const CALLER_WIRES: readonly CallerWire[] = [
  {
    name: 'openai-chat',
    path: () => '/v1/chat/completions',
    body: (model, prompt) => ({ model, stream: true, messages: messages(prompt) }),
    textOf: ({ choices }) => say(inside(first(choices).delta).content),
    isEnd: (frame) => frame === '[DONE]',
  },
  {
    name: 'openai-responses',
    path: () => '/v1/responses',
    body: (model, prompt) => ({ model, stream: true, store: false, input: prompt }),
    textOf: ({ type, delta }) => (type === 'response.output_text.delta' ? say(delta) : ''),
    isEnd: (frame) => typeof frame !== 'string' && frame.type === 'response.completed',
  },
  {
    name: 'anthropic-messages',
    path: () => '/v1/messages',
    body: (model, prompt) => ({ model, max_tokens: 50, stream: true, messages: messages(prompt) }),
    textOf: ({ delta }) => say(inside(delta).text),
    isEnd: (frame) => typeof frame !== 'string' && frame.type === 'message_stop',
  },
  {
    name: 'gemini',
    path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    body: (_model, prompt) => ({ contents: [{ role: 'user', parts: [{ text: prompt }] }] }),
    textOf: ({ candidates }) => say(first(inside(first(candidates).content).parts).text),
    isEnd: (frame) => typeof frame !== 'string' && first(frame.candidates).finishReason === 'STOP',
  },
  {
    name: 'openai-completions',
    path: () => '/v1/completions',
    body: (model, prompt) => ({ model, stream: true, prompt }),
    textOf: ({ choices }) => say(first(choices).text),
    isEnd: (frame) => frame === '[DONE]',
  },
]

/** Asks for a stream and reads it to its end. */
export async function readStream(
  { dataUrl, key }: { readonly dataUrl: string; readonly key: string },
  wire: CallerWire,
  asked: { readonly model: string; readonly prompt: string },
): Promise<ReadStream> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const body = JSON.stringify(wire.body(asked.model, asked.prompt))
  const response = await fetch(`${dataUrl}${wire.path(asked.model)}`, { method: 'POST', headers, body })
  const raw = await response.text()
  const told = { text: '', ends: 0, errors: 0, code: undefined as string | undefined, isTrailing: false }
  for (const frame of framesOf(raw)) {
    const error = typeof frame === 'string' ? undefined : errorIn(frame)
    const text = typeof frame === 'string' ? '' : wire.textOf(frame)
    if (text !== '') told.isTrailing ||= told.errors + told.ends > 0
    told.text += text
    if (error !== undefined) {
      told.errors++
      told.code = error
    }
    if (wire.isEnd(frame)) told.ends++
  }
  return { status: response.status, callId: response.headers.get('x-signalbox-request-id') ?? '', raw, ...told }
}

/** The data of each frame; a whole error answer is one frame. */
function framesOf(raw: string): readonly (JsonObject | string)[] {
  const datas = raw.startsWith('{') ? [raw] : raw.split('\n\n').flatMap((frame) => /(?:^|\n)data: (.*)/.exec(frame)?.[1] ?? [])
  return datas.map((text) => {
    const value: unknown = text.startsWith('{') ? JSON.parse(text) : text
    return isObject(value) ? value : text
  })
}

/** The code of a failure that a frame tells, in whichever wire. `response.failed` says again what `error` has said. */
function errorIn({ error }: JsonObject): string | undefined {
  if (!isObject(error)) return undefined
  const [detail] = Array.isArray(error.details) ? error.details : []
  return say(error.code) || say(inside(detail).reason).toLowerCase() || 'an error without a code'
}
