import { alternate } from '../lab/lab.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { compare } from '../lab/statistics.ts'
import { requestOf, type Target } from '../lab/target.ts'

const shape = 'mock-whole'

/** What a call takes longer than through the floor, when it has the machine to itself. */
export const latency: Row = {
  names: ['added_latency_p50', 'added_latency_p99'],
  shapes: [shape],
  async measure(lab) {
    const pairs = await alternate(lab, lab.scale.rounds, (target: Target) =>
      lab.load.run({
        type: 'calls',
        port: target.port,
        request: requestOf(target, shape),
        connections: 1,
        seconds: lab.scale.roundSeconds,
      }),
    )
    const bars = { p50: 0.1, p99: 0.5 }
    const problems = describeFailures(pairs)
    return (['p50', 'p99'] as const).map((quantile) => {
      const compared = compare(pairs, (round) => round.latencyMs[quantile])
      return {
        name: `added_latency_${quantile}`,
        unit: 'ms over the floor',
        value: compared.added,
        floor: compared.floor,
        ratio: compared.ratio,
        bar: { on: 'value', atMost: bars[quantile] },
        spread: compared.addedSpread,
        problems,
      }
    })
  },
}
