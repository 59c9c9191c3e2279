import { isObject, type JsonObject } from '../core/json.ts'
import { type HeaderList, headerOf, type MessageHead } from './http-message.ts'

/** How a client went away before its reply was complete. */
export interface ClientLeft {
  /** Milliseconds after the request was complete. */
  readonly afterMs: number
  /** Bytes of the reply that were given to the socket until then. */
  readonly sentBytes: number
}

/** A request as an upstream received it. */
export class ReceivedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: HeaderList
  readonly bodyBytes: Uint8Array
  /** Counts the connections from 1: two requests with one number shared it. */
  readonly connection: number
  readonly #arrivedMs = performance.now()
  readonly #leaving = Promise.withResolvers<ClientLeft>()
  #left: ClientLeft | undefined
  #sentBytes = 0
  #isAnswered = false

  constructor(head: MessageHead, bodyBytes: Uint8Array, connection: number) {
    const [method = '', path = ''] = head.startLine.split(' ')
    this.method = method
    this.path = path
    this.headers = head.headers
    this.bodyBytes = bodyBytes
    this.connection = connection
  }

  get body(): string {
    return new TextDecoder().decode(this.bodyBytes)
  }

  header(name: string): string | undefined {
    return headerOf(this.headers, name)
  }

  /** The body, parsed. Throws where it is no JSON. */
  json(): unknown {
    return JSON.parse(this.body)
  }

  /** The body as an object; an empty one where it is anything else. */
  jsonObject(): JsonObject {
    try {
      const value = this.json()
      return isObject(value) ? value : {}
    } catch {
      // A script must be able to answer a request that a test sent broken on purpose.
      return {}
    }
  }

  /** Whether the whole script was played to the client. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Bytes of the reply that were given to the socket so far. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Set once the client has gone before its reply was complete. */
  get left(): ClientLeft | undefined {
    return this.#left
  }

  /** Resolves when the client goes before its reply is complete; never where it stays. */
  get whenLeft(): Promise<ClientLeft> {
    return this.#leaving.promise
  }

  /** For the upstream: bytes went out. */
  noteSent(bytes: number): void {
    this.#sentBytes += bytes
  }

  /** For the upstream: the script is through. */
  noteAnswered(): void {
    if (this.#left === undefined) this.#isAnswered = true
  }

  /** For the upstream: the connection is gone. */
  noteGone(): void {
    if (this.#isAnswered || this.#left !== undefined) return
    this.#left = { afterMs: performance.now() - this.#arrivedMs, sentBytes: this.#sentBytes }
    this.#leaving.resolve(this.#left)
  }
}
