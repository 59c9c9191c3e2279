import { describeGrowth, flatMb, measureGrowth } from '../lab/growth.ts'
import { type Lab, measureBoth } from '../lab/lab.ts'
import { readRssBytes } from '../lab/proc.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { requestOf, restart, type Target } from '../lab/target.ts'

const endless = 'mock-stream-3000x10'
const never = 'mock-never'
const restMs = 150

/** Whether memory stays flat over streams whose caller goes away, and whether the upstream call is given up with them. */
export const memoryAborts: Row = {
  names: ['memory_after_aborts'],
  shapes: [endless, never],
  async measure(lab) {
    const both = await measureBoth(lab, (target) => abortInBatches(lab, target))
    const left = both.gateway.openReplies
    const problems = describeFailures([both])
    return [
      {
        name: 'memory_after_aborts',
        unit: 'MB added by the second half',
        value: both.gateway.growth.secondHalfMb,
        floor: both.floor.growth.secondHalfMb,
        ratio: 'none',
        bar: { on: 'value', atMost: flatMb },
        note: `${lab.scale.aborts} aborts: ${describeGrowth(both.gateway.growth)}; floor ${describeGrowth(both.floor.growth)}`,
        problems: left === 0 ? problems : [...problems, `gateway: ${left} upstream replies still open after their callers left`],
      },
    ]
  },
}

async function abortInBatches(lab: Lab, target: Target) {
  await restart(target)
  // Half of the callers leave in the middle of the stream, half while the upstream has not answered yet.
  const plans = [{ request: requestOf(target, endless) }, { request: requestOf(target, never), waitMs: 5 }]
  const aborts = lab.scale.aborts / lab.scale.batches
  const rssBytes: number[] = []
  let errors = 0
  let firstError = ''
  for (let batch = 0; batch < lab.scale.batches && errors === 0; batch++) {
    const report = await lab.load.run({ type: 'aborts', port: target.port, plans, aborts, connections: 50 })
    errors += report.errors
    firstError ||= report.firstError ?? ''
    await Bun.sleep(restMs)
    rssBytes.push(readRssBytes(target.pid))
  }
  return { growth: measureGrowth(rssBytes), errors, firstError, openReplies: await countLeft(lab) }
}

/** Replies that are still open after two seconds of grace. */
async function countLeft(lab: Lab): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if ((await lab.mock.countOpenReplies()) === 0) return 0
    await Bun.sleep(100)
  }
  return lab.mock.countOpenReplies()
}
