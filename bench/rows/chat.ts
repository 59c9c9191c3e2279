import { cpuOf } from '../lab/cpu.ts'
import { alternate, measureCalls } from '../lab/lab.ts'
import { describeFailures, type Row } from '../lab/result.ts'
import { compare } from '../lab/statistics.ts'

const shape = 'mock-whole'

/** CPU a call and calls a second in a closed loop of 64 connections, with keys and the event log on. */
export const chat: Row = {
  names: ['chat_cpu', 'chat_throughput'],
  shapes: [shape],
  async measure(lab) {
    const seconds = lab.scale.roundSeconds
    const pairs = await alternate(lab, lab.scale.rounds, (target) => measureCalls(lab, target, { shape, seconds }))
    const throughput = compare(pairs, (round) => round.callsPerSecond)
    const problems = describeFailures(pairs)
    return [
      cpuOf('chat_cpu', pairs, { bar: { on: 'ratio', atMost: 1.3 } }),
      {
        name: 'chat_throughput',
        unit: 'calls/s',
        value: throughput.gateway,
        floor: throughput.floor,
        ratio: throughput.ratio,
        spread: throughput.ratioSpread,
        problems,
      },
    ]
  },
}
