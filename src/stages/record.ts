import type { Hold } from '../core/booking.ts'
import { ANONYMOUS, type Call, type PromptIdentity } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { AttemptHeld, CallEnded, CallFacts, CallRecord, CallStarted, LateAttempt, LayerName, Outcome } from '../core/events.ts'
import type { EventLog, LiveCall, LiveCalls } from '../core/ports.ts'
import type { Ending } from '../core/reply.ts'
import { type Stage, whenEnded } from '../core/stage.ts'
import type { TraceContext } from '../core/trace.ts'
import type { World } from '../core/world.ts'

interface RecordStart {
  readonly log: EventLog
  readonly world: World
  readonly layer: LayerName
  readonly action: string
  readonly trace: TraceContext
  readonly wire: string
  readonly prompt: PromptIdentity
  readonly parentId?: string
}

/** What will stand in the log of one call. Made by the edge, written by the `record` stage. */
export class LogRecord implements CallRecord {
  readonly callId: string
  readonly facts: CallFacts
  readonly startedAtMs: number
  /** What was asked. An edge that learns it from the body sets it before the call's start is written. */
  action: string
  replyHeaders?: Record<string, string>
  readonly #start: RecordStart
  readonly #startedMonotonicMs: number
  #started: Promise<void> | undefined
  #isEnded = false
  /** How the call ended, once that is written. */
  #outcome: Outcome | undefined
  #work: Promise<void> | undefined
  /** Attempts that are read on, of which nobody knows yet what they cost. */
  #awaitedPrices = 0

  constructor(start: RecordStart) {
    this.callId = start.world.id('call')
    this.facts = { principal: ANONYMOUS, prompt: start.prompt, wire: start.wire, attempts: 0 }
    this.action = start.action
    this.#start = start
    this.startedAtMs = start.world.now()
    this.#startedMonotonicMs = start.world.monotonicMs()
  }

  /** Milliseconds since the call began. */
  get elapsedMs(): number {
    return this.#start.world.monotonicMs() - this.#startedMonotonicMs
  }

  /** Milliseconds that were spent in the gateway itself, so far. */
  get overheadMs(): number {
    return Math.max(0, this.elapsedMs - (this.facts.providerMs ?? 0) - (this.facts.waitedMs ?? 0))
  }

  start(hold?: Hold, limitAttempt = this.facts.limitAttempt): Promise<void> {
    if (this.#started === undefined) {
      this.facts.limitAttempt = limitAttempt
      this.#started = this.#start.log.append(this.#startedEvent(hold))
      return this.#started
    }
    return hold === undefined ? this.#started : this.#start.log.append(this.#heldEvent(hold))
  }

  finishLate({ booking, usage, resolvesUnpriced, priceVersion, ...where }: LateAttempt): void {
    if (this.#outcome === undefined) return
    const { layer, log, trace } = this.#start
    const { principal, subject, provider, target, choice } = this.facts
    const identity = { callId: this.callId, layer, action: this.action, principal, subject, provider, target, ...where }
    const costNanoUsd = booking.state === 'released' ? undefined : booking.nanoUsd
    const of = { outcome: this.#outcome, route: choice?.route, traceId: trace.traceId }
    const late = { booking, usage, costNanoUsd, priceVersion, resolvesUnpriced, ...of }
    const booked = { type: 'attempt.booked', atMs: booking.atMs, ...identity, ...late } as const
    // Behind the ending, which waits for the start in the same way.
    this.#started?.then(
      () => log.keep(booked),
      () => {},
    )
  }

  awaitPrice(): (isKnown: boolean) => true | undefined {
    this.#awaitedPrices++
    return (isKnown) => {
      this.#awaitedPrices--
      if (!isKnown) this.facts.isUnpriced = true
      return this.#awaitedPrices === 0 && this.facts.isUnpriced !== true ? true : undefined
    }
  }

  /** Writes `call.ended` (and `call.started` where the call was refused before it): once. */
  end(ending: Ending): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#writeWhenOver(ending)
  }

  awaitWork(over: Promise<void>): void {
    const before = this.#work
    const work = (before === undefined ? over : before.then(() => over)).then(() => {
      if (this.#work === work) this.#work = undefined
    })
    this.#work = work
  }

  #writeWhenOver(ending: Ending): void {
    if (this.#work === undefined) this.#write(ending)
    else void this.#work.then(() => this.#writeWhenOver(ending))
  }

  #write(ending: Ending): void {
    this.#outcome = ending.outcome
    const { log } = this.#start
    if (this.#started !== undefined) {
      this.#keepIfStarted(this.#started, this.#endedEvent(ending))
      return
    }
    if (!log.isWritable) {
      log.countUnrecorded()
      return
    }
    this.#started = log.append(this.#startedEvent())
    log.append(this.#endedEvent(ending)).catch(() => log.countUnrecorded())
    this.#started.catch(() => {})
  }

  #keepIfStarted(started: Promise<void>, ended: CallEnded): void {
    // A call whose start could not be written was not made: an ending without a start would be a lie in the log.
    const { log } = this.#start
    started.then(
      () => log.keep(ended),
      () => log.countUnrecorded(),
    )
  }

