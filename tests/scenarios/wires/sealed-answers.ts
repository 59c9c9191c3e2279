import { isObject, type Json, type JsonObject } from '../../../src/core/json.ts'
import { type Answer, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { type Frame, PROVIDERS, type Provider, streamBytes, streamOf } from './lies.ts'

/** What no gateway may change by a byte: base64 with every odd character, long enough to be cut in two. */
export const SEAL = `EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pki${'Ab+/9z'.repeat(20)}MOYds+/==`
const [HALF, REST] = [SEAL.slice(0, 50), SEAL.slice(50)]
const THOUGHT = 'They ask for Bern.'
const ARGUMENTS = { city: 'Bern' }

/** How a provider answers with sealed thinking and a call of a tool, and where it wants the seal back. */
export interface SealedAnswer {
  readonly provider: Provider
  readonly whole: JsonObject
  readonly frames: readonly Frame[]
  /** What its next request says of the turn, as far as the seal reaches; the lists of its blocks. */
  readonly turnIn: (request: JsonObject) => Json | undefined
  readonly turn: JsonObject | readonly JsonObject[]
}

function providerOf(wire: string): Provider {
  const found = PROVIDERS.find((provider) => provider.wire === wire)
  if (found === undefined) throw new Error(`There is no provider of ${wire}.`)
  return found
}

const typed = (data: JsonObject & { readonly type: string }): Frame => ({ event: data.type, data })

function assistantTurn(list: Json | undefined): Json | undefined {
  const turns: readonly Json[] = Array.isArray(list) ? list : []
  return turns.find((turn) => isObject(turn) && turn.role !== 'user')
}

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null }
const toolUse = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: ARGUMENTS }
const messages: SealedAnswer = {
  provider: providerOf('anthropic-messages'),
  whole: {
    ...{ ...MESSAGE, stop_reason: 'tool_use', usage: { input_tokens: 10, output_tokens: 5 } },
    content: [{ type: 'thinking', thinking: THOUGHT, signature: SEAL }, toolUse],
  },
  frames: [
    typed({
      type: 'message_start',
      message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 10, output_tokens: 1 } },
    }),
    typed({ type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } }),
    typed({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: THOUGHT } }),
    typed({ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: SEAL } }),
    typed({ type: 'content_block_stop', index: 0 }),
    typed({ type: 'content_block_start', index: 1, content_block: { ...toolUse, input: {} } }),
    typed({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: JSON.stringify(ARGUMENTS) } }),
    typed({ type: 'content_block_stop', index: 1 }),
    typed({ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 5 } }),
    typed({ type: 'message_stop' }),
  ],
  turnIn: ({ messages: list }) => assistantTurn(list),
  turn: { role: 'assistant', content: [{ type: 'thinking', thinking: THOUGHT, signature: SEAL }, toolUse] },
}

/** As Claude thinks by itself: nobody asked for its words, so they are left out. */
const wordless: SealedAnswer = {
  ...messages,
  whole: { ...messages.whole, content: [{ type: 'thinking', thinking: '', signature: SEAL }, toolUse] },
  frames: messages.frames.filter(({ data }) => !JSON.stringify(data).includes('thinking_delta')),
  turn: { role: 'assistant', content: [{ type: 'thinking', thinking: '', signature: SEAL }, toolUse] },
}

/** What it thought is encrypted whole. */
const redacted: SealedAnswer = {
  ...messages,
  whole: { ...messages.whole, content: [{ type: 'redacted_thinking', data: SEAL }, toolUse] },
  frames: messages.frames.flatMap((frame) => {
    if (frame === messages.frames[1])
      return [typed({ type: 'content_block_start', index: 0, content_block: { type: 'redacted_thinking', data: SEAL } })]
    return /"(?:thinking|signature)_delta"/.test(JSON.stringify(frame.data)) ? [] : [frame]
  }),
  turn: { role: 'assistant', content: [{ type: 'redacted_thinking', data: SEAL }, toolUse] },
}

