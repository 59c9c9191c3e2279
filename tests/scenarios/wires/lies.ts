import type { Json, JsonObject } from '../../../src/core/json.ts'
import { encodeMessage } from '../../../src/models/cloud/event-stream.ts'
import { type Answer, wholeReply } from '../../../src/testing/fake-upstream.ts'

/** One frame of a provider's stream: the name of its event, where the wire has such, and its data. */
export interface Frame {
  readonly event?: string
  readonly data: Json
}

/** How a provider of a wire answers with the text "Grüezi", whole and streamed, and where in the stream what stands. */
export interface Provider {
  readonly wire: string
  readonly path: string
  readonly id: string
  readonly whole: (usage: JsonObject) => JsonObject
  readonly usage: JsonObject
  readonly absurd: JsonObject
  /** What comes before the content, a piece of content, what says why it ended, what comes last. */
  readonly begin: readonly Frame[]
  readonly piece: Frame
  readonly finish: readonly Frame[]
  readonly last: (usage: JsonObject | undefined) => readonly Frame[]
  /** A call of a tool of which neither the arguments nor the call are ended. */
  readonly openCall: readonly Frame[]
  /** The end of an answer that came to the bound of its output. */
  readonly bounded: (usage: JsonObject) => readonly Frame[]
}

const typed = (data: JsonObject & { readonly type: string }): Frame => ({ event: data.type, data })
const chunk = (delta: JsonObject, finish: string | null = null, more: JsonObject = {}): Frame => ({
  data: {
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  },
})

const openaiChat: Provider = {
  ...{ wire: 'openai-chat', path: '/v1', id: 'gpt-4o' },
  whole: (usage) => ({
    ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'm', usage },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Grüezi' }, finish_reason: 'stop' }],
  }),
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  absurd: { prompt_tokens: -10, completion_tokens: 1e15, total_tokens: 'many' },
  begin: [chunk({ role: 'assistant', content: '' })],
  piece: chunk({ content: 'Grüezi' }),
  finish: [chunk({}, 'stop')],
  last: (usage) => [
    ...(usage === undefined ? [] : [{ data: { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage } }]),
    { data: '[DONE]' },
  ],
  openCall: [chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":' } }] })],
  bounded: (usage) => [chunk({}, 'length'), ...openaiChat.last(usage)],
}

const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null }
const anthropicMessages: Provider = {
  ...{ wire: 'anthropic-messages', path: '/v1', id: 'claude-sonnet-4-5' },
  whole: (usage) => ({ ...message, content: [{ type: 'text', text: 'Grüezi' }], stop_reason: 'end_turn', usage }),
  usage: { input_tokens: 10, output_tokens: 5 },
  absurd: { input_tokens: -10, output_tokens: 1e15 },
  begin: [
    typed({ type: 'message_start', message: { ...message, usage: {} } }),
    typed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ],
  piece: typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüezi' } }),
  finish: [typed({ type: 'content_block_stop', index: 0 })],
  last: (usage) => [
    typed({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, ...(usage === undefined ? {} : { usage }) }),
    typed({ type: 'message_stop' }),
  ],
  openCall: [
    typed({ type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} } }),
    typed({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"x":' } }),
  ],
  bounded: (usage) => [
    typed({ type: 'content_block_stop', index: 1 }),
    typed({ type: 'message_delta', delta: { stop_reason: 'max_tokens', stop_sequence: null }, usage }),
    typed({ type: 'message_stop' }),
  ],
}

