// The floor of tools and agents: what comes in goes to the mock with the mock's credential, what comes back goes out. Nothing is parsed.
import { announce } from './lab/child.ts'

const upstream = `http://127.0.0.1:${process.env.MOCK_PORT}`
const headers = { 'content-type': 'application/json', authorization: `Bearer ${process.env.MOCK_KEY}` }

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url)
    const reply = await fetch(upstream + pathname, { method: 'POST', headers, body: await request.text(), signal: request.signal })
    return new Response(await reply.text(), { status: reply.status, headers: { 'content-type': 'application/json' } })
  },
})
announce(server.port)
