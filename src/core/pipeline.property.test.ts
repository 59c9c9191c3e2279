import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { PipelinePlan, ReaderPlan, SourcePlan, StagePlan, TransformMode } from '../testing/pipeline-plan.ts'
import { runPipeline } from '../testing/pipeline-run.ts'
import { runShare, type SharePlan } from '../testing/share-run.ts'

// Part of the names below: an unhandled rejection fails a test before fast-check can print its seed.
// To see a case again: FC_SEED=<seed>. To look longer: FC_RUNS=<cases>.
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const OPTIONS = { seed: SEED, numRuns: Number(process.env.FC_RUNS ?? 1500) }

const when = fc.nat(6)
const sizeBytes = fc.constantFrom(0, 1, 3, 10)
const throwsAt = fc.nat(4)
const rarely = fc.constantFrom(false, false, false, true)

const source: fc.Arbitrary<SourcePlan> = fc.record({
  failFirst: fc.constantFrom(0, 0, 0, 1, 2),
  acceptAfterMs: fc.constantFrom(0, 0, 1, 4),
  parts: fc.array(fc.record({ sizeBytes, afterMs: fc.constantFrom(0, 0, 1, 2) }), { maxLength: 6 }),
  end: fc.constantFrom('ok', 'ok', 'ok', 'throw', 'throw-now', 'hang', 'ending-throws'),
  givesAtOnce: fc.boolean(),
  whenCancelled: fc.constantFrom('forgets', 'resolves', 'rejects'),
})

/** Readers that want all, and those of which one thing is wrong, are as frequent as those of which anything may be. */
function readerWith(wrongs: readonly ('stop' | 'leavesAfterMs' | 'abortsAtMs')[]): fc.Arbitrary<ReaderPlan> {
  const stop = fc.record({ afterParts: fc.nat(5), by: fc.constantFrom('leaving', 'leaving', 'idling') })
  const possible = { stop, leavesAfterMs: when, abortsAtMs: fc.nat(12) }
  const wrong = Object.fromEntries(wrongs.map((name) => [name, possible[name]]))
  const always = { startsAtMs: when, pauseMs: fc.constantFrom(0, 0, 1, 3), asksTwice: rarely, signal: fc.constantFrom('call', 'web') }
  // The fields picked are optional ones of a plan.
  return fc.record({ ...always, ...wrong }) as fc.Arbitrary<ReaderPlan>
}

const reader = fc.oneof(
  { weight: 4, arbitrary: readerWith([]) },
  { weight: 3, arbitrary: readerWith(['stop']) },
  { weight: 1, arbitrary: readerWith(['leavesAfterMs']) },
  { weight: 1, arbitrary: readerWith(['abortsAtMs']) },
  { weight: 1, arbitrary: readerWith(['stop', 'leavesAfterMs', 'abortsAtMs']) },
)

const mode = fc.constantFrom<TransformMode>('pass', 'late', 'split', 'hide', 'wait')

const stage: fc.Arbitrary<StagePlan> = fc.oneof(
  fc.record({ type: fc.constant('tap'), throwsAt }, { requiredKeys: ['type'] }),
  fc.record({ type: fc.constant('when-ended'), throws: rarely }),
  fc.record({ type: fc.constant('hold') }),
  fc.record({ type: fc.constant('hold') }),
  fc.record({ type: fc.constant('transform'), mode, throwsAt, flushThrows: rarely }, { requiredKeys: ['type', 'mode', 'flushThrows'] }),
  fc.record({ type: fc.constant('retry'), tries: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ type: fc.constant('fail'), how: fc.constantFrom('throws', 'rejects'), onCall: fc.nat(2), isRetryable: fc.boolean() }),
  fc.record({ type: fc.constant('share'), maxBytes: fc.constantFrom(0, 1, 5, 1000), others: fc.array(reader, { maxLength: 3 }) }),
)

const early: fc.Arbitrary<StagePlan> = fc.record({ type: fc.constant('answer-early'), parts: fc.nat(3) })
const stages = fc.oneof(
  { weight: 9, arbitrary: fc.array(stage, { maxLength: 7 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(stage, early), { maxLength: 7 }) },
)
const plans: fc.Arbitrary<PipelinePlan> = fc.record({ stages, source, reader })

test(`whoever fails or leaves, at whatever point: one ending a reply, one settlement a hold, no part lost or repeated (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => expect(await runPipeline(plan)).toEqual([])),
    OPTIONS,
  )
}, 60_000)

const shares: fc.Arbitrary<SharePlan> = fc.record({
  source,
  maxBytes: fc.constantFrom(0, 1, 5, 12, 1000),
  readers: fc.array(reader, { minLength: 1, maxLength: 5 }),
})

test(`however many share one piece of work, and whenever they leave: it is done once, within its bound, and for as long as one reads (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(shares, async (plan) => expect(await runShare(plan)).toEqual([])),
    OPTIONS,
  )
}, 60_000)
