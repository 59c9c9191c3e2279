import type { JsonObject } from '../../../src/core/json.ts'
import { encodeMessage } from '../../../src/models/cloud/event-stream.ts'

/** What a model says in these streams: two pieces, with two marks that nothing else holds. */
export const PIECES = ['Alpha ', 'Omega.'] as const

/** One stream of a provider, as its wire has it. Written by hand, from the providers' own documents: our writers are what is tested. */
export interface ProviderStream {
  /** Also the name of the provider, of its model and of its route. */
  readonly name: string
  /** The provider's configuration, for the address of an upstream. */
  readonly provider: (baseUrl: string) => object
  readonly contentType: string
  readonly frames: readonly Uint8Array[]
  /** Which frame is the first that says something. */
  readonly contentFrame: number
  /** How a failure is reported inside a stream, and what that is for us. */
  readonly failure: Uint8Array
  /** From which frame on a good end of the body may be a good end of the answer. */
  readonly finishFrame: number
}

const encoder = new TextEncoder()
const SSE = 'text/event-stream'
const AWS = 'application/vnd.amazon.eventstream'
const [ALPHA, OMEGA] = PIECES

function lines(event: string | undefined, value: JsonObject | string): Uint8Array {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return encoder.encode(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`)
}

const chunk = (choices: JsonObject[], more: JsonObject = {}) =>
  lines(undefined, { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1795000000, model: 'm', choices, ...more })
const delta = (content: JsonObject, finish: string | null = null) => chunk([{ index: 0, delta: content, finish_reason: finish }])

const CHAT: readonly Uint8Array[] = [
  delta({ role: 'assistant', content: '' }),
  delta({ content: ALPHA }),
  delta({ content: OMEGA }),
  delta({}, 'stop'),
  chunk([], { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }),
  lines(undefined, '[DONE]'),
]

const MESSAGES: readonly { readonly type: string; readonly [key: string]: JsonObject[string] }[] = [
  {
    type: 'message_start',
    message: {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null },
      usage: { input_tokens: 3, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ALPHA } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: OMEGA } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
]

const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1795000000, model: 'm', error: null, incomplete_details: null }
const ITEM = { type: 'message', id: 'msg_1', role: 'assistant' }
const PART = { type: 'output_text', text: ALPHA + OMEGA, annotations: [] }
const AT = { output_index: 0, content_index: 0, item_id: 'msg_1' }
const DONE_ITEM = { ...ITEM, status: 'completed', content: [PART] }
const RESPONSES: readonly { readonly type: string; readonly [key: string]: JsonObject[string] }[] = [
  { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
  { type: 'response.in_progress', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
  { type: 'response.output_item.added', output_index: 0, item: { ...ITEM, status: 'in_progress', content: [] } },
  { type: 'response.content_part.added', ...AT, part: { ...PART, text: '' } },
  { type: 'response.output_text.delta', ...AT, delta: ALPHA },
  { type: 'response.output_text.delta', ...AT, delta: OMEGA },
  { type: 'response.output_text.done', ...AT, text: ALPHA + OMEGA },
  { type: 'response.content_part.done', ...AT, part: PART },
  { type: 'response.output_item.done', output_index: 0, item: DONE_ITEM },
  {
    type: 'response.completed',
    response: {
      ...{ ...RESPONSE, status: 'completed', output: [DONE_ITEM] },
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    },
  },
].map((event, index) => ({ ...event, sequence_number: index }))

function geminiChunk(text: string, finish: JsonObject): Uint8Array {
  return lines(undefined, {
    candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...finish }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: 'm',
    responseId: 'r1',
  })
}

/** `:event-type` and its JSON, framed as AWS frames it. */
function aws(type: string, value: JsonObject): Uint8Array {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }
  return encodeMessage(headers, encoder.encode(JSON.stringify(value)))
}

const CONVERSE: readonly Uint8Array[] = [
  aws('messageStart', { role: 'assistant' }),
  aws('contentBlockDelta', { contentBlockIndex: 0, delta: { text: ALPHA } }),
  aws('contentBlockDelta', { contentBlockIndex: 0, delta: { text: OMEGA } }),
  aws('contentBlockStop', { contentBlockIndex: 0 }),
  aws('messageStop', { stopReason: 'end_turn' }),
  aws('metadata', { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 }, metrics: { latencyMs: 5 } }),
]

/** An exception of AWS. */
function exception(type: string, message: string): Uint8Array {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' }
  return encodeMessage(headers, encoder.encode(JSON.stringify({ message })))
}

const NO = 'Something broke.'
const FAILURES: Readonly<Record<string, Uint8Array>> = {
  'openai-chat': lines(undefined, { error: { message: NO, type: 'server_error', param: null, code: null } }),
  'anthropic-messages': lines('error', { type: 'error', error: { type: 'api_error', message: NO } }),
  'openai-responses': lines('response.failed', {
    type: 'response.failed',
    sequence_number: 4,
    response: { ...RESPONSE, status: 'failed', output: [], usage: null, error: { code: 'server_error', message: NO } },
  }),
  gemini: lines(undefined, { error: { code: 500, message: NO, status: 'INTERNAL' } }),
  converse: exception('internalServerException', NO),
  invoke: exception('internalServerException', NO),
}

/** Every wire that a provider speaks, and Claude in the frames of Bedrock. */
export const PROVIDER_STREAMS: readonly ProviderStream[] = [
  { ...of('openai-chat', SSE, CHAT), contentFrame: 1, finishFrame: 3 },
  {
    ...of(
      'anthropic-messages',
      SSE,
      MESSAGES.map((event) => lines(event.type, event)),
    ),
    contentFrame: 3,
    finishFrame: 6,
  },
  {
    ...of(
      'openai-responses',
      SSE,
      RESPONSES.map((event) => lines(event.type, event)),
    ),
    contentFrame: 4,
    finishFrame: 9,
  },
  { ...of('gemini', SSE, [geminiChunk(ALPHA, {}), geminiChunk(OMEGA, { finishReason: 'STOP' })]), contentFrame: 0, finishFrame: 1 },
  { ...of('converse', AWS, CONVERSE), contentFrame: 1, finishFrame: 4 },
  {
    ...of(
      'invoke',
      AWS,
      MESSAGES.map((event) => aws('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') })),
    ),
    provider: (baseUrl) => ({ kind: 'bedrock-anthropic', baseUrl, region: 'eu-central-1', apiKey: 'env:FAKE_PROVIDER_KEY' }),
    contentFrame: 3,
    finishFrame: 6,
  },
]

function of(name: string, contentType: string, frames: readonly Uint8Array[]): Omit<ProviderStream, 'contentFrame' | 'finishFrame'> {
  const failure = FAILURES[name] ?? new Uint8Array()
  return { name, contentType, frames, failure, provider: (baseUrl) => ({ wire: name, baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' }) }
}

/** Where the frame of this index ends, in bytes of the stream. */
export function endOfFrame({ frames }: Pick<ProviderStream, 'frames'>, index: number): number {
  return frames.slice(0, index + 1).reduce((sum, frame) => sum + frame.length, 0)
}
