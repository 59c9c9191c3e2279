import { GatewayError } from '../core/errors.ts'
import { share } from '../core/share.ts'
import { type Handler, type PartTransform, pipeline, replyOf, type Stage, tap, transform, whenEnded } from '../core/stage.ts'
import type { FakeWorld } from './fake-world.ts'
import { earlyNames, expectedParts, type PipelinePlan, type StagePlan, type TestPart } from './pipeline-plan.ts'
import { PlannedReader } from './pipeline-reader.ts'
import type { PipelineWatch, Watched } from './pipeline-watch.ts'

/** What goes through a random pipeline in place of a request: the innermost `onEnd` that is open around it. */
export interface TestInput {
  readonly outer: Watched | undefined
}

type TestStage = Stage<TestInput, TestPart>

/** What a hold says that its work cost: it must reach the outermost ending. */
export const HOLD_COST = 7

interface Deps {
  readonly plan: PipelinePlan
  readonly world: FakeWorld
  readonly watch: PipelineWatch
}

/** Builds the handler of a plan. */
export function plannedPipeline(deps: Deps, send: Handler<TestInput, TestPart>): Handler<TestInput, TestPart> {
  const stages = deps.plan.stages.map((stage, index) => seen(stageOf(stage, index, deps), `${stage.type} ${index}`, deps.watch))
  return pipeline(stages, send)
}

/** Watches every reply that a stage gives. Not an async function: a stage that throws must reach `pipeline` as it is. */
function seen(stage: TestStage, where: string, watch: PipelineWatch): TestStage {
  return (call, input, next) =>
    stage(call, input, next).then((reply) => {
      watch.see(reply, where)
      return reply
    })
}

function stageOf(plan: StagePlan, index: number, deps: Deps): TestStage {
  switch (plan.type) {
    case 'tap':
      return async (call, input, next) => tap(await next(call, input), throwAt(plan.throwsAt, deps.watch))
    case 'when-ended':
      return watched(`whenEnded ${index}`, deps.watch, () => {
        if (plan.throws) throw new Error('The planned onEnd threw.')
        return undefined
      })
    case 'hold':
      return watched(`hold ${index}`, deps.watch, (ending) => ({ ...ending, costNanoUsd: HOLD_COST }))
    case 'transform':
      return async (call, input, next) => transform(await next(call, input), transformOf(plan, deps))
    case 'retry':
      return retry(plan.tries)
    case 'answer-early':
      return async (call) =>
        replyOf(
          earlyNames(plan.parts).map((name) => ({ name, sizeBytes: 1 })),
          call.signal,
        )
    case 'fail':
      return fail(plan)
    case 'share':
      return shared(plan, index, deps)
    default:
      return plan satisfies never
  }
}

function watched(what: string, watch: PipelineWatch, onEnd: Parameters<typeof whenEnded>[1]): TestStage {
  return (call, input, next) => {
    const own = watch.open(what, input.outer)
    const pending = next(call, { outer: own })
    const accepted = pending.then((reply) => {
      own.isAccepted = true
      return reply
    })
    return whenEnded(accepted, (ending) => {
      watch.ran(own, ending)
      try {
        return onEnd(ending)
      } catch (thrown) {
        // Of an attempt that was not accepted, the error stands; another may succeed.
        if (own.isAccepted) watch.faults.push(what)
        throw thrown
      }
    })
  }
}

function throwAt(throwsAt: number | undefined, watch: PipelineWatch): () => void {
  let count = 0
  return () => {
    if (count++ !== throwsAt) return
    watch.faults.push('a stage that refused a part')
    throw new GatewayError('forbidden', 'The planned stage refused this part.')
  }
}

function transformOf(plan: Extract<StagePlan, { type: 'transform' }>, { world, watch }: Deps): PartTransform<TestPart, TestPart> {
  const mayThrow = throwAt(plan.throwsAt, watch)
  let late: readonly TestPart[] = []
  let count = 0
  const change = (part: TestPart): readonly TestPart[] | Promise<readonly TestPart[]> => {
    switch (plan.mode) {
      case 'pass':
        return [part]
      case 'split':
        return ['a', 'b'].map((half) => ({ ...part, name: part.name + half }))
      case 'hide':
        return count++ % 2 === 0 ? [part] : []
      case 'wait':
        return world.sleep(1, new AbortController().signal).then(() => [part])
      case 'late': {
        const ready = late
        late = [part]
        return ready
      }
      default:
        return plan.mode satisfies never
    }
  }
  return {
    part: (part) => {
      mayThrow()
      return change(part)
    },
    flush: () => {
      if (plan.flushThrows) {
        watch.faults.push('a flush that refused')
        throw new GatewayError('forbidden', 'The planned flush refused.')
      }
      return late
    },
  }
}

function retry(tries: number): TestStage {
  return async (call, input, next) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(call, input)
      } catch (thrown) {
        const mayTryAgain = thrown instanceof GatewayError && thrown.isRetryable && !call.signal.aborted
        if (attempt >= tries || !mayTryAgain) throw thrown
      }
    }
  }
}

function fail(plan: Extract<StagePlan, { type: 'fail' }>): TestStage {
  let calls = 0
  return (call, input, next) => {
    if (calls++ !== plan.onCall) return next(call, input)
    const error = new GatewayError(plan.isRetryable ? 'provider_error' : 'forbidden', 'The planned stage failed.')
    if (plan.how === 'throws') throw error
    return Promise.reject(error)
  }
}

/** Single-flight, with readers of other calls beside the call's own. What is behind it belongs to the work, not to one of them. */
function shared(plan: Extract<StagePlan, { type: 'share' }>, index: number, deps: Deps): TestStage {
  return async (call, _input, next) => {
    const { world, watch } = deps
    const own = { wants: (): boolean => !call.signal.aborted }
    const readers: PlannedReader[] = []
    const work = share<TestPart>(
      (signal) => {
        signal.addEventListener('abort', () => {
          if (own.wants() || readers.some((reader) => reader.isReading)) watch.note(`share ${index} was aborted while somebody reads`)
        })
        return next({ ...call, signal }, { outer: undefined })
      },
      { maxBytes: plan.maxBytes, sizeOf: (part) => part.sizeBytes },
    )
    for (const [number, other] of plan.others.entries()) {
      world.after(other.startsAtMs, () => {
        const reader = new PlannedReader(other, `reader ${number} of share ${index}`, deps)
        const joined = work.join(reader.signal)
        if (joined === undefined) return
        readers.push(reader)
        void reader.read(joined)
        world.after(LONG_MS, () => reader.abort())
        watch.atRest(() => reader.check(expectedParts(deps.plan.stages.slice(index + 1), deps.plan.source)))
      })
    }
    const joined = work.join(call.signal)
    if (joined === undefined) return next(call, { outer: undefined })
    return joined.then((reply) => {
      own.wants = () => reply.ending === undefined
      return reply
    })
  }
}

/** When everybody who still waits gives up. */
export const LONG_MS = 200
