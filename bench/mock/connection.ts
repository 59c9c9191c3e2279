import type { Socket } from 'bun'
import type { Paced, Pacer } from './pacer.ts'
import { agentCard, protocolReply } from './protocols.ts'
import { encodeWhole, errorReply, floodBlock, stampedChunk, streamEnd, streamStart, wholeReply } from './replies.ts'
import { type MockRequest, RequestReader } from './request.ts'
import { parseShape, type Shape } from './shapes.ts'

/** What the connections of one mock share. */
export interface MockState {
  readonly pacer: Pacer
  /** The credential that every request must bring: it proves that the proxy replaced the caller's. */
  readonly apiKey: string
  /** Replies that have begun and neither ended nor lost their client. */
  openReplies: number
  calls: number
}

type Stream = Extract<Shape, { type: 'stream' }>

/** One client of the mock. Nothing is ever queued here but the rest of one write: a client that stops reading stops the sending. */
export class Connection {
  readonly #socket: Socket<Connection | undefined>
  readonly #state: MockState
  readonly #reader = new RequestReader()
  #unsent: Uint8Array | undefined
  #floodBytesLeft = 0
  #isFlooding = false
  #isReplying = false
  #isClosed = false

  constructor(socket: Socket<Connection | undefined>, state: MockState) {
    this.#socket = socket
    this.#state = state
  }

  receive(bytes: Buffer): void {
    const request = this.#reader.push(bytes)
    if (request === undefined) return
    if (request.head.startsWith('GET /stats'))
      this.#send(encodeWhole(200, { openReplies: this.#state.openReplies, calls: this.#state.calls }))
    else if (request.head.startsWith('GET /') && request.head.includes('agent-card.json')) this.#send(agentCard(this.#socket.localPort))
    else if (/^POST \/(mcp|a2a)/.test(request.head)) this.#answerProtocol(request)
    else if (!request.head.startsWith('POST /v1/chat/completions'))
      this.#send(errorReply(404, 'The mock answers POST /v1/chat/completions.'))
    else if (!request.head.includes(this.#state.apiKey)) this.#send(errorReply(401, 'The proxy did not bring its own credential.'))
    else this.#answer(request)
  }

  /** The client has read: go on where the last write stopped. */
  drain(): void {
    if (this.#unsent !== undefined) this.#send(this.#unsent)
    if (this.#isFlooding) this.#flood()
  }

  close(): void {
    this.#isClosed = true
    this.#finish()
  }

  #answerProtocol(request: MockRequest): void {
    const hasKey = request.head.includes(this.#state.apiKey)
    const reply = hasKey ? protocolReply(request) : errorReply(401, 'The proxy did not bring its own credential.')
    this.#send(reply ?? errorReply(404, 'The mock has no such method.'))
  }

  #answer(request: MockRequest): void {
    this.#state.calls++
    const shape = parseShape(request.model)
    if (shape === undefined) this.#send(errorReply(404, `The mock has no model ${request.model}.`))
    else if (shape.type === 'whole') this.#send(wholeReply)
    else this.#startReply(shape, request)
  }

  #startReply(shape: Exclude<Shape, { type: 'whole' }>, request: MockRequest): void {
    this.#isReplying = true
    this.#state.openReplies++
    if (shape.type === 'stream') this.#startStream(shape, request)
    if (shape.type === 'flood') this.#startFlood(shape.sizeMb)
  }

  #startStream(shape: Stream, request: MockRequest): void {
    this.#send(streamStart)
    let left = shape.chunks
    const sendNext: Paced['sendNext'] = () => {
      if (this.#isClosed) return 'ended'
      if (this.#unsent !== undefined) return 'more'
      if (left-- > 0) {
        this.#send(stampedChunk())
        return 'more'
      }
      this.#finish()
      this.#send(request.includeUsage ? streamEnd.withUsage : streamEnd.plain)
      return 'ended'
    }
    this.#state.pacer.start({ intervalMs: shape.intervalMs, sendNext })
  }

  #startFlood(sizeMb: number): void {
    this.#floodBytesLeft = sizeMb * 1_000_000
    this.#isFlooding = true
    this.#send(streamStart)
    this.#flood()
  }

  #flood(): void {
    while (this.#unsent === undefined && this.#floodBytesLeft > 0) {
      this.#floodBytesLeft -= floodBlock.length
      this.#send(floodBlock)
    }
    if (this.#unsent !== undefined) return
    this.#isFlooding = false
    this.#finish()
    this.#send(streamEnd.plain)
  }

  #finish(): void {
    if (!this.#isReplying) return
    this.#isReplying = false
    this.#state.openReplies--
  }

  #send(bytes: Uint8Array | string): void {
    if (this.#isClosed) return
    const written = this.#socket.write(bytes)
    const size = bytes.length
    if (written >= size) this.#unsent = undefined
    else this.#unsent = (typeof bytes === 'string' ? Buffer.from(bytes) : bytes).subarray(Math.max(written, 0))
  }
}
