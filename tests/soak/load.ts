import type { Chance } from '../chaos/lab/chance.ts'
import { errorIn } from '../chaos/lab/client.ts'
import { MODEL } from '../chaos/lab/lab.ts'
import { pause } from '../chaos/lab/until.ts'

/** Between two calls of one client: enough for others to have a share of the machine. */
const THINK_MS = 10
const MAX_FAILURES = 100

/** Where the load goes. */
export interface LoadOptions {
  readonly origin: string
  readonly key: string
  readonly workers: number
  readonly chance: Chance
}

/** What came of it so far, as the clients saw it. */
export interface Tally {
  /** All that got a head: each of them is in the log. */
  readonly calls: number
  /** Replies that were seen whole. */
  readonly whole: number
  readonly aborted: number
  readonly refused: number
  /** What nobody asked for. */
  readonly failures: readonly string[]
}

interface Wish {
  readonly kind: 'whole' | 'streamed' | 'aborted' | 'refused'
  readonly path?: string
  readonly key?: string
  readonly body: string
  readonly type?: string
  /** Of the answer: its status, and where it is a refusal its code. */
  readonly status: number
  readonly code?: string
}

const ASK = { model: MODEL, messages: [{ role: 'user', content: 'Soak. '.repeat(50) }] }
const STREAM = { ...ASK, stream: true, stream_options: { include_usage: true } }
const WHOLE: Wish = { kind: 'whole', body: JSON.stringify(ASK), status: 200 }
const STREAMED: Wish = { kind: 'streamed', body: JSON.stringify(STREAM), status: 200 }
const ABORTED: Wish = { kind: 'aborted', body: JSON.stringify(STREAM), status: 200 }
const REFUSALS: readonly [Wish, ...Wish[]] = [
  { kind: 'refused', body: JSON.stringify(ASK), key: 'sb_nobody_nothing', status: 401, code: 'unauthenticated' },
  { kind: 'refused', body: JSON.stringify({ ...ASK, model: 'none such' }), status: 404, code: 'model_not_found' },
  { kind: 'refused', body: '{"model":"mini","messages":[', status: 400, code: 'invalid_json' },
  { kind: 'refused', body: JSON.stringify(ASK), type: 'image/png', status: 415, code: 'unsupported_media_type' },
  { kind: 'refused', body: JSON.stringify(ASK), path: '/v1/nowhere', status: 404, code: 'not_found' },
]

/** Clients that call again and again: whole replies, streams, streams that are left, and calls that are refused. */
export class Load {
  readonly #options: LoadOptions
  readonly #tally = { calls: 0, whole: 0, aborted: 0, refused: 0 }
  readonly #failures: string[] = []
  #workers: readonly Promise<void>[] = []
  #isOver = false

  constructor(options: LoadOptions) {
    this.#options = options
  }

  get tally(): Tally {
    return { ...this.#tally, failures: this.#failures }
  }

  start(): void {
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#work())
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#workers)
  }

  async #work(): Promise<void> {
    while (!this.#isOver && this.#failures.length < MAX_FAILURES) {
      const wish = this.#choose()
      try {
        await this.#make(wish)
      } catch (thrown) {
        this.#failures.push(`${wish.kind}: ${thrown}`)
      }
      await pause(THINK_MS)
    }
  }

  #choose(): Wish {
    const { chance } = this.#options
    const share = chance.next()
    return share < 0.5 ? WHOLE : share < 0.75 ? STREAMED : share < 0.88 ? ABORTED : chance.pick(REFUSALS)
  }

  async #make(wish: Wish): Promise<void> {
    const { origin, key } = this.#options
    const leaving = new AbortController()
    const response = await fetch(`${origin}${wish.path ?? '/v1/chat/completions'}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${wish.key ?? key}`, 'content-type': wish.type ?? 'application/json' },
      body: wish.body,
      signal: leaving.signal,
    })
    this.#tally.calls++
    if (wish.kind === 'aborted') await leave(response, leaving)
    else this.#count(wish, response.status, await response.text())
    if (wish.kind === 'aborted') this.#tally.aborted++
  }

  #count(wish: Wish, status: number, text: string): void {
    const code = errorIn(text)?.code
    const isCut = wish.kind === 'streamed' && !text.endsWith('data: [DONE]\n\n')
    if (status !== wish.status || code !== wish.code || isCut) this.#failures.push(`${wish.kind}: ${status} ${text.slice(-300)}`)
    else if (wish.kind === 'refused') this.#tally.refused++
    else this.#tally.whole++
  }
}

/** Leaves after the first bytes. */
async function leave(response: Response, leaving: AbortController): Promise<void> {
  const reader = response.body?.getReader()
  await reader?.read()
  leaving.abort()
  // What a reader says of being cut off by ourselves is no news.
  await reader?.read().catch(() => {})
}
