import { type Lab, measureBoth } from '../lab/lab.ts'
import { watchMemory } from '../lab/memory.ts'
import { readRssBytes } from '../lab/proc.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { requestOf, restart, type Target } from '../lab/target.ts'

const streams = 2000
const chunks = 6
const shape = `mock-stream-${chunks}x500`

/** 2,000 streams at once through a fresh process: every chunk arrives, and what each stream holds at the peak. */
export const stream2000: Row = {
  names: ['stream_2000'],
  shapes: [shape],
  async measure(lab) {
    const both = await measureBoth(lab, (target) => holdStreams(lab, target))
    const { gateway, floor } = both
    return [
      {
        name: 'stream_2000',
        unit: 'kB a stream',
        value: gateway.streamKb,
        floor: floor.streamKb,
        bar: { on: 'value', atMost: 40 },
        note: `lost ${gateway.lost} (floor ${floor.lost}); chunk delay p99 ${gateway.delayMs.p99.toFixed(1)} ms (floor ${floor.delayMs.p99.toFixed(1)} ms)`,
        problems: describeFailures([both]),
      },
    ]
  },
}

async function holdStreams(lab: Lab, target: Target) {
  await restart(target)
  await Bun.sleep(lab.scale.idleSeconds * 1000)
  const idleBytes = readRssBytes(target.pid)
  const work = lab.load.run({
    type: 'streams',
    port: target.port,
    request: requestOf(target, shape),
    streams,
    chunks,
    openOverMs: 1500,
    limitMs: 30_000,
  })
  const { result, peakBytes } = await watchMemory(target.pid, work)
  return { ...result, streamKb: (peakBytes - idleBytes) / 1000 / streams }
}
