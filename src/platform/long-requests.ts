/** What is done with the requests that run for long. */
export interface LongRequestsOptions {
  /** A request is long that runs at two sweeps; so after twice this at the latest. */
  readonly sweepMs: number
  /** Called once for each long request. */
  readonly hold: (request: Request) => void
}

/** Finds the requests that run for long, and costs the others next to nothing. */
export class LongRequests {
  readonly #options: LongRequestsOptions
  readonly #timer: ReturnType<typeof setInterval>
  #young = new Set<Request>()
  #old = new Set<Request>()

  constructor(options: LongRequestsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#sweep(), options.sweepMs)
    this.#timer.unref()
  }

  begin(request: Request): void {
    this.#young.add(request)
  }

  end(request: Request): void {
    if (!this.#young.delete(request)) this.#old.delete(request)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sweep(): void {
    for (const request of this.#old) this.#options.hold(request)
    this.#old = this.#young
    this.#young = new Set()
  }
}
