// A small MCP server over streamable HTTP that does wrong what can be done wrong. Which wrong is the name of the tool.

/** A running server of faults. */
export interface FaultHttpServer {
  readonly url: string
  /** Requests that it was told to stop, by its own ids. */
  readonly cancelled: readonly unknown[]
  /** Streams that are open now. */
  readonly openStreams: () => number
  stop(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly name?: string; readonly requestId?: unknown }
}

/** What the faults share. */
interface State {
  readonly cancelled: unknown[]
  openStreams: number
  sessions: number
}

type Fault = (id: number | undefined, state: State, signal: AbortSignal) => Response | Promise<Response>

const result = (id: number | undefined, text: string) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } })
const json = (value: unknown, status = 200) => Response.json(value, { status })
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const notification = (data: number) => ({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } })

/** What each tool does in place of answering as it should. */
const FAULTS: Readonly<Record<string, Fault>> = {
  good: (id) => json(result(id, 'good')),
  html: () => new Response('<html>It works!</html>', { headers: { 'content-type': 'text/html' } }),
  half_json: () => new Response('{"jsonrpc":"2.0","id":', { headers: { 'content-type': 'application/json' } }),
  no_body: () => new Response('', { headers: { 'content-type': 'application/json' } }),
  accepted: () => new Response(null, { status: 202 }),
  failure: () => new Response('Internal Server Error', { status: 500 }),
  forbidden: () => json({ error: 'no' }, 403),
  elsewhere: () => new Response(null, { status: 307, headers: { location: 'http://127.0.0.1:1/mcp' } }),
  wrong_id: () => json(result(424_242, 'for nobody')),
  batch: (id) => json([result(id, 'in a list')]),
  never: () => new Promise<Response>(() => {}),
  twice: (id) => stream([result(id, 'first'), result(id, 'second')].map(event)),
  wrong_then_right: (id) =>
    stream([event(result(424_242, 'for nobody')), 'data: rubbish\n\n', ': comment\n\n', event(result(id, 'right'))]),
  cut_stream: (_id) => stream([event(notification(1))]),
  endless_comments: (_id, state, signal) => endless(state, signal, () => ': still here\n\n'),
  endless_messages: (_id, state, signal) => endless(state, signal, (at) => event(notification(at))),
  endless_line: (_id, state, signal) => endless(state, signal, (at) => (at === 0 ? 'data: ' : 'x'.repeat(1000))),
}

function stream(pieces: readonly string[]): Response {
  return new Response(pieces.join(''), { headers: { 'content-type': 'text/event-stream' } })
}

/** A stream that never ends by itself. */
function endless(state: State, signal: AbortSignal, pieceAt: (index: number) => string): Response {
  const encoder = new TextEncoder()
  let timer: ReturnType<typeof setInterval> | undefined
  const leave = () => {
    if (timer === undefined) return
    clearInterval(timer)
    timer = undefined
    state.openStreams--
  }
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      state.openStreams++
      let index = 0
      timer = setInterval(() => controller.enqueue(encoder.encode(pieceAt(index++))), 20)
      signal.addEventListener('abort', leave, { once: true })
    },
    cancel: leave,
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

/** Starts it on a free port. */
export function startFaultHttp(): FaultHttpServer {
  const state: State = { cancelled: [], openStreams: 0, sessions: 0 }
  const bun = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      if (request.method !== 'POST') return new Response(null, { status: 405 })
      // The gateway sends JSON-RPC.
      return answer((await request.json()) as Message, state, request.signal)
    },
  })
  return {
    url: `http://127.0.0.1:${bun.port}/mcp`,
    cancelled: state.cancelled,
    openStreams: () => state.openStreams,
    stop: () => bun.stop(true),
  }
}

function answer({ id, method, params }: Message, state: State, signal: AbortSignal): Response | Promise<Response> {
  if (method === 'notifications/cancelled') state.cancelled.push(params?.requestId)
  if (id === undefined) return new Response(null, { status: 202 })
  if (method === 'initialize') {
    const greeting = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'faults', version: '1' } }
    return Response.json({ jsonrpc: '2.0', id, result: greeting }, { headers: { 'mcp-session-id': `s${++state.sessions}` } })
  }
  if (method === 'tools/list') {
    const tools = Object.keys(FAULTS).map((name) => ({ name, inputSchema: { type: 'object' } }))
    return json({ jsonrpc: '2.0', id, result: { tools } })
  }
  const fault = FAULTS[params?.name ?? '']
  return fault === undefined ? json({ jsonrpc: '2.0', id, error: { code: -32_601, message: 'No such thing' } }) : fault(id, state, signal)
}
