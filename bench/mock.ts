// A mock OpenAI-compatible upstream: raw TCP and precomputed bytes, because Bun.serve costs about as much as the floor itself.
import { announce } from './lab/child.ts'
import { Connection, type MockState } from './mock/connection.ts'
import { Pacer } from './mock/pacer.ts'

const state: MockState = { pacer: new Pacer(), apiKey: process.env.MOCK_KEY ?? '', openReplies: 0, calls: 0 }

const server = Bun.listen<Connection | undefined>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      socket.setNoDelay(true)
      socket.data = new Connection(socket, state)
    },
    data: (socket, bytes) => socket.data?.receive(bytes),
    drain: (socket) => socket.data?.drain(),
    close: (socket) => socket.data?.close(),
    error: (socket) => socket.data?.close(),
  },
})
announce(server.port)
