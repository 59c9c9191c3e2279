import type { PeerReply, PeerRequest } from './peer-reply.ts'
import type { OutgoingRequest } from './world.ts'

/** A fetch that takes what ours takes. */
type Fetch = (url: string, request: OutgoingRequest) => Promise<Response>

/** Asks a peer by way of a `fetch`: where there is a proxy, and in tests that answer with a `Response`. */
export async function requestByFetch(ask: Fetch, url: string, request: PeerRequest): Promise<PeerReply> {
  const { method, headers, body, address, connection, signal } = request
  const controller = new AbortController()
  const onAbort = () => controller.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  const over = () => signal.removeEventListener('abort', onAbort)
  try {
    const response = await ask(url, {
      method,
      headers,
      signal: controller.signal,
      decompress: true,
      ...(body === undefined ? {} : { body }),
      ...(address === undefined ? {} : { address }),
      ...(connection === undefined ? {} : { connection }),
    })
    return new FetchedReply(response, controller, over)
  } catch (thrown) {
    over()
    throw thrown
  }
}

/** The part of a stream's reader that is used here. */
interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
}

/** A `Response` as a reply of a peer. */
class FetchedReply implements PeerReply {
  readonly #response: Response
  readonly #controller: AbortController
  readonly #over: () => void
  #reader: BodyReader | undefined
  #isOver = false

  constructor(response: Response, controller: AbortController, over: () => void) {
    this.#response = response
    this.#controller = controller
    this.#over = over
  }

  get status(): number {
    return this.#response.status
  }

  get headers(): Headers {
    return this.#response.headers
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#isOver) return undefined
    try {
      this.#reader ??= this.#response.body?.getReader()
      const read = await this.#reader?.read()
      if (read !== undefined && !read.done) return read.value
    } catch (thrown) {
      this.#end()
      throw thrown
    }
    this.#end()
    return undefined
  }

  readArrived(): undefined {
    return undefined
  }

  abort(): void {
    if (this.#isOver) return
    this.#end()
    this.#controller.abort()
  }

  #end(): void {
    this.#isOver = true
    this.#over()
  }
}
