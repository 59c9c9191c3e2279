import type { Reply } from '../core/reply.ts'
import { encodeSseFrame } from '../core/sse.ts'
import type { CancelTimer, World } from '../core/world.ts'
import type { SessionStream } from './sessions/session.ts'
import type { ToolPart } from './types.ts'
import { Waiting } from './waiting.ts'

/** After this much silence a comment goes out: proxies keep the connection, and a client that is gone is noticed. */
const KEEP_ALIVE_MS = 15_000
/** What may wait for a client that does not read its stream. Past it the stream is closed. */
const BOUNDS = { messages: 1000, characters: 8 * 1024 * 1024 }
const KEEP_ALIVE = new TextEncoder().encode(': keep-alive\n\n')

/** The headers of every stream. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

/** A message as one event. */
function encodeMessage(text: string): Uint8Array {
  // In valid JSON a line break is white space: inside of texts it is escaped.
  return encodeSseFrame({ event: 'message', data: /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text })
}

interface CallStreamOptions {
  readonly world: World
  /** Resolves with the reply, or with the text that says why there is none. */
  readonly answering: Promise<Reply<ToolPart> | string>
  /** A part that was taken from the reply already. */
  readonly first?: ToolPart
  /** The last message, where the reply ended without its own; undefined where nothing is to be said. */
  readonly encodeFailure: (reply: Reply<ToolPart>) => Promise<string | undefined>
  readonly onLeft: () => void
}

/** The messages of one call as a stream of events, ended by its answer. Pull only: what the client does not read is not asked of the server. */
export function streamCall(options: CallStreamOptions): ReadableStream<Uint8Array> {
  const { world, answering, encodeFailure, onLeft } = options
  let { first } = options
  let pending: Promise<StreamStep> | undefined
  const step = async (): Promise<StreamStep> => {
    const reply = await answering
    if (typeof reply === 'string') return { text: reply, isLast: true }
    const part = first ?? (await reply.next())
    first = undefined
    if (part === undefined) return { text: await encodeFailure(reply), isLast: true }
    // Its ending comes with the next look at it.
    if (part.isLast) await reply.next()
    return part
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        pending ??= step()
        const taken = await withKeepAlive(world, pending)
        if (taken === undefined) {
          controller.enqueue(KEEP_ALIVE)
          return
        }
        pending = undefined
        if (taken.text !== undefined) controller.enqueue(encodeMessage(taken.text))
        if (taken.isLast) controller.close()
      },
      cancel: onLeft,
    },
    { highWaterMark: 0 },
  )
}

interface StreamStep {
  readonly text: string | undefined
  readonly isLast: boolean
}

/** Undefined where nothing came for so long that a sign of life is due. */
function withKeepAlive<Value>(world: World, work: Promise<Value>): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = world.after(KEEP_ALIVE_MS, () => resolve(undefined))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (thrown: unknown) => {
        cancel()
        reject(thrown)
      },
    )
  })
}

/** The stream for what belongs to no call. Its end is told once, whoever ended it. */
export class MessageStream implements SessionStream {
  readonly #world: World
  readonly #isWelcome: () => boolean
  readonly #onEnded: () => void
  readonly #waiting = new Waiting<string>(BOUNDS)
  #wake: (() => void) | undefined
  #isClosed = false

  /** @param isWelcome asked with every message and every keep-alive: whether its key is still good */
  constructor(world: World, isWelcome: () => boolean, onEnded: () => void) {
    this.#world = world
    this.#isWelcome = isWelcome
    this.#onEnded = onEnded
  }

  send(text: string): void {
    if (this.#isClosed) return
    if (this.#isWelcome() && this.#waiting.push(text)) this.#wake?.()
    else this.close()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#wake?.()
    this.#onEnded()
  }

  get body(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        // At once, so that the client knows that it is connected.
        start: (controller) => controller.enqueue(KEEP_ALIVE),
        pull: async (controller) => {
          const text = await this.#next()
          if (text !== undefined) controller.enqueue(encodeMessage(text))
          else if (this.#isClosed) controller.close()
          else controller.enqueue(KEEP_ALIVE)
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    )
  }

  /** The next message; undefined where it is time for a keep-alive, or the stream was closed. */
  async #next(): Promise<string | undefined> {
    if (this.#waiting.isEmpty && !this.#isClosed) await this.#awaitWake()
    const text = this.#waiting.shift()
    if (text === undefined && !this.#isClosed && !this.#isWelcome()) this.close()
    return text
  }

  #awaitWake(): Promise<void> {
    return new Promise((resolve) => {
      const cancel: CancelTimer = this.#world.after(KEEP_ALIVE_MS, resolve)
      this.#wake = () => {
        this.#wake = undefined
        cancel()
        resolve()
      }
    })
  }
}
