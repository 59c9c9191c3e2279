import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { World } from '../../core/world.ts'
import { type HttpServer, serveHttp } from '../../platform/serve-http.ts'
import { fillArguments } from './fill-arguments.ts'

const encoder = new TextEncoder()
/** Between two pieces of a stream: slow enough to be seen, fast enough not to be waited for. */
const PIECE_PAUSE_MS = 15
const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_QUOTED = 500

/**
 * A provider without a model, for the first minute: it answers deterministically, streams, calls tools and reports usage.
 * It says in every answer that it is the sandbox, so that nobody takes it for a model.
 * @param port 0 for any that is free
 * @throws conflict where the port is taken
 */
export function startSandboxProvider(world: World, port = 0): HttpServer {
  return serveHttp({ host: '127.0.0.1', port, maxBodyBytes: MAX_BODY_BYTES, fetch: (request) => answer(world, request) })
}

async function answer(world: World, request: Request): Promise<Response> {
  const body: unknown = await request.json().catch(() => undefined)
  if (!isObject(body) || !Array.isArray(body.messages)) {
    return Response.json(
      {
        error: {
          message: 'The sandbox expects a chat completions request: an object with a list "messages".',
          type: 'invalid_request_error',
        },
      },
      { status: 400 },
    )
  }
  const said = saySomething(body, body.messages)
  const usage = usageOf(JSON.stringify(body.messages), JSON.stringify(said))
  const head = { id: `chatcmpl-sandbox-${usage.total_tokens}`, created: Math.floor(world.now() / 1000), model: 'sandbox' }
  if (body.stream !== true) return Response.json({ ...wholeOf(head, said), usage })
  const wantsUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
  return new Response(streamFrames(world, request.signal, framesOf(head, said, wantsUsage ? usage : undefined)), {
    headers: { 'content-type': 'text/event-stream' },
  })
}

/** What the sandbox answers: a text, or a wish to have a tool called. */
type Said =
  | { readonly type: 'text'; readonly content: string }
  | { readonly type: 'tool'; readonly id: string; readonly name: string; readonly arguments: string }

function saySomething(body: JsonObject, messages: readonly Json[]): Said {
  const results = messages.slice(messages.findLastIndex((message) => roleOf(message) !== 'tool') + 1)
  if (results.length > 0)
    return { type: 'text', content: `${INTRODUCTION} The tool answered: ${results.map(textOf).join(' · ').slice(0, MAX_QUOTED)}` }
  const text = textOf(messages.findLast((message) => roleOf(message) === 'user'))
  const tool = toolFor(body, text)
  // Ids must differ within a conversation, which every round makes longer.
  if (tool !== undefined) return { type: 'tool', id: `call_sandbox_${messages.length}`, ...tool }
  return { type: 'text', content: `${INTRODUCTION} You said: ${text.slice(0, MAX_QUOTED)}` }
}

const INTRODUCTION = 'This is the Signalbox sandbox, not a model.'

/** The tool to call: the one that the request insists on, else the one that the user names, else the first; if its arguments can be made up. */
function toolFor(body: JsonObject, said: string): { readonly name: string; readonly arguments: string } | undefined {
  const { tools, tool_choice: choice } = body
  if (!Array.isArray(tools) || choice === 'none') return undefined
  const insisted = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined
  const callable = tools.flatMap((tool: Json) => {
    const called = isObject(tool) ? tool.function : undefined
    if (!isObject(called) || typeof called.name !== 'string' || (insisted !== undefined && insisted !== called.name)) return []
    const filled = fillArguments(called.parameters, said)
    return filled === undefined ? [] : [{ name: called.name, arguments: JSON.stringify(filled) }]
  })
  return callable.find(({ name }) => said.includes(name)) ?? callable[0]
}

function wholeOf(head: object, said: Said): object {
  const message =
    said.type === 'text'
      ? { role: 'assistant', content: said.content, refusal: null }
      : { role: 'assistant', content: null, refusal: null, tool_calls: [toolCallOf(said, said.arguments)] }
  return { ...head, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(said) }] }
}

function framesOf(head: object, said: Said, usage: object | undefined): readonly string[] {
  const chunk = (choices: readonly object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`
  const delta = (value: object, finish: string | null = null) => chunk([{ index: 0, delta: value, finish_reason: finish }])
  const pieces =
    said.type === 'text'
      ? [{ role: 'assistant', content: '' }, ...wordsOf(said.content).map((content) => ({ content }))]
      : [
          { role: 'assistant', content: null, tool_calls: [{ index: 0, ...toolCallOf(said, '') }] },
          ...wordsOf(said.arguments).map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
        ]
  return [
    ...pieces.map((piece) => delta(piece)),
    delta({}, finishOf(said)),
    ...(usage === undefined ? [] : [chunk([], { usage })]),
    'data: [DONE]\n\n',
  ]
}

function toolCallOf({ id, name }: { readonly id: string; readonly name: string }, written: string) {
  return { id, type: 'function', function: { name, arguments: written } }
}

function finishOf({ type }: Said): string {
  return type === 'tool' ? 'tool_calls' : 'stop'
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\S+\s*|\s+/g) ?? []
}

function streamFrames(world: World, signal: AbortSignal, frames: readonly string[]): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream(
    {
      pull: async (controller) => {
        const frame = frames[at++]
        if (frame !== undefined) controller.enqueue(encoder.encode(frame))
        if (frame === undefined || at === frames.length) controller.close()
        else await world.sleep(PIECE_PAUSE_MS, signal).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

function roleOf(message: Json | undefined): Json | undefined {
  return isObject(message) ? message.role : undefined
}

/** The text of a message. Parts that are no text are left out of it. */
function textOf(message: Json | undefined): string {
  const content: Json | undefined = isObject(message) ? message.content : undefined
  if (typeof content === 'string') return content
  const parts: readonly Json[] = Array.isArray(content) ? content : []
  return parts.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** Four bytes a token: not how any model counts, but the same every time. */
function usageOf(input: string, output: string) {
  const [prompt, completion] = [Math.ceil(input.length / 4), Math.ceil(output.length / 4)]
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}
