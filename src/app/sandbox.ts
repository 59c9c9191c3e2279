import { isObject } from '../core/json.ts'
import type { World } from '../core/world.ts'
import { type HttpServer, serveHttp } from '../platform/serve-http.ts'

const encoder = new TextEncoder()
/** Between two words of a stream: slow enough to be seen, fast enough not to be waited for. */
const WORD_PAUSE_MS = 15

/**
 * A provider without a model, for the first minute: it answers deterministically, streams, and reports usage.
 * It says in every answer that it is the sandbox, so that nobody takes it for a model.
 */
export function startSandbox(world: World): HttpServer {
  return serveHttp({ host: '127.0.0.1', port: 0, maxBodyBytes: 64 * 1024 * 1024, fetch: (request) => answer(world, request) })
}

async function answer(world: World, request: Request): Promise<Response> {
  const body: unknown = await request.json().catch(() => undefined)
  if (!isObject(body) || !Array.isArray(body.messages)) {
    return Response.json(
      { error: { message: 'The sandbox expects a chat completions request.', type: 'invalid_request_error' } },
      { status: 400 },
    )
  }
  const said = lastUserText(body.messages)
  const content = `This is the Signalbox sandbox, not a model. You said: ${said.slice(0, 500)}`
  const usage = usageOf(JSON.stringify(body.messages), content)
  const head = { id: `chatcmpl-sandbox-${usage.total_tokens}`, created: Math.floor(world.now() / 1000), model: 'sandbox' }
  if (body.stream !== true) {
    const message = { role: 'assistant', content, refusal: null }
    return Response.json({
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
      usage,
    })
  }
  const wantsUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
  return new Response(streamWords(world, request.signal, framesOf(head, content, wantsUsage ? usage : undefined)), {
    headers: { 'content-type': 'text/event-stream' },
  })
}

function framesOf(head: object, content: string, usage: object | undefined): readonly string[] {
  const chunk = (choices: readonly object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`
  const words = content.match(/\S+\s*/g) ?? []
  return [
    chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
    ...words.map((word) => chunk([{ index: 0, delta: { content: word }, finish_reason: null }])),
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
    ...(usage === undefined ? [] : [chunk([], { usage })]),
    'data: [DONE]\n\n',
  ]
}

function streamWords(world: World, signal: AbortSignal, frames: readonly string[]): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream(
    {
      pull: async (controller) => {
        const frame = frames[at++]
        if (frame !== undefined) controller.enqueue(encoder.encode(frame))
        if (frame === undefined || at === frames.length) controller.close()
        else await world.sleep(WORD_PAUSE_MS, signal).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

function lastUserText(messages: readonly unknown[]): string {
  const last = messages.findLast((message) => isObject(message) && message.role === 'user')
  const content = isObject(last) ? last.content : undefined
  return typeof content === 'string' ? content : JSON.stringify(content ?? '')
}

/** Four bytes a token: not how any model counts, but the same every time. */
function usageOf(input: string, output: string) {
  const [prompt, completion] = [Math.ceil(input.length / 4), Math.ceil(output.length / 4)]
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}
