import type { Call } from '../../core/call.ts'
import type { AttemptFacts, CallFacts } from '../../core/events.ts'
import type { Ending, Reply } from '../../core/reply.ts'
import { type Handler, tap, whenEnded } from '../../core/stage.ts'
import type { Attempt, ModelPart } from '../types.ts'
import { AttemptRecord } from './attempt-record.ts'
import type { LaneTable, LaneVerdict } from './lanes.ts'
import type { Measured } from './performance.ts'

/** How an attempt is tracked. */
interface TrackOptions {
  readonly lanes: LaneTable
  /** Others run beside it: the facts of the call are nobody's until one answers. */
  readonly isBeside: boolean
  /** Told of what it has cost, as far as that is known. */
  readonly onSettled?: (costNanoUsd: number) => void
}

/**
 * Makes one attempt: keeps account of its lane, and writes down what became of it. A second attempt has a record of its own,
 * so that what the first one left is neither lost nor taken for the second's.
 */
export function trackAttempt(
  call: Call,
  attempt: Attempt,
  next: Handler<Attempt, ModelPart>,
  { lanes, isBeside, onSettled }: TrackOptions,
): Promise<Reply<ModelPart>> {
  const own = attempt.number === 1 && !isBeside ? undefined : new AttemptRecord(call.record, attempt.number)
  const { facts } = own ?? call.record
  facts.provider = attempt.target.provider
  facts.target = attempt.target.id
  const state = lanes.begin(attempt.target, call.world.now())
  const beganMs = call.world.monotonicMs()
  const startedAfterMs = call.record.elapsedMs
  // Not the attempt itself: a stream lives long, and would keep the caller's text as long.
  const { id, number, target, why } = attempt
  const note = (ending: Ending): Ending | undefined => {
    const nowMs = call.world.now()
    lanes.end(state, verdictOf(ending, facts), nowMs)
    onSettled?.(facts.costNanoUsd ?? 0)
    return settle(call, { id, number, target, why }, ending, { own, beganMs, startedAfterMs, isBeside })
  }
  return whenEnded(next(own === undefined ? call : { ...call, record: own }, attempt), note, (reply) => {
    lanes.accepted(state, call.world.now())
    if (own === undefined) return
    own.adopt()
    tap(reply, () => own.adopt())
  })
}

/** What is told of an attempt that is over. */
type Tracked = Pick<Attempt, 'id' | 'number' | 'target' | 'why'>

interface Settled {
  readonly own: AttemptRecord | undefined
  readonly beganMs: number
  readonly startedAfterMs: number
  readonly isBeside: boolean
}

/** Writes an attempt down that is over. @returns the ending with what the whole call has cost */
function settle(call: Call, attempt: Tracked, ending: Ending, { own, beganMs, startedAfterMs, isBeside }: Settled): Ending | undefined {
  const { facts } = call.record
  const of = own?.facts ?? facts
  const isTold = facts.choice !== undefined || attempt.number > 1 || ending.outcome !== 'ok'
  const entry = isTold ? describeAttempt(call, attempt, ending, { facts: of, beganMs, startedAfterMs }) : undefined
  if (own !== undefined && !(isBeside && ending.outcome === 'cancelled')) own.adopt()
  else own?.charge()
  if (entry !== undefined) facts.attemptLog = [...(facts.attemptLog ?? []), entry]
  return own === undefined || facts.costNanoUsd === undefined ? undefined : { ...ending, costNanoUsd: facts.costNanoUsd }
}

interface Described {
  readonly facts: CallFacts
  readonly beganMs: number
  readonly startedAfterMs: number
}

function describeAttempt({ world }: Call, attempt: Tracked, ending: Ending, { facts, beganMs, startedAfterMs }: Described): AttemptFacts {
  const { id, target, why } = attempt
  const error = 'error' in ending ? ending.error : undefined
  return {
    ...{ id, model: target.name, provider: target.provider, target: target.id, why },
    key: target.keyCount > 1 ? target.keyIndex + 1 : undefined,
    startedAfterMs: round(startedAfterMs),
    durationMs: round(world.monotonicMs() - beganMs),
    firstTokenMs: facts.firstTokenMs,
    outcome: ending.outcome,
    errorCode: error?.code,
    errorMessage: error?.message,
    providerStatus: facts.providerStatus,
    usage: facts.usage,
    costNanoUsd: facts.costNanoUsd,
  }
}

function verdictOf(ending: Ending, facts: CallFacts): LaneVerdict {
  if (ending.outcome === 'ok') return { type: 'good', measured: measuredOf(facts) }
  // Somebody on our side broke it off: that says nothing of the lane.
  return ending.outcome === 'broken' ? { type: 'bad', error: ending.error } : undefined
}

function measuredOf({ firstTokenMs, providerMs, usage }: CallFacts): Measured {
  const outputTokens = usage?.outputTokens
  const writingMs = providerMs === undefined ? undefined : providerMs - (firstTokenMs ?? 0)
  const isKnown = outputTokens !== undefined && outputTokens > 0 && writingMs !== undefined && writingMs > 0
  return {
    ...(firstTokenMs === undefined ? (providerMs === undefined ? {} : { wholeMs: providerMs }) : { firstTokenMs }),
    ...(isKnown ? { tokensPerSecond: (outputTokens * 1000) / writingMs } : {}),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
