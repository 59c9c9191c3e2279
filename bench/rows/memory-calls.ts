import { describeGrowth, flatMb, measureGrowth } from '../lab/growth.ts'
import { type Lab, measureBoth } from '../lab/lab.ts'
import { readRssBytes } from '../lab/proc.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { requestOf, restart, type Target } from '../lab/target.ts'

const shape = 'mock-whole'
const restMs = 150

/** Whether memory stays flat over many calls: 200,000, or 1,000,000 with `--full`. */
export const memoryCalls: Row = {
  names: ['memory_after_calls'],
  shapes: [shape],
  async measure(lab) {
    const both = await measureBoth(lab, (target) => callInBatches(lab, target))
    return [
      {
        name: 'memory_after_calls',
        unit: 'MB added by the second half',
        value: both.gateway.growth.secondHalfMb,
        floor: both.floor.growth.secondHalfMb,
        ratio: 'none',
        bar: { on: 'value', atMost: flatMb },
        note: `${lab.scale.calls} calls: ${describeGrowth(both.gateway.growth)}; floor ${describeGrowth(both.floor.growth)}`,
        problems: describeFailures([both]),
      },
    ]
  },
}

async function callInBatches(lab: Lab, target: Target) {
  await restart(target)
  const calls = lab.scale.calls / lab.scale.batches
  const rssBytes: number[] = []
  let errors = 0
  let firstError = ''
  for (let batch = 0; batch < lab.scale.batches && errors === 0; batch++) {
    const report = await lab.load.run({ type: 'calls', port: target.port, request: requestOf(target, shape), connections: 64, calls })
    errors += report.errors
    firstError ||= report.firstError ?? ''
    await Bun.sleep(restMs)
    rssBytes.push(readRssBytes(target.pid))
  }
  return { growth: measureGrowth(rssBytes), errors, firstError }
}
