import type { Call } from '../../core/call.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { RouteStep, Way } from '../../stages/route.ts'
import type { Attempt, ModelCall, ModelRequest, Target } from '../types.ts'
import { type ChoiceState, choose, pickLane, whyNot } from './choose.ts'
import { mayContinue } from './continued-request.ts'
import { CallFactsForRoute } from './facts.ts'
import { type Action, rowOf } from './failures.ts'
import { refusal } from './refusal.ts'
import { backoffMs, isWorthWaiting } from './retry.ts'
import type { RouterState } from './router.ts'
import { FIRST, stickyByOf, stickyKeyOf } from './strategies.ts'
import type { Choice, ModelTarget, RequestFacts, Route, RuledOut } from './types.ts'

const NONE: readonly RuledOut[] = []

/** The way of one model call through the targets of its route. */
export class Walk implements Way<Attempt> {
  readonly #call: Call
  readonly #input: ModelCall
  readonly #state: RouterState
  readonly #facts: RequestFacts
  readonly #beganMs: number
  #order: readonly ModelTarget[] = []
  /** Place in the order of the model that was tried last. */
  #at = 0
  readonly #tried = new Set<string>()
  #sent = 0
  #retries = 0
  #why = ''

  constructor(state: RouterState, call: Call, input: ModelCall) {
    this.#call = call
    this.#input = input
    this.#state = state
    this.#beganMs = call.world.monotonicMs()
    this.#facts = new CallFactsForRoute(call, input.request, input.session)
    if (input.route.retries.max > 0) state.earn(input.route)
  }

  get facts(): RequestFacts {
    return this.#facts
  }

  get route(): Route {
    return this.#input.route
  }

  get input(): ModelCall {
    return this.#input
  }

  /** Whether a stream of this call that breaks may go on elsewhere. */
  get continues(): boolean {
    return this.#input.route.continues && mayContinue(this.#input)
  }

