import type { ErrorCode, GatewayError } from '../../core/errors.ts'
import { admits, type BreakerRules, type Circuit, CLOSED, onAbandoned, onFailure, onSent, onSuccess, shifted } from './circuit.ts'
import { rowOf } from './failures.ts'
import { type Measured, observe, type Performance, unmeasured } from './performance.ts'

/** A way to a model: one provider, one of its keys, the provider's id of the model. */
export interface Lane {
  /** Names provider, access and model. */
  readonly laneId: string
  /** Names provider, address and credentials by a fingerprint: what was learned of one that is changed says nothing of what it is changed to. */
  readonly accessId: string
  /** Names provider and key alone: what a provider keeps, it keeps for a key. */
  readonly keyId: string
  readonly provider: string
  /** The provider's id of the model. */
  readonly id: string
  /** Place of the key in the provider's list, from 0. */
  readonly keyIndex: number
  /** How many keys the provider has. */
  readonly keyCount: number
}

/** Why a lane is not used now, and until when. `untilMs` is absent where time alone does not help. */
export interface Resting {
  readonly why: string
  /** `limit`: by a rate limit of the provider. */
  readonly cause: 'state' | 'limit'
  readonly untilMs?: number
  /** The provider did not say how long: better not, but used all the same where nothing else is left. */
  readonly isSoft: boolean
}

/** What is known of a lane. */
export interface LaneState {
  readonly lane: Lane
  circuit: Circuit
  /** Milliseconds since the epoch until which it cools down. */
  coolUntilMs: number
  /** Whether the provider said so itself (`Retry-After`). */
  isCoolAsked: boolean
  /** How often in a row it had to. */
  cooldowns: number
  /** Set where its key may not use this model. */
  parkedBy: ErrorCode | undefined
  inFlight: number
  /** Counts the sends of all lanes: the lane with the lowest was used longest ago. */
  lastSent: number
  performance: Performance
}

/** How a call over a lane ended. `undefined`: it was broken off on our side, and says nothing. */
export type LaneVerdict =
  | { readonly type: 'good'; readonly measured: Measured }
  | { readonly type: 'bad'; readonly error: GatewayError }
  | undefined

/** More lanes are forgotten, the oldest first: callers of a wildcard name as many models as they like. */
const MAX_LANES = 10_000
const FIRST_COOLDOWN_MS = 1000
/** A provider that asks for more is asked again before. */
const LONGEST_COOLDOWN_MS = 300_000

/** What is known of every lane. One a gateway; a new configuration does not empty it. */
export class LaneTable {
  readonly #lanes = new Map<string, LaneState>()
  readonly #parkedKeys = new Map<string, ErrorCode>()
  readonly #rules: () => BreakerRules
  #sends = 0
  /** What the clock said last. */
  #clockMs = 0
  /** Counts what is worth keeping over a restart. */
  changes = 0

  constructor(rules: () => BreakerRules) {
    this.#rules = rules
  }

  /** The state of a lane; a new one is ready. */
  stateOf(lane: Lane): LaneState {
    return this.#lanes.get(lane.laneId) ?? this.#add(lane)
  }

  /** The state of a lane of this id, where there is one. */
  known(laneId: string): LaneState | undefined {
    return this.#lanes.get(laneId)
  }

  /** How many calls went over all of them. */
  get sends(): number {
    return this.#sends
  }

