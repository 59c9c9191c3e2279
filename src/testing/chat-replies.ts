import type { Usage } from '../core/events.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import type { ReceivedRequest } from './received-request.ts'
import { errorReply, type ScriptHeaders, type StreamReply, streamReply, wholeReply } from './upstream-replies.ts'
import type { Answer } from './upstream-steps.ts'

/** What a model says, in OpenAI's wire. */
export interface ChatScript {
  readonly id?: string
  /** Left out: the one that was asked for. */
  readonly model?: string
  readonly content?: string
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly finishReason?: string
  /** Left out: the upstream does not say. */
  readonly usage?: Usage
  readonly headers?: ScriptHeaders
}

/** A streamed completion: how it is said, and what goes wrong. */
export interface ChatStreamScript extends ChatScript, Omit<StreamReply, 'frames'> {
  /** The content in the pieces in which it is sent; left out, `content` in one. */
  readonly pieces?: readonly string[]
  /** `asked`: as OpenAI does, with `stream_options.include_usage`. */
  readonly usageWhen?: 'asked' | 'always' | 'never'
  /** Leaves `[DONE]` out. */
  readonly isDoneMissing?: boolean
  /** Puts an error into the stream in place of the frame of this index (0 is before any content), and stops there. */
  readonly errorFrame?: { readonly at: number; readonly error: object }
}

/** What an upstream without a script says. */
export const DEFAULT_CHAT = { content: 'Hello there.', usage: { inputTokens: 10, outputTokens: 3 } } as const satisfies ChatScript

const CREATED = 1_795_000_000

/** A completion in one piece. */
export function chatReply(script: ChatScript = DEFAULT_CHAT): Answer {
  return (request) => wholeReply({ body: chatBody(script, request), ...headersOf(script) })(request)
}

/** A completion in frames: role, pieces of content, tool calls, finish, usage, `[DONE]`. */
export function chatStream(script: ChatStreamScript = DEFAULT_CHAT): Answer {
  return (request) => streamReply({ ...script, frames: chatFrames(script, request) })(request)
}

/** Whole or streamed, as the request asks. */
export function chatAnswer(script: ChatStreamScript = DEFAULT_CHAT): Answer {
  const [whole, streamed] = [chatReply(script), chatStream(script)]
  return (request) => (request.jsonObject().stream === true ? streamed : whole)(request)
}

/** What an upstream does without a script: completions, a list of models, and 404 for the rest. */
export function ordinaryAnswer(): Answer {
  const chat = chatAnswer()
  const models = wholeReply({ body: { object: 'list', data: [{ id: 'fake-model', object: 'model', created: CREATED, owned_by: 'fake' }] } })
  const unknown = errorReply({ status: 404, message: 'Unknown path.', type: 'invalid_request_error' })
  return (request) => {
    const path = request.path.split('?', 1)[0] ?? ''
    if (path.endsWith('/chat/completions')) return chat(request)
    return path.endsWith('/models') ? models(request) : unknown(request)
  }
}

/** The body of a whole completion. */
export function chatBody(script: ChatScript, request: ReceivedRequest): object {
  const message = { role: 'assistant', content: script.content ?? null, refusal: null, ...toolCallsOf(script) }
  return {
    ...envelope(script, request, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(script) }],
    ...(script.usage === undefined ? {} : { usage: wireUsage(script.usage) }),
  }
}

/** The frames of a streamed completion, each with its blank line. */
export function chatFrames(script: ChatStreamScript, request: ReceivedRequest): readonly string[] {
  const isUsageSent = script.usage !== undefined && wantsUsage(script, request)
  const chunk = (choices: readonly object[], more: object = {}) =>
    frameOf({ ...envelope(script, request, 'chat.completion.chunk'), choices, ...(isUsageSent ? { usage: null } : {}), ...more })
  const delta = (value: object, finish: string | null = null) => chunk([{ index: 0, delta: value, logprobs: null, finish_reason: finish }])
  const pieces = script.pieces ?? (script.content === undefined ? [] : [script.content])
  const frames = [
    delta({ role: 'assistant', content: '', refusal: null }),
    ...pieces.map((content) => delta({ content })),
    ...toolCallDeltas(script).map((call) => delta({ tool_calls: [call] })),
    delta({}, finishOf(script)),
    ...(isUsageSent && script.usage !== undefined ? [chunk([], { usage: wireUsage(script.usage) })] : []),
    ...(script.isDoneMissing ? [] : ['data: [DONE]\n\n']),
  ]
  const { errorFrame } = script
  return errorFrame === undefined ? frames : [...frames.slice(0, errorFrame.at), frameOf({ error: errorFrame.error })]
}

/** Usage as OpenAI writes it; what is not known is left out. */
export function wireUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage
  const total = inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: total,
    ...(cachedInputTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(reasoningTokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  }
}

function wantsUsage(script: ChatStreamScript, request: ReceivedRequest): boolean {
  if (script.usageWhen === 'always' || script.usageWhen === 'never') return script.usageWhen === 'always'
  const options = request.jsonObject().stream_options
  return isObject(options) && options.include_usage === true
}

function envelope(script: ChatScript, request: ReceivedRequest, object: string): object {
  const asked = request.jsonObject().model
  return { id: script.id ?? 'chatcmpl-fake', object, created: CREATED, model: script.model ?? asked ?? 'fake-model' }
}

function finishOf(script: ChatScript): string {
  return script.finishReason ?? (script.toolCalls === undefined ? 'stop' : 'tool_calls')
}

function toolCallsOf(script: ChatScript): object {
  if (script.toolCalls === undefined) return {}
  return { tool_calls: script.toolCalls.map(({ id, ...call }) => ({ id, type: 'function', function: call })) }
}

/** Each call in two deltas, the arguments cut in the middle, as providers do. */
function toolCallDeltas(script: ChatScript): readonly object[] {
  return (script.toolCalls ?? []).flatMap((call, index) => {
    const middle = Math.floor(call.arguments.length / 2)
    const first = { name: call.name, arguments: call.arguments.slice(0, middle) }
    return [
      { index, id: call.id, type: 'function', function: first },
      { index, function: { arguments: call.arguments.slice(middle) } },
    ]
  })
}

function frameOf(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

function headersOf(script: ChatScript): { readonly headers?: ScriptHeaders } {
  return script.headers === undefined ? {} : { headers: script.headers }
}
