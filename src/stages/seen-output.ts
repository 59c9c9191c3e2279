import type { Usage } from '../core/events.ts'

/** Tokens of an attempt. */
export interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** How long a provider may go on to write after it was left, in milliseconds. */
const NOTICE_MS = 1000
/** The pace of a stream is that of this time at the least: the first frames come in one go. */
const LEAST_SPAN_MS = 250
/** Tokens a millisecond. */
const LEAST_PACE = 0.1

/** A frame with a piece of an answer is larger in every wire; keep-alives and pings are smaller. */
const LEAST_FRAME_BYTES = 64

/** What was seen of a stream: from it follows what its provider has written, also where it never says so. */
export class SeenOutput {
  readonly #estimate: Tokens
  frames = 0
  /** Frames that are large enough to carry a token. */
  pieces = 0
  #shortestBytes = Number.MAX_SAFE_INTEGER
  #sizeBytes = 0
  /** When the first and the last frame came. */
  #firstMs = 0
  #lastMs = 0

  /** @param estimate what the attempt may use at the most */
  constructor({ inputTokens, outputTokens }: Tokens) {
    this.#estimate = { inputTokens, outputTokens }
  }

  /** Looks at a frame. @param nowMs by a clock that nobody sets */
  see(sizeBytes: number, nowMs: number): void {
    this.frames++
    if (sizeBytes >= LEAST_FRAME_BYTES) this.pieces++
    this.#sizeBytes += sizeBytes
    this.#lastMs = nowMs
    if (this.frames === 1) this.#firstMs = nowMs
    if (sizeBytes < this.#shortestBytes) this.#shortestBytes = sizeBytes
  }

  /**
   * What is charged of a stream that was left: all input, a token for each byte beyond what the shortest frame has around its text, and what its provider
   * went on to write, at the same pace: since the last frame was read, and until it notices that nobody is there any more.
   * @param said what the provider said of the beginning: true of the input, and the least of the output
   */
  usedBy(nowMs: number, said: Usage | undefined): Tokens {
    const seenTokens = this.frames === 0 ? 0 : this.#sizeBytes - this.frames * (this.#shortestBytes - 1)
    const writtenTokens = Math.max(seenTokens, said?.outputTokens ?? 0)
    const pace = Math.max(LEAST_PACE, writtenTokens / Math.max(LEAST_SPAN_MS, this.#lastMs - this.#firstMs))
    const sinceMs = this.frames === 0 ? 0 : nowMs - this.#lastMs
    const outputTokens = Math.ceil(writtenTokens + pace * (sinceMs + NOTICE_MS))
    return {
      inputTokens: said?.inputTokens ?? this.#estimate.inputTokens,
      outputTokens: Math.min(outputTokens, Math.max(this.#estimate.outputTokens, said?.outputTokens ?? 0)),
    }
  }
}
