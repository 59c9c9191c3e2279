import { MODEL } from './lab.ts'

/** One call of a client, and what came of it as the client sees it. */
export interface ClientCall {
  /** Sent as the trace of the call, so that log and upstream can be asked for it. */
  readonly traceId: string
  readonly isStream: boolean
  /** Undefined while no head has come. */
  readonly status: number | undefined
  readonly requestId: string | undefined
  /** The body so far. */
  readonly text: string
  /** The whole reply was seen: of a stream its `[DONE]`, else a body that is whole. */
  readonly isComplete: boolean
  /** What cut it, where something did. */
  readonly failure: unknown
  /** Resolves when the call is over, however; never rejects. */
  readonly over: Promise<ClientCall>
  /** Leaves. */
  leave(): void
}

/** What a client asks for. */
export interface CallRequest {
  readonly origin: string
  readonly key: string
  readonly isStream: boolean
  readonly model?: string
  readonly content?: string
}

/** Makes a call on a connection of its own, or on one that is there already where `keepalive` is said. */
export function call(request: CallRequest & { readonly keepalive?: boolean }): ClientCall {
  return new FetchedCall(request)
}

class FetchedCall implements ClientCall {
  readonly traceId = randomHex(16)
  readonly isStream: boolean
  status: number | undefined
  requestId: string | undefined
  text = ''
  isComplete = false
  failure: unknown
  readonly over: Promise<ClientCall>
  readonly #leaving = new AbortController()

  constructor(request: CallRequest & { readonly keepalive?: boolean }) {
    this.isStream = request.isStream
    this.over = this.#run(request).then(
      () => this,
      (thrown) => {
        this.failure = thrown
        return this
      },
    )
  }

  leave(): void {
    this.#leaving.abort()
  }

  async #run({
    origin,
    key,
    isStream,
    model = MODEL,
    content = 'Hello',
    keepalive = false,
  }: CallRequest & { readonly keepalive?: boolean }) {
    const response = await fetch(`${origin}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        traceparent: `00-${this.traceId}-${randomHex(8)}-01`,
      },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content }],
        ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
      }),
      signal: this.#leaving.signal,
      keepalive,
    })
    this.status = response.status
    this.requestId = response.headers.get('x-signalbox-request-id') ?? undefined
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) this.text += decoder.decode(chunk, { stream: true })
    this.isComplete = response.status === 200 && (!isStream || this.text.endsWith('data: [DONE]\n\n'))
  }
}

/** The error that a reply holds: of a refusal in its body, of a stream in its last frame. */
export function errorIn(text: string): { readonly code: string; readonly message: string; readonly request_id: string } | undefined {
  const last = text.startsWith('{')
    ? text
    : text
        .trimEnd()
        .split('\n')
        .at(-1)
        ?.replace(/^data: /, '')
  try {
    // Every error of the wire has this shape (dialects/openai-chat/error.ts).
    const body = JSON.parse(last ?? '') as {
      readonly error?: { readonly code: string; readonly message: string; readonly request_id: string }
    }
    return body.error
  } catch {
    return undefined
  }
}

function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
}
