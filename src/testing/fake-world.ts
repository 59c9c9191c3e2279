import { requestByFetch } from '../core/fetched-reply.ts'
import type { PeerReply, PeerRequest } from '../core/peer-reply.ts'
import { type CancelTimer, encodeTime, type IdPrefix, type World } from '../core/world.ts'

/** How a fake world begins. */
export interface FakeWorldOptions {
  /** Milliseconds since the epoch. */
  readonly startMs?: number
  /** Any integer: the same seed gives the same chance. */
  readonly seed?: number
  /** The network. Left out, every request is a test that forgot to say so. */
  readonly fetch?: World['fetch']
  /** Left out, every host accepts. */
  readonly canConnect?: World['canConnect']
  /** Left out, every name is that of 203.0.113.1. */
  readonly lookup?: World['lookup']
  /** `real`: after the input that is there already, as in production. `by-hand`: when the test calls `endTurn`. */
  readonly endOfTurn?: 'real' | 'by-hand'
}

/** A world whose time goes by hand. Its clocks, chance and ids are the same in every run. */
export interface FakeWorld extends World {
  /** Lets the time pass: runs the timers that fall due, in order, each at its own time, and lets what they set off settle. */
  advance(ms: number): Promise<void>
  /** Lets everything that is ready now run: promises, ends of turns, input of sockets. No time passes. */
  settle(): Promise<void>
  /** Ends the turn by hand; what is added meanwhile belongs to the next turn. */
  endTurn(): void
  /** Timers that wait. A test that ends with some has leaked them. */
  readonly pendingTimers: number
}

/** Saturday 2026-11-21, 12:00 UTC. */
export const FAKE_START_MS = Date.UTC(2026, 10, 21, 12)

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

/** Makes a world for a test. */
export function fakeWorld(options: FakeWorldOptions = {}): FakeWorld {
  return new HandWorld(options)
}

class HandWorld implements FakeWorld {
  readonly #startMs: number
  readonly #isByHand: boolean
  readonly #timers = new Set<Timer>()
  #turn: (() => void)[] = []
  #nowMs: number
  #chance: number
  #ids = 0
  readonly fetch: World['fetch']
  readonly canConnect: World['canConnect']
  readonly lookup: World['lookup']

  constructor(options: FakeWorldOptions) {
    this.#startMs = options.startMs ?? FAKE_START_MS
    this.#nowMs = this.#startMs
    this.#chance = options.seed ?? 1
    this.#isByHand = options.endOfTurn === 'by-hand'
    this.fetch = options.fetch ?? refuseNetwork
    this.canConnect = options.canConnect ?? (async () => true)
    this.lookup = options.lookup ?? (async () => ['203.0.113.1'])
  }

  request(url: string, request: PeerRequest): Promise<PeerReply> {
    return requestByFetch(this.fetch, url, request)
  }

  now(): number {
    return Math.floor(this.#nowMs)
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  /** Mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c, public domain). */
  random(): number {
    this.#chance = (this.#chance + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#chance ^ (this.#chance >>> 15), this.#chance | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  id(prefix: IdPrefix): string {
    // Counted rather than drawn, in six of the characters that ids are made of: a later id sorts after an earlier one.
    const counted = encodeTime(this.#ids++).padStart(16, '0')
    return `${prefix}_${encodeTime(this.now())}${counted}`
  }

  randomHex(bytes: number): string {
    let text = ''
    for (let written = 0; written < bytes; written++)
      text += Math.floor(this.random() * 256)
        .toString(16)
        .padStart(2, '0')
    return text
  }

  after(ms: number, run: () => void): CancelTimer {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        cancel()
        reject(signal.reason)
      }
      const cancel = this.after(ms, () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  atEndOfTurn(run: () => void): void {
    if (this.#isByHand) this.#turn.push(run)
    else setImmediate(run)
  }

  endTurn(): void {
    const turn = this.#turn
    this.#turn = []
    for (const run of turn) run()
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await this.settle()
    for (let timer = this.#nextTimer(untilMs); timer !== undefined; timer = this.#nextTimer(untilMs)) {
      this.#timers.delete(timer)
      this.#nowMs = timer.atMs
      timer.run()
      await this.settle()
    }
    this.#nowMs = untilMs
  }

  async settle(): Promise<void> {
    // What runs in the first turn may ask for the end of the second.
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  }

  get pendingTimers(): number {
    return this.#timers.size
  }

  /** The earliest timer that falls due by then; of several at one time, the first that was set. */
  #nextTimer(untilMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= untilMs && (next === undefined || timer.atMs < next.atMs)) next = timer
    }
    return next
  }
}

function refuseNetwork(url: string): Promise<Response> {
  return Promise.reject(new Error(`This test reached for ${url}, but gave its fakeWorld no fetch.`))
}