  /** Of a further attempt: the start of the call stands in the log already. */
  #heldEvent(hold: Hold): AttemptHeld {
    const { layer } = this.#start
    const { principal, subject } = this.facts
    return {
      type: 'attempt.held',
      atMs: this.#start.world.now(),
      callId: this.callId,
      layer,
      action: this.action,
      principal,
      subject,
      hold,
    }
  }

  #startedEvent(hold?: Hold): CallStarted {
    const { layer, trace, parentId } = this.#start
    const { principal, prompt, subject, wire, limitTokens, limitAttempt } = this.facts
    return {
      type: 'call.started',
      atMs: this.startedAtMs,
      callId: this.callId,
      parentId,
      layer,
      action: this.action,
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      subject,
      wire,
      principal,
      prompt,
      hold,
      limitTokens,
      limitAttempt,
    }
  }

  #endedEvent(ending: Ending): CallEnded {
    const error = 'error' in ending ? ending.error : undefined
    const { layer, trace, parentId } = this.#start
    // Written out field by field: two spreads here were a tenth of the gateway's own cost of a call.
    const { facts } = this
    return {
      type: 'call.ended',
      atMs: this.#start.world.now(),
      callId: this.callId,
      parentId,
      layer,
      action: this.action,
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      subject: facts.subject,
      wire: facts.wire,
      principal: facts.principal,
      onBehalfOf: facts.onBehalfOf,
      prompt: facts.prompt,
      outcome: ending.outcome,
      errorCode: error?.code,
      errorSource: error?.source,
      errorMessage: error?.message,
      status: facts.status ?? error?.status ?? 200,
      provider: facts.provider,
      target: facts.target,
      toolCalls: facts.toolCalls,
      askedBy: facts.askedBy,
      isToolError: facts.isToolError,
      rpcErrorCode: facts.rpcErrorCode,
      taskId: facts.taskId,
      contextId: facts.contextId,
      isStream: facts.isStream,
      attempts: facts.attempts,
      attemptLog: facts.attemptLog,
      choice: facts.choice,
      usage: facts.usage,
      // What was booked after the reply had ended, while the call waited for its work, is in the facts alone.
      costNanoUsd: facts.costNanoUsd ?? ending.costNanoUsd,
      isUnpriced: this.#awaitedPrices > 0 ? true : facts.isUnpriced,
      priceVersion: facts.priceVersion,
      pricing: facts.pricing,
      isEstimate: facts.isEstimate,
      bookings: facts.bookings,
      limitTokens: facts.limitTokens,
      limitAttempt: facts.limitAttempt,
      finishReason: facts.finishReason,
      cache: facts.cache,
      losses: facts.losses,
      guards: facts.guards,
      providerStatus: facts.providerStatus,
      providerRequestId: facts.providerRequestId,
      startedAtMs: this.startedAtMs,
      durationMs: roundMs(this.elapsedMs),
      overheadMs: roundMs(this.overheadMs),
      firstTokenMs: facts.firstTokenMs,
      providerMs: facts.providerMs === undefined ? undefined : roundMs(facts.providerMs),
      waitedMs: facts.waitedMs === undefined ? undefined : roundMs(facts.waitedMs),
      sizeInBytes: facts.sizeInBytes,
      sizeOutBytes: facts.sizeOutBytes,
      bodies: facts.bodies,
    }
  }
}

interface RecordDeps {
  readonly live: LiveCalls
  /** Hears of every ending after it was written: for the process's own log. */
  readonly onEnded: (callId: string, ending: Ending) => void
}

/**
 * The outermost stage: refusals are recorded too. Puts the call into the live-call table for as long as it runs,
 * and writes its one ending.
 */
export function record<In, Part>(deps: RecordDeps): Stage<In, Part> {
  return (call, input, next) => {
    const record = call.record
    if (!(record instanceof LogRecord)) throw new GatewayError('internal', 'The call has no record of its own.')
    const live: LiveCall = { callId: call.id, facts: record.facts, startedAtMs: record.startedAtMs, abort: call.abort }
    deps.live.add(live)
    return whenEnded(next(call, input), (ended) => {
      const ending = seenFromOutside(call, ended)
      deps.live.remove(live)
      record.end(ending)
      deps.onEnded(call.id, ending)
      return undefined
    })
  }
}

/** A call that was let in and then ended from outside (its key was revoked, the gateway stopped) was cancelled, also where no part had come yet. */
function seenFromOutside(call: Call, ending: Ending): Ending {
  if (ending.outcome !== 'refused' || !call.signal.aborted || ending.error !== call.signal.reason) return ending
  return { ...ending, outcome: 'cancelled' }
}

function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