  begin(): RouteStep<Attempt> {
    const { route } = this.#input
    const state = { lanes: this.#state.lanes, nowMs: this.#call.world.now(), random: this.#call.world.random }
    const choice = this.#plainChoice(state) ?? choose(route, this.#facts, state)
    this.#note(choice)
    this.#order = choice.order
    this.#at = 0
    this.#tried.clear()
    const step = this.#sendFrom(0, this.#retries === 0 ? choice.why : this.#why)
    return step ?? { type: 'stop', error: refusal(route, choice.ruledOut, state.nowMs) }
  }

  /** A model that was named directly and can serve the call: there is nothing to choose. */
  #plainChoice(state: ChoiceState): Choice | undefined {
    const { only } = this.#input.route
    return only !== undefined && whyNot(only, this.#facts, state) === undefined ? { order: [only], ruledOut: NONE, why: FIRST } : undefined
  }

  after(failure: GatewayError): RouteStep<Attempt> {
    const row = rowOf(failure)
    const isFilteredOn = failure.code === 'provider_content_filtered' && this.#input.route.retriesFiltered
    const actions: readonly Action[] = isFilteredOn ? ['next-target'] : row.actions
    if (this.#isPastTotal()) return { type: 'stop', error: failure }
    for (const action of actions) {
      const step = this.#take(action, failure)
      if (step !== undefined) return step
    }
    return { type: 'stop', error: failure }
  }

  /** Another attempt beside the one that runs: the next target, or the same one over another key. Undefined where there is none. */
  beside(why: string): Attempt | undefined {
    const step = this.#sendFrom(this.#at + 1, why) ?? this.#sendFrom(this.#at, why)
    return step?.type === 'send' ? step.attempt : undefined
  }

  /** The next target that goes on with a text that broke off; undefined where there is none. */
  continuation(request: ModelRequest, failure: GatewayError): Attempt | undefined {
    const { nowMs, random } = { nowMs: this.#call.world.now(), random: this.#call.world.random }
    const { order } = choose(this.#input.route, this.#facts, { lanes: this.#state.lanes, nowMs, random })
    for (const model of order) {
      const target = model.can.prefill === true ? this.#laneOf(model) : undefined
      if (target === undefined) continue
      this.#tried.add(target.laneId)
      return { ...this.#attempt(target, `continues after ${failure.code}`), request }
    }
    return undefined
  }

  #take(action: Action, failure: GatewayError): RouteStep<Attempt> | undefined {
    const after = `after ${failure.code}`
    switch (action) {
      case 'next-key':
        return this.#send(this.#at, `another key ${after}`)
      case 'next-target':
        return this.#sendFrom(this.#at + 1, after)
      case 'larger-target':
        return this.#sendFrom(this.#at + 1, `${after}, with a larger context`, largerThan(this.#order[this.#at]))
      case 'retry-same':
        return this.#retry(failure)
      default:
        return action satisfies never
    }
  }

  #retry(failure: GatewayError): RouteStep<Attempt> | undefined {
    const { route } = this.#input
    const retryAfterMs = (failure.extra.retryAfterSeconds ?? 0) * 1000
    if (this.#retries >= route.retries.max || !isWorthWaiting(retryAfterMs, route.retries)) return undefined
    if (!this.#state.spend(route)) return undefined
    const ms = backoffMs(this.#retries, route.retries, this.#call.world.random(), retryAfterMs)
    this.#retries++
    this.#why = `retry ${this.#retries} after ${failure.code}`
    return { type: 'wait', ms }
  }

  /** The first model from this place on that has a lane. */
  #sendFrom(from: number, why: string, isWanted: (model: ModelTarget) => boolean = () => true): RouteStep<Attempt> | undefined {
    for (let at = from; at < this.#order.length; at++) {
      const model = this.#order[at]
      const step = model !== undefined && isWanted(model) ? this.#send(at, why) : undefined
      if (step !== undefined) return step
    }
    return undefined
  }

  #send(at: number, why: string): RouteStep<Attempt> | undefined {
    const model = this.#order[at]
    const target = model && this.#laneOf(model)
    if (target === undefined) return undefined
    this.#at = at
    this.#tried.add(target.laneId)
    return { type: 'send', attempt: this.#attempt(target, why) }
  }

  /** A conversation that keeps to a target keeps to a key of it too. */
  #laneOf(model: ModelTarget): Target | undefined {
    const { lanes } = this.#state
    const stickyBy = model.lanes.length > 1 ? stickyByOf(this.#input.route) : undefined
    const stickTo = stickyBy && stickyKeyOf(this.#facts, stickyBy)
    return pickLane(model, this.#tried, { lanes, nowMs: this.#call.world.now(), stickTo })
  }

  #attempt(target: Target, why: string): Attempt {
    this.#sent++
    return { id: `${this.#call.id}.${this.#sent}`, number: this.#sent, request: this.#input.request, target, why }
  }

  /** Whether the call has taken as long as one attempt may: then nobody is helped by another. */
  #isPastTotal(): boolean {
    const totalMs = this.#order[this.#at]?.lanes[0].timeouts.totalMs ?? Number.POSITIVE_INFINITY
    return this.#call.world.monotonicMs() - this.#beganMs >= totalMs
  }

  #note({ order, ruledOut, why }: Choice): void {
    const { route } = this.#input
    if (route.only !== undefined) return
    const out = ruledOut.length === 0 ? {} : { ruledOut: ruledOut.map(({ target, why: reason }) => ({ target, why: reason })) }
    const { name, strategy } = route
    this.#call.record.facts.choice = { route: name, strategy, why, order: order.map((model) => model.name), ...out }
  }
}

/** A context that is not known may be larger. */
function largerThan(model: ModelTarget | undefined): (other: ModelTarget) => boolean {
  const context = model?.can.context ?? 0
  return ({ can }) => can.context === undefined || can.context > context
}
