import { z } from 'zod'
import type { ErrorCode } from '../../core/errors.ts'
import { parseJson } from '../../core/json.ts'
import { CLOSED } from './circuit.ts'
import { type KeptLane, keptLanes, keptStates } from './kept-states.ts'
import type { LaneState, LaneTable } from './lanes.ts'

/** What one gateway tells the others. Times are of the teller's clock, which `atMs` tells too. */
const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), from: z.string() }),
  z.object({ type: z.literal('reset'), from: z.string(), provider: z.string() }),
  keptStates.extend({ type: z.literal('states'), from: z.string(), atMs: z.number() }),
])
type States = Extract<z.output<typeof message>, { type: 'states' }>

/** Gateways that were heard of; each start has a name of its own. */
const MOST_TELLERS = 200

/** What was taken up of a lane from somebody else: as long as it stands so, it is no experience of our own. */
interface Heard {
  untilMs?: number
  coolUntilMs?: number
  parkedBy?: ErrorCode
}

/**
 * What replicas tell each other of providers: open circuits, rate limits, parked keys. Hints: each gateway goes by its own table, what it hears can only keep a
 * lane from being used for as long as the teller says, and what is lost is learned by experience. Nobody repeats what it only heard, so that nothing
 * outlives the one who knows.
 */
export class SharedStates {
  readonly #lanes: LaneTable
  readonly #from: string
  readonly #heard = new Map<string, Heard>()
  readonly #heardKeys = new Map<string, ErrorCode>()
  /** What each of the others said last. */
  readonly #last = new Map<string, States>()

  /** @param from names this gateway among the others */
  constructor(lanes: LaneTable, from: string) {
    this.#lanes = lanes
    this.#from = from
  }

  /** Asks the others for what they know. */
  hello(): string {
    return JSON.stringify({ type: 'hello', from: this.#from } satisfies z.input<typeof message>)
  }

  /** Somebody took a provider back into use. */
  reset(provider: string): string {
    return JSON.stringify({ type: 'reset', from: this.#from, provider } satisfies z.input<typeof message>)
  }

  /** What this gateway knows by itself. */
  tell(nowMs: number): string {
    const lanes = keptLanes(this.#lanes, nowMs).flatMap((lane) => this.#own(lane, nowMs) ?? [])
    const parkedKeys = Object.fromEntries([...this.#lanes.parkedKeys].filter(([accessId]) => !this.#heardKeys.has(accessId)))
    const told = { type: 'states', version: 2, from: this.#from, atMs: nowMs, parkedKeys, lanes } satisfies z.input<typeof message>
    return JSON.stringify(told)
  }

  /** Takes up what somebody said; what is no such message is left. @returns whether this gateway is asked for what it knows */
  hear(text: string, nowMs: number): boolean {
    const read = message.safeParse(parseJson(text))
    if (!read.success || read.data.from === this.#from) return false
    const { data } = read
    if (data.type === 'hello') return true
    if (data.type === 'reset') this.#forget(data.provider)
    else this.#take(data, nowMs)
    return false
  }

  #forget(provider: string): void {
    this.#lanes.reset(provider)
    for (const id of this.#heard.keys()) if (id.startsWith(`${provider} `)) this.#heard.delete(id)
    for (const id of this.#heardKeys.keys()) if (id.startsWith(`${provider} `)) this.#heardKeys.delete(id)
  }

  /** What changed since the same gateway said it last. */
  #take(states: States, nowMs: number): void {
    const before = this.#last.get(states.from)
    const known = new Map(before?.lanes.map((lane) => [lane.laneId, JSON.stringify(lane)]))
    for (const lane of states.lanes) {
      if (known.get(lane.laneId) !== JSON.stringify(lane)) this.#apply(lane, nowMs - states.atMs)
      known.delete(lane.laneId)
    }
    for (const laneId of known.keys()) this.#clear(laneId)
    for (const [accessId, why] of Object.entries(states.parkedKeys)) {
      if (this.#lanes.isKeyParked(accessId)) continue
      this.#lanes.parkKey(accessId, why)
      this.#heardKeys.set(accessId, why)
    }
    for (const accessId of Object.keys(before?.parkedKeys ?? {})) {
      if (states.parkedKeys[accessId] === undefined && this.#heardKeys.delete(accessId)) this.#lanes.unparkKey(accessId)
    }
    this.#last.delete(states.from)
    this.#last.set(states.from, states)
    const [oldest] = this.#last.keys()
    if (this.#last.size > MOST_TELLERS && oldest !== undefined) this.#last.delete(oldest)
  }

  /** @param shiftMs what our clock is ahead of the teller's */
  #apply(
    { openUntilMs, pauses = 1, why, coolUntilMs, cooldowns = 1, isCoolAsked = false, parkedBy, ...lane }: KeptLane,
    shiftMs: number,
  ): void {
    const state = this.#lanes.stateOf(lane)
    const heard: Heard = {}
    if (openUntilMs !== undefined && why !== undefined && state.circuit.type === 'closed') {
      heard.untilMs = openUntilMs + shiftMs
      state.circuit = { type: 'open', untilMs: heard.untilMs, pauses, why }
    }
    if (coolUntilMs !== undefined && coolUntilMs + shiftMs > state.coolUntilMs) {
      heard.coolUntilMs = coolUntilMs + shiftMs
      Object.assign(state, { coolUntilMs: heard.coolUntilMs, cooldowns, isCoolAsked })
    }
    if (parkedBy !== undefined && state.parkedBy === undefined) {
      heard.parkedBy = parkedBy
      state.parkedBy = parkedBy
    }
    this.#heard.set(lane.laneId, { ...this.#heard.get(lane.laneId), ...heard })
  }

  #clear(laneId: string): void {
    const heard = this.#heard.get(laneId)
    const state = this.#lanes.known(laneId)
    this.#heard.delete(laneId)
    if (heard === undefined || state === undefined) return
    if (isHeardCircuit(state, heard)) state.circuit = CLOSED
    if (state.coolUntilMs === heard.coolUntilMs) state.coolUntilMs = 0
    if (state.parkedBy === heard.parkedBy) state.parkedBy = undefined
  }

  /** What a lane's state is without what was only heard; undefined where nothing is left. */
  #own(
    { openUntilMs, pauses, why, coolUntilMs, cooldowns, isCoolAsked, parkedBy, ...lane }: KeptLane,
    nowMs: number,
  ): KeptLane | undefined {
    const heard = this.#heard.get(lane.laneId) ?? {}
    const own = {
      // One that is being probed is told when the probe is over.
      ...(openUntilMs === undefined || openUntilMs <= nowMs || openUntilMs === heard.untilMs ? {} : { openUntilMs, pauses, why }),
      ...(coolUntilMs === undefined || coolUntilMs === heard.coolUntilMs ? {} : { coolUntilMs, cooldowns, isCoolAsked }),
      ...(parkedBy === undefined || parkedBy === heard.parkedBy ? {} : { parkedBy }),
    }
    return Object.keys(own).length === 0 ? undefined : { ...lane, ...own }
  }
}

function isHeardCircuit({ circuit }: LaneState, { untilMs }: Heard): boolean {
  return circuit.type === 'open' && circuit.untilMs === untilMs
}
