import { type Call, openCall, type Principal } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import type { EventLog, LiveCalls } from '../../core/ports.ts'
import type { Ending, Reply } from '../../core/reply.ts'
import { type Handler, pipeline } from '../../core/stage.ts'
import type { World } from '../../core/world.ts'
import type { MoneyDeps } from '../../stages/hold.ts'
import { limit } from '../../stages/limit.ts'
import { LogRecord, record } from '../../stages/record.ts'
import { likelyTokens } from '../prices/estimate.ts'
import type { Attempt, ModelCall, ModelPart, ModelRequest } from '../types.ts'
import { pickLane, whyNot } from './choose.ts'
import { CallFactsForRoute } from './facts.ts'
import type { LaneTable } from './lanes.ts'
import type { Shadow } from './types.ts'

/** What copies are made with. */
export interface ShadowDeps {
  readonly world: World
  readonly log: EventLog
  readonly live: LiveCalls
  readonly money: MoneyDeps
  readonly onEnded: (callId: string, ending: Ending) => void
}

/** A copy of a call, for the target of a shadow. */
interface Copy {
  readonly request: ModelRequest
  readonly shadow: Shadow
  /** The route that was called. */
  readonly route: string
}

/** The action of a copy, in the log. */
export const SHADOW_ACTION = 'models.shadow'

/** More copies under way are not made: nobody waits for them. */
const MOST_COPIES = 50

/**
 * Sends copies of calls to a model, drops their answers, and lets no call wait for it. A copy is a call of the account's: it meets the account's limits,
 * and its budgets where it is metered. One that may not be sent now is refused in its own event. One a layer.
 */
export class Shadows {
  readonly #deps: ShadowDeps
  readonly #lanes: LaneTable
  readonly #attempt: Handler<Attempt, ModelPart>
  readonly #send: Handler<Copy, ModelPart>
  #running = 0

  /** @param attempt makes one: tracks, meters and sends it */
  constructor(deps: ShadowDeps, lanes: LaneTable, attempt: Handler<Attempt, ModelPart>) {
    this.#deps = deps
    this.#lanes = lanes
    this.#attempt = attempt
    const limited = limit<Copy, ModelPart>({
      ...deps.money,
      subjectOf: ({ shadow }) => shadow.target.name,
      tokensOf: (_call, { request }) => likelyTokens(request),
    })
    this.#send = pipeline([record(deps), limited], (own, copy) => this.#sendTo(own, copy))
  }

  /** Copies a call, where chance makes it one of the share. Never throws, and leaves all work for later. */
  copy(call: Call, { request, route }: ModelCall): void {
    const { name, shadow } = route
    // What a model would count is not what it would answer.
    if (shadow === undefined || request.operation === 'count-tokens' || call.world.random() >= shadow.share) return
    call.world.after(0, () => void this.#drain(call, { request, shadow, route: name }))
  }

  async #drain(call: Call, copy: Copy): Promise<void> {
    const own = this.#open(call, copy)
    own.record.facts.subject = copy.shadow.target.name
    own.record.facts.isStream = copy.request.isStream
    this.#running++
    try {
      const reply = await this.#send(own, copy)
      while ((await reply.next()) !== undefined);
    } catch {
      // How it failed stands in its own event.
    } finally {
      this.#running--
    }
  }

  /** @throws overloaded, no_capable_target, provider_unavailable: a copy neither waits for a target that rests nor takes what is left of its rate limit */
  #sendTo(own: Call, { request, shadow, route }: Copy): Promise<Reply<ModelPart>> {
    const { name } = shadow.target
    if (this.#running > MOST_COPIES) throw new GatewayError('overloaded', `The copy was not sent: ${MOST_COPIES} others are under way.`)
    const state = { lanes: this.#lanes, nowMs: own.world.now() }
    const out = whyNot(shadow.target, new CallFactsForRoute(own, request), state)
    if (out?.cause === 'request')
      throw new GatewayError('no_capable_target', `The copy was not sent: "${name}" cannot serve it: ${out.why}.`)
    // A soft limit too: production may go on asking, a copy need not.
    const ready = shadow.target.lanes.filter((lane) => this.#lanes.restingOf(lane, state.nowMs) === undefined)
    const target = pickLane({ lanes: ready }, NONE_TRIED, state)
    if (target === undefined) throw new GatewayError('provider_unavailable', `The copy was not sent: "${name}" rests now.`)
    return this.#attempt(own, { id: `${own.id}.1`, number: 1, request, target, why: `shadow of ${route}` })
  }

  /** A call of its own, caused by the first and charged to the account. */
  #open(call: Call, { shadow: { account }, route }: Copy): Call {
    const { world, log } = this.#deps
    const trace = { ...call.trace, spanId: world.randomHex(8), parentSpanId: call.trace.spanId }
    const start = { log, world, layer: 'models', trace, prompt: call.prompt, parentId: call.id } as const
    const own = new LogRecord({ ...start, action: SHADOW_ACTION, wire: call.record.facts.wire ?? '-' })
    const { organisation, labels } = call.principal
    const principal: Principal = { organisation, team: account, labels: { ...labels, shadow: route } }
    own.facts.principal = principal
    return { ...openCall({ ...start, record: own }), parentId: call.id, principal }
  }
}

const NONE_TRIED: ReadonlySet<string> = new Set()