  all(): readonly LaneState[] {
    return [...this.#lanes.values()]
  }

  /** Why a lane is not used now, or undefined where it may be. */
  restingOf(lane: Lane, nowMs: number): Resting | undefined {
    this.#follow(nowMs)
    const state = this.stateOf(lane)
    const { circuit } = state
    if (circuit.type === 'closed' && state.coolUntilMs <= nowMs && state.parkedBy === undefined && this.#parkedKeys.size === 0)
      return undefined
    const parkedBy = this.#parkedKeys.get(lane.accessId) ?? state.parkedBy
    if (parkedBy !== undefined)
      return { why: `its key is parked after ${parkedBy}, until it changes or is reset`, cause: 'state', isSoft: false }
    if (state.coolUntilMs > nowMs) {
      return { why: "the provider's rate limit for it is reached", cause: 'limit', untilMs: state.coolUntilMs, isSoft: !state.isCoolAsked }
    }
    if (circuit.type === 'closed' || admits(circuit, nowMs) !== 'no') return undefined
    const untilMs = circuit.type === 'half-open' ? nowMs + FIRST_COOLDOWN_MS : circuit.untilMs
    const what = circuit.type === 'half-open' ? 'is being probed' : 'is open'
    return { why: `its circuit ${what} after ${circuit.why}`, cause: 'state', untilMs, isSoft: false }
  }

  isKeyParked(accessId: string): boolean {
    return this.#parkedKeys.has(accessId)
  }

  /** A call goes over it now. */
  begin(lane: Lane, nowMs: number): LaneState {
    this.#follow(nowMs)
    const state = this.stateOf(lane)
    state.inFlight++
    state.lastSent = ++this.#sends
    if (state.circuit.type !== 'closed') state.circuit = onSent(state.circuit, nowMs)
    return state
  }

  /** Something came back over it. Enough for a probe: a long reply must not keep the others waiting. */
  accepted(state: LaneState, nowMs: number): void {
    if (state.circuit.type !== 'half-open') return
    state.circuit = onSuccess(state.circuit, nowMs)
    this.changes++
  }

  /** A call over it is over. Once for each `begin`. */
  end(state: LaneState, verdict: LaneVerdict, nowMs: number): void {
    this.#follow(nowMs)
    state.inFlight--
    if (verdict === undefined) state.circuit = onAbandoned(state.circuit, nowMs)
    else if (verdict.type === 'good') this.#onGood(state, verdict.measured, nowMs)
    else this.#onBad(state, verdict.error, nowMs)
  }

  /** Forgets what keeps the lanes of a provider from being used. @returns how many were changed */
  reset(provider: string): number {
    const lanes = this.all().filter(({ lane }) => lane.provider === provider)
    for (const state of lanes) {
      state.circuit = CLOSED
      state.coolUntilMs = 0
      state.cooldowns = 0
      state.parkedBy = undefined
      this.#parkedKeys.delete(state.lane.accessId)
    }
    this.changes++
    return lanes.length
  }

  /** Parks a key again that was parked before a restart. */
  parkKey(accessId: string, why: ErrorCode): void {
    this.#parkedKeys.set(accessId, why)
  }

  /** Takes a key back into use of which another gateway had said that it is parked. */
  unparkKey(accessId: string): void {
    this.#parkedKeys.delete(accessId)
  }

  /** The parked keys, and by what. */
  get parkedKeys(): ReadonlyMap<string, ErrorCode> {
    return this.#parkedKeys
  }

  #onGood(state: LaneState, measured: Measured, nowMs: number): void {
    const wasParked = this.#parkedKeys.delete(state.lane.accessId) || state.parkedBy !== undefined
    if (wasParked || state.circuit.type !== 'closed' || state.cooldowns > 0) this.changes++
    state.parkedBy = undefined
    state.cooldowns = 0
    state.circuit = onSuccess(state.circuit, nowMs)
    state.performance = observe(state.performance, measured, nowMs)
  }

  #onBad(state: LaneState, error: GatewayError, nowMs: number): void {
    const before = state.circuit.type
    const { lane: effect } = rowOf(error)
    switch (effect) {
      case 'failure':
        state.circuit = onFailure(state.circuit, this.#rules(), nowMs, error.code)
        break
      case 'cool':
        this.#cool(state, error, nowMs)
        break
      case 'park-key':
        this.#parkedKeys.set(state.lane.accessId, error.code)
        state.circuit = onAbandoned(state.circuit, nowMs)
        break
      case 'park-model':
        state.parkedBy = error.code
        state.circuit = onAbandoned(state.circuit, nowMs)
        break
      case 'none':
        state.circuit = onAbandoned(state.circuit, nowMs)
        return
      default:
        effect satisfies never
    }
    if (effect !== 'failure' || state.circuit.type !== before || before === 'open') this.changes++
  }

  #cool(state: LaneState, error: GatewayError, nowMs: number): void {
    const { retryAfterSeconds } = error.extra
    const ownMs = FIRST_COOLDOWN_MS * 2 ** Math.min(10, state.cooldowns)
    const ms = Math.min(LONGEST_COOLDOWN_MS, retryAfterSeconds === undefined ? ownMs : retryAfterSeconds * 1000)
    state.coolUntilMs = Math.max(state.coolUntilMs, nowMs + ms)
    state.isCoolAsked = retryAfterSeconds !== undefined
    state.cooldowns++
    state.circuit = onAbandoned(state.circuit, nowMs)
  }

  /** A clock that is set back takes the ends of all rests with it: an hour back would be an hour more. */
  #follow(nowMs: number): void {
    const byMs = nowMs - this.#clockMs
    this.#clockMs = nowMs
    if (byMs >= 0) return
    for (const state of this.#lanes.values()) {
      state.circuit = shifted(state.circuit, byMs)
      state.coolUntilMs += byMs
      state.performance = { ...state.performance, atMs: state.performance.atMs + byMs }
    }
  }

  #add(lane: Lane): LaneState {
    if (this.#lanes.size >= MAX_LANES) this.#forgetOne()
    const state: LaneState = {
      lane,
      circuit: CLOSED,
      ...{ coolUntilMs: 0, isCoolAsked: false, cooldowns: 0, parkedBy: undefined, inFlight: 0, lastSent: 0, performance: unmeasured() },
    }
    this.#lanes.set(lane.laneId, state)
    return state
  }

  #forgetOne(): void {
    for (const [laneId, { inFlight }] of this.#lanes) {
      if (inFlight > 0) continue
      this.#lanes.delete(laneId)
      return
    }
  }
}