const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'm', error: null, incomplete_details: null }
const reasoning = { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: THOUGHT }], encrypted_content: SEAL }
const functionCall = {
  ...{ type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', status: 'completed' },
  arguments: JSON.stringify(ARGUMENTS),
}
const DONE = {
  ...RESPONSE,
  status: 'completed',
  output: [reasoning, functionCall],
  usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
}
const responses: SealedAnswer = {
  provider: providerOf('openai-responses'),
  whole: DONE,
  frames: [
    typed({ type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } }),
    typed({ type: 'response.output_item.added', output_index: 0, item: { ...reasoning, summary: [], encrypted_content: null } }),
    typed({
      type: 'response.reasoning_summary_part.added',
      output_index: 0,
      item_id: 'rs_1',
      summary_index: 0,
      part: { type: 'summary_text', text: '' },
    }),
    typed({ type: 'response.reasoning_summary_text.delta', output_index: 0, item_id: 'rs_1', summary_index: 0, delta: THOUGHT }),
    typed({ type: 'response.reasoning_summary_text.done', output_index: 0, item_id: 'rs_1', summary_index: 0, text: THOUGHT }),
    typed({
      type: 'response.reasoning_summary_part.done',
      output_index: 0,
      item_id: 'rs_1',
      summary_index: 0,
      part: { type: 'summary_text', text: THOUGHT },
    }),
    typed({ type: 'response.output_item.done', output_index: 0, item: reasoning }),
    typed({ type: 'response.output_item.added', output_index: 1, item: { ...functionCall, arguments: '', status: 'in_progress' } }),
    typed({ type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'fc_1', delta: functionCall.arguments }),
    typed({ type: 'response.function_call_arguments.done', output_index: 1, item_id: 'fc_1', arguments: functionCall.arguments }),
    typed({ type: 'response.output_item.done', output_index: 1, item: functionCall }),
    typed({ type: 'response.completed', response: DONE }),
  ].map(({ event, data }, index) => ({ event: event ?? '', data: { ...(data as JsonObject), sequence_number: index } })),
  turnIn: ({ input }) =>
    (Array.isArray(input) ? input : []).filter((item: Json) => isObject(item) && /^(reasoning|function_call)$/.test(String(item.type))),
  turn: [
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: THOUGHT }], encrypted_content: SEAL },
    { type: 'function_call', call_id: 'call_1', name: 'weather' },
  ],
}

const signedCall = { functionCall: { name: 'weather', args: ARGUMENTS }, thoughtSignature: SEAL }
const candidate = (parts: readonly JsonObject[], more: JsonObject): JsonObject => ({
  ...{ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }], modelVersion: 'm', responseId: 'r1' },
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
})
const gemini: SealedAnswer = {
  provider: providerOf('gemini'),
  whole: candidate([{ text: THOUGHT, thought: true }, signedCall], { finishReason: 'STOP' }),
  frames: [
    { data: candidate([{ text: THOUGHT, thought: true }], {}) },
    { data: candidate([signedCall], {}) },
    { data: candidate([{ text: '' }], { finishReason: 'STOP' }) },
  ],
  // Thoughts themselves need not come back; the signature must, on the very call.
  turnIn: ({ contents }) => {
    const turn = assistantTurn(contents)
    const parts: readonly Json[] = isObject(turn) && Array.isArray(turn.parts) ? turn.parts : []
    return parts.find((part) => isObject(part) && 'functionCall' in part)
  },
  turn: signedCall,
}

const reasoningText = { reasoningContent: { reasoningText: { text: THOUGHT, signature: SEAL } } }
const converseCall = { toolUse: { toolUseId: 'tooluse_1', name: 'weather', input: ARGUMENTS } }
const USAGE = { inputTokens: 10, outputTokens: 5, totalTokens: 15 }
const block = (event: string, at: number, data: JsonObject): Frame => ({ event, data: { contentBlockIndex: at, ...data } })
const converse: SealedAnswer = {
  provider: providerOf('converse'),
  whole: {
    ...{ output: { message: { role: 'assistant', content: [reasoningText, converseCall] } }, stopReason: 'tool_use' },
    ...{ usage: USAGE, metrics: { latencyMs: 1 } },
  },
  frames: [
    { event: 'messageStart', data: { role: 'assistant' } },
    block('contentBlockDelta', 0, { delta: { reasoningContent: { text: THOUGHT } } }),
    block('contentBlockDelta', 0, { delta: { reasoningContent: { signature: HALF } } }),
    block('contentBlockDelta', 0, { delta: { reasoningContent: { signature: REST } } }),
    block('contentBlockStop', 0, {}),
    block('contentBlockStart', 1, { start: { toolUse: { toolUseId: 'tooluse_1', name: 'weather' } } }),
    block('contentBlockDelta', 1, { delta: { toolUse: { input: JSON.stringify(ARGUMENTS) } } }),
    block('contentBlockStop', 1, {}),
    { event: 'messageStop', data: { stopReason: 'tool_use' } },
    { event: 'metadata', data: { usage: USAGE, metrics: { latencyMs: 1 } } },
  ],
  turnIn: ({ messages: list }) => assistantTurn(list),
  turn: { role: 'assistant', content: [reasoningText, converseCall] },
}

const wordlessText = { reasoningContent: { reasoningText: { text: '', signature: SEAL } } }
const wordlessConverse: SealedAnswer = {
  ...converse,
  whole: { ...converse.whole, output: { message: { role: 'assistant', content: [wordlessText, converseCall] } } },
  frames: converse.frames.filter(({ data }) => !JSON.stringify(data).includes(THOUGHT)),
  turn: { role: 'assistant', content: [wordlessText, converseCall] },
}

/** A provider of each wire that seals what its model thought. */
export const SEALED_ANSWERS: readonly SealedAnswer[] = [messages, wordless, redacted, responses, gemini, converse, wordlessConverse]

/** The answer, whole or streamed. */
export function sealedAnswer({ provider, whole, frames }: SealedAnswer, isStream: boolean): Answer {
  return isStream ? streamOf(provider, streamBytes(provider, frames)) : wholeReply({ body: whole })
}
