// The floor: what any gateway on this runtime must do for a call, and nothing else. Every other figure is a ratio to it.
import { announce } from './lab/child.ts'

const upstream = `http://127.0.0.1:${process.env.MOCK_PORT}/v1/chat/completions`
const headers = { 'content-type': 'application/json', authorization: `Bearer ${process.env.MOCK_KEY}` }

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const body = await request.text()
    const call = JSON.parse(body) as { readonly stream?: boolean }
    const reply = await fetch(upstream, { method: 'POST', headers, body, signal: request.signal })
    const type = { 'content-type': reply.headers.get('content-type') ?? 'application/json' }
    if (call.stream) return new Response(reply.body, { status: reply.status, headers: type })
    const text = await reply.text()
    JSON.parse(text)
    return new Response(text, { status: reply.status, headers: type })
  },
})
announce(server.port)
