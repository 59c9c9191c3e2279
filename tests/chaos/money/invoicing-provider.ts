import type { Chance } from '../lab/chance.ts'
import { PRICE } from '../lab/lab.ts'
import { pause } from '../lab/until.ts'

/** What the provider will bill for the calls of one trace, in nano-USD. Its own account, which the gateway never sees. */
export interface Invoice {
  readonly byTrace: ReadonlyMap<string, number>
  readonly total: number
}

/** A provider that keeps its own invoice. */
export interface InvoicingProvider extends AsyncDisposable {
  readonly baseUrl: string
  readonly invoice: Invoice
  /** Requests that it has received. */
  readonly received: number
}

const MOST_TOKENS = 60

/**
 * Starts a provider of random moods: whole replies and streams, usage told at the end or all along, errors before and inside of a reply, slow
 * and quick. It bills input and output of
 * what it does, whoever is still there to read it: a whole reply when it is asked for, a stream as it writes. Errors are free.
 */
export function startInvoicingProvider(chance: Chance): InvoicingProvider {
  const byTrace = new Map<string, number>()
  let total = 0
  let received = 0
  const bill = (trace: string, nanoUsd: number) => {
    byTrace.set(trace, (byTrace.get(trace) ?? 0) + nanoUsd)
    total += nanoUsd
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: async (request) => {
      received++
      const text = await request.text()
      const trace = request.headers.get('traceparent')?.split('-')[1] ?? ''
      // Sent by the gateway: an object with these fields.
      const body = JSON.parse(text) as { readonly stream?: boolean; readonly max_tokens?: number }
      const inputTokens = Math.ceil(text.length / 4)
      const outputTokens = chance.between(1, Math.min(body.max_tokens ?? MOST_TOKENS, MOST_TOKENS))
      const mood = chance.next()
      if (mood < 0.06)
        return Response.json({ error: { message: 'Failed on purpose.', type: 'server_error' } }, { status: chance.pick([500, 503, 429]) })
      const usage = { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
      if (body.stream !== true) {
        bill(trace, inputTokens * PRICE.inputNanoUsd + outputTokens * PRICE.outputNanoUsd)
        await pause(chance.between(0, 60))
        return Response.json({
          choices: [{ index: 0, message: { role: 'assistant', content: 'word '.repeat(outputTokens) }, finish_reason: 'stop' }],
          usage,
        })
      }
      bill(trace, inputTokens * PRICE.inputNanoUsd)
      const cutAfter = mood < 0.1 ? chance.between(0, outputTokens) : Number.POSITIVE_INFINITY
      const isSaid = mood < 0.97
      // As some do: what was used so far with each frame. A client may leave when much was told, and not the end.
      const running = chance.next() < 0.4 ? inputTokens : undefined
      const frames = streamFrames(outputTokens, { usage: isSaid ? usage : undefined, cutAfter, running }, () =>
        bill(trace, PRICE.outputNanoUsd),
      )
      return new Response(pulled(frames, chance.between(0, 6)), { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return {
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    invoice: {
      byTrace,
      get total() {
        return total
      },
    },
    get received() {
      return received
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

/** The frames of a stream, a token each, with its end. One that is cut ends without a word. */
function* streamFrames(
  tokens: number,
  { usage, cutAfter, running }: { readonly usage: object | undefined; readonly cutAfter: number; readonly running: number | undefined },
  onToken: () => void,
): Generator<string> {
  yield frame({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] })
  for (let token = 0; token < tokens; token++) {
    if (token === cutAfter) return
    onToken()
    const sofar = running === undefined ? {} : { usage: { prompt_tokens: running, completion_tokens: token + 1 } }
    yield frame({ choices: [{ index: 0, delta: { content: `word${token} ` }, finish_reason: null }], ...sofar })
  }
  yield frame({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  if (usage !== undefined) yield frame({ choices: [], usage })
  yield 'data: [DONE]\n\n'
}

function frame(fields: object): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'fake-model', ...fields })}\n\n`
}

/** Pulled: what nobody reads is not written, and not billed. */
function pulled(frames: Generator<string>, pauseMs: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      pull: async (controller) => {
        if (pauseMs > 0) await pause(pauseMs)
        const { value, done } = frames.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
    },
    { highWaterMark: 0 },
  )
}
