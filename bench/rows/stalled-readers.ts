import { type Lab, measureBoth } from '../lab/lab.ts'
import { megabytes, watchMemory } from '../lab/memory.ts'
import { readRssBytes } from '../lab/proc.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { requestOf, restart, type Target } from '../lab/target.ts'

const readers = 100
const shape = 'mock-flood-200'

/** 100 readers of a 200 MB reply that stop reading: back-pressure must reach the upstream before memory fills. */
export const stalledReaders: Row = {
  names: ['stalled_readers'],
  shapes: [shape],
  async measure(lab) {
    const both = await measureBoth(lab, (target) => stall(lab, target))
    const missing = readers - both.gateway.stalled
    const problems = describeFailures([both])
    return [
      {
        name: 'stalled_readers',
        unit: 'MB a reader',
        value: both.gateway.readerMb,
        floor: both.floor.readerMb,
        bar: { on: 'value', atMost: 1 },
        note: `${both.gateway.stalled} of ${readers} readers stalled, ${(megabytes(both.gateway.bytesRead) / readers).toFixed(2)} MB read by each`,
        problems: missing === 0 ? problems : [...problems, `gateway: ${missing} readers never got a byte`],
      },
    ]
  },
}

async function stall(lab: Lab, target: Target) {
  await restart(target)
  await Bun.sleep(lab.scale.idleSeconds * 1000)
  const idleBytes = readRssBytes(target.pid)
  const work = lab.load.run({
    type: 'stalled',
    port: target.port,
    request: requestOf(target, shape),
    readers,
    holdMs: lab.scale.stalledHoldMs,
  })
  const { result, peakBytes } = await watchMemory(target.pid, work)
  return { ...result, readerMb: megabytes(peakBytes - idleBytes) / readers }
}
