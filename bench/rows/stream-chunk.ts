import { alternate } from '../lab/lab.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { compare } from '../lab/statistics.ts'
import { requestOf, type Target } from '../lab/target.ts'

const streams = 250
const chunks = 100
const shape = `mock-stream-${chunks}x20`

/** How much later than through the floor a chunk arrives, with 250 streams of 50 chunks a second. */
export const streamChunk: Row = {
  names: ['stream_chunk_p99'],
  shapes: [shape],
  async measure(lab) {
    const pairs = await alternate(lab, lab.scale.streamRounds, (target: Target) =>
      lab.load.run({
        type: 'streams',
        port: target.port,
        request: requestOf(target, shape),
        streams,
        chunks,
        openOverMs: 500,
        limitMs: 20_000,
      }),
    )
    const p99 = compare(pairs, (round) => round.delayMs.p99)
    const p50 = compare(pairs, (round) => round.delayMs.p50)
    return [
      {
        name: 'stream_chunk_p99',
        unit: 'ms over the floor',
        value: p99.added,
        floor: p99.floor,
        ratio: p99.ratio,
        bar: { on: 'value', atMost: 2 },
        spread: p99.addedSpread,
        note: `p50 ${p50.gateway.toFixed(2)} ms, the floor's ${p50.floor.toFixed(2)} ms; ${pairs[0]?.gateway.measuredChunks} chunks a round`,
        problems: describeFailures(pairs),
      },
    ]
  },
}
