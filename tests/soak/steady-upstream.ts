import { PRICE } from '../chaos/lab/lab.ts'
import { pause } from '../chaos/lab/until.ts'

const USAGE = { prompt_tokens: 300, completion_tokens: 30, total_tokens: 330 } as const
/** What every call costs whose reply came whole. */
export const CALL_COST_NANO_USD = BigInt(USAGE.prompt_tokens * PRICE.inputNanoUsd + USAGE.completion_tokens * PRICE.outputNanoUsd)
const HEAD = { id: 'chatcmpl-soak', created: 1_795_000_000, model: 'fake-model' }
const PIECES = 20
const PIECE_MS = 5

/** A provider that remembers nothing of a request but that it came: it must not run out of memory itself. */
export interface SteadyUpstream extends Disposable {
  readonly baseUrl: string
  readonly requests: number
}

/** Starts it: whole replies at once, streams of a tenth of a second. */
export function openSteadyUpstream(): SteadyUpstream {
  let requests = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      requests++
      const { stream } = (await request.json()) as { readonly stream?: boolean } // the gateway sends what the clients of this run sent
      return stream === true ? streamed() : whole()
    },
  })
  return {
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    get requests() {
      return requests
    },
    [Symbol.dispose]: () => void server.stop(true),
  }
}

function whole(): Response {
  const message = { role: 'assistant', content: 'Steady. '.repeat(30), refusal: null }
  return Response.json({ ...HEAD, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], usage: USAGE })
}

function streamed(): Response {
  let at = 0
  const body = new ReadableStream<string>(
    {
      pull: async (controller) => {
        await pause(PIECE_MS)
        controller.enqueue(FRAMES[at++] ?? '')
        if (at === FRAMES.length) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body.pipeThrough(new TextEncoderStream()), { headers: { 'content-type': 'text/event-stream' } })
}

const FRAMES: readonly string[] = [
  ...Array.from({ length: PIECES }, () => frame([{ index: 0, delta: { content: 'Steady. ' }, finish_reason: null }])),
  frame([{ index: 0, delta: {}, finish_reason: 'stop' }]),
  frame([], { usage: USAGE }),
  'data: [DONE]\n\n',
]

function frame(choices: readonly object[], more: object = {}): string {
  return `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices, ...more })}\n\n`
}
