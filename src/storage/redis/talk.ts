import { Redis } from 'ioredis'

/** What replicas need to talk to each other. */
export interface RedisTalkOptions {
  /** `redis://` or `rediss://`, with its credentials. */
  readonly url: string
  readonly channel: string
  /** Told of what anybody says, ourselves included. */
  readonly onHear: (text: string) => void
  /** Listens now, for the first time or again. */
  readonly onReady: () => void
  /** Told once when it cannot be reached. */
  readonly onAway: (cause: unknown) => void
}

const RETRY_MS = 2000
/** Nobody says more at once. */
const MAX_CHARACTERS = 4_000_000

/** Says short texts to all replicas, and hears theirs. Nothing is kept: what is said while one is away, it does not hear. */
export class RedisTalk {
  readonly #say: Redis
  readonly #hear: Redis
  readonly #channel: string

  constructor({ url, channel, onHear, onReady, onAway }: RedisTalkOptions) {
    const options = {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: RETRY_MS,
      retryStrategy: () => RETRY_MS,
    } as const
    this.#channel = channel
    this.#say = new Redis(url, options)
    // What was subscribed to is subscribed to again here, so that a failure of it is seen.
    this.#hear = new Redis(url, { ...options, autoResubscribe: false })
    let isAway = false
    const away = (cause: unknown) => {
      if (!isAway) onAway(cause)
      isAway = true
    }
    this.#say.on('error', away)
    this.#hear.on('error', away)
    this.#hear.on('message', (_channel: string, text: string) => {
      if (text.length <= MAX_CHARACTERS) onHear(text)
    })
    this.#hear.on('ready', () => {
      this.#hear.subscribe(channel).then(() => {
        isAway = false
        onReady()
      }, away)
    })
    this.#say.connect().catch(away)
    this.#hear.connect().catch(away)
  }

  /** Says a text; where nobody can be reached it is lost. */
  tell(text: string): void {
    this.#say.publish(this.#channel, text).catch(() => {
      // A hint that is lost is learned by experience; that nobody is reached was reported.
    })
  }

  close(): void {
    this.#say.disconnect()
    this.#hear.disconnect()
  }
}