const response = (output: readonly JsonObject[], status: string, usage: JsonObject | null): JsonObject => ({
  ...{ id: 'resp_1', object: 'response', created_at: 1, status, error: null, incomplete_details: null, model: 'm' },
  ...{ output, usage },
})
const item = (text: string): JsonObject => ({
  ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text, annotations: [] }],
})
const openaiResponses: Provider = {
  ...{ wire: 'openai-responses', path: '/v1', id: 'gpt-4o' },
  whole: (usage) => response([item('Grüezi')], 'completed', usage),
  usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
  absurd: { input_tokens: -10, output_tokens: 1e15, total_tokens: 'many' },
  begin: [
    typed({ type: 'response.created', response: response([], 'in_progress', null) }),
    typed({ type: 'response.output_item.added', output_index: 0, item: { ...item(''), content: [] } }),
  ],
  piece: typed({ type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg_1', delta: 'Grüezi' }),
  finish: [typed({ type: 'response.output_item.done', output_index: 0, item: item('Grüezi') })],
  last: (usage) => [typed({ type: 'response.completed', response: response([item('Grüezi')], 'completed', usage ?? null) })],
  openCall: [
    typed({
      type: 'response.output_item.added',
      output_index: 1,
      item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '', status: 'in_progress' },
    }),
    typed({ type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'fc_1', delta: '{"x":' }),
  ],
  bounded: (usage) => {
    const cut = { ...response([item('Grüezi')], 'incomplete', usage), incomplete_details: { reason: 'max_output_tokens' } }
    return [typed({ type: 'response.incomplete', response: cut })]
  },
}

const candidate = (parts: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  ...{ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }], modelVersion: 'm', responseId: 'r1' },
})
const gemini: Provider = {
  ...{ wire: 'gemini', path: '/v1beta', id: 'gemini-2.5-flash' },
  whole: (usage) => ({ ...candidate([{ text: 'Grüezi' }], { finishReason: 'STOP' }), usageMetadata: usage }),
  usage: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
  absurd: { promptTokenCount: -10, candidatesTokenCount: 1e15, totalTokenCount: 'many' },
  begin: [],
  piece: { data: candidate([{ text: 'Grüezi' }]) },
  finish: [{ data: candidate([], { finishReason: 'STOP' }) }],
  last: (usage) => (usage === undefined ? [] : [{ data: { usageMetadata: usage, modelVersion: 'm', responseId: 'r1' } }]),
  openCall: [{ data: candidate([{ functionCall: { name: 'f', willContinue: true } }]) }],
  bounded: (usage) => [{ data: { ...candidate([], { finishReason: 'MAX_TOKENS' }), usageMetadata: usage } }],
}

const converse: Provider = {
  ...{ wire: 'converse', path: '', id: 'anthropic.claude-sonnet-4-5-20250929-v1:0' },
  whole: (usage) => ({
    ...{ output: { message: { role: 'assistant', content: [{ text: 'Grüezi' }] } }, stopReason: 'end_turn', usage },
    metrics: { latencyMs: 1 },
  }),
  usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
  absurd: { inputTokens: -10, outputTokens: 1e15, totalTokens: 'many' },
  begin: [{ event: 'messageStart', data: { role: 'assistant' } }],
  piece: { event: 'contentBlockDelta', data: { contentBlockIndex: 0, delta: { text: 'Grüezi' } } },
  finish: [
    { event: 'contentBlockStop', data: { contentBlockIndex: 0 } },
    { event: 'messageStop', data: { stopReason: 'end_turn' } },
  ],
  last: (usage) => (usage === undefined ? [] : [{ event: 'metadata', data: { usage, metrics: { latencyMs: 1 } } }]),
  openCall: [
    { event: 'contentBlockStart', data: { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't1', name: 'f' } } } },
    { event: 'contentBlockDelta', data: { contentBlockIndex: 1, delta: { toolUse: { input: '{"x":' } } } },
  ],
  bounded: (usage) => [
    { event: 'contentBlockStop', data: { contentBlockIndex: 1 } },
    { event: 'messageStop', data: { stopReason: 'max_tokens' } },
    { event: 'metadata', data: { usage, metrics: { latencyMs: 1 } } },
  ],
}

/** A provider of each wire. */
export const PROVIDERS: readonly Provider[] = [openaiChat, anthropicMessages, openaiResponses, gemini, converse]

/** The bytes of a stream, as the wire frames it. `spoil` changes the text of each frame's data. */
export function streamBytes({ wire }: Provider, frames: readonly Frame[], spoil = (data: Buffer): Uint8Array => data): Uint8Array {
  return Buffer.concat(
    frames.map(({ event, data }) => {
      const text = spoil(Buffer.from(data === '[DONE]' ? data : JSON.stringify(data)))
      if (wire === 'converse') return encodeMessage({ ':message-type': 'event', ':event-type': event ?? '' }, text)
      return Buffer.concat([Buffer.from(event === undefined ? 'data: ' : `event: ${event}\ndata: `), text, Buffer.from('\n\n')])
    }),
  )
}

/** Answers with these bytes as a stream, of the wire's own content type unless another is said. */
export function streamOf({ wire }: Provider, body: Uint8Array, contentType?: string): Answer {
  const own = wire === 'converse' ? 'application/vnd.amazon.eventstream' : 'text/event-stream'
  return wholeReply({ headers: { 'content-type': contentType ?? own }, body })
}
