import type { Call } from '../core/call.ts'
import { whenEnded } from '../core/stage.ts'
import { fakeWorld } from './fake-world.ts'
import { openTestCall } from './open-test-call.ts'
import { expectedParts, type PipelinePlan } from './pipeline-plan.ts'
import { PlannedReader } from './pipeline-reader.ts'
import { PlannedUpstream } from './pipeline-source.ts'
import { HOLD_COST, LONG_MS, plannedPipeline } from './pipeline-stages.ts'
import { PipelineWatch, type Watched } from './pipeline-watch.ts'

/** Runs a plan to its end, and returns what was not as promised: nothing, where the core is right. */
export async function runPipeline(plan: PipelinePlan): Promise<readonly string[]> {
  const world = fakeWorld()
  const watch = new PipelineWatch()
  const upstream = new PlannedUpstream(plan.source, world, watch)
  const handler = plannedPipeline({ plan, world, watch }, async (call) => {
    const reply = await upstream.send(call.signal)
    watch.see(reply, 'the upstream')
    return reply
  })
  const reader = new PlannedReader(plan.reader, 'the caller', { world, watch })
  const call: Call = { ...openTestCall({ world }), signal: reader.signal }
  const outermost = watch.open('the call', undefined)
  world.after(plan.reader.startsAtMs, () => {
    const pending = whenEnded(handler(call, { outer: outermost }), (ending) => {
      watch.ran(outermost, ending)
      return undefined
    })
    void reader.read(pending)
  })
  await world.advance(LONG_MS)
  reader.abort()
  await world.advance(LONG_MS * 2)
  reader.check(expectedParts(plan.stages, plan.source))
  checkEnding(plan, reader, { outermost, watch })
  return watch.finish()
}

function checkEnding(
  plan: PipelinePlan,
  reader: PlannedReader,
  seen: { readonly outermost: Watched; readonly watch: PipelineWatch },
): void {
  const { outermost, watch } = seen
  const ending = reader.reply?.ending
  if (ending === undefined) return
  const mayBeOk = plan.source.end === 'ok' || plan.stages.some((stage) => stage.type === 'answer-early')
  if (ending.outcome === 'ok' && (!mayBeOk || watch.faults.length > 0))
    watch.note(`the call ended ok in spite of ${[plan.source.end, ...watch.faults]}`)
  if (hasAcceptedHold(outermost) && outermost.ending?.costNanoUsd !== HOLD_COST)
    watch.note('the cost of a hold did not reach the ending of the call')
}

/** Whether work whose cost is known was accepted for this call itself, and not for a shared one. */
function hasAcceptedHold(watched: Watched): boolean {
  return watched.inner.some((inner) => (inner.isAccepted && inner.what.startsWith('hold')) || hasAcceptedHold(inner))
}
