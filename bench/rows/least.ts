import { cpuOf } from '../lab/cpu.ts'
import { alternate, type Lab, measureCalls } from '../lab/lab.ts'
import type { Measured, Row } from '../lab/result.ts'

const shape = 'mock-whole'

/** What keys and an event log cost in one straight line of code: how near to the floor any gateway on this runtime can come. */
export const least: Row = {
  names: ['least_chat_cpu', 'least_cache_hit_cpu'],
  shapes: [shape],
  async measure(lab) {
    return [await cpu(lab, 'least_chat_cpu', false), await cpu(lab, 'least_cache_hit_cpu', true)]
  },
}

async function cpu(lab: Lab, name: string, isCached: boolean): Promise<Measured> {
  const gateway = await lab.startLeast({ isCached })
  try {
    const pairs = await alternate({ ...lab, gateway }, lab.scale.rounds, (target) =>
      measureCalls(lab, target, { shape, seconds: lab.scale.roundSeconds }),
    )
    return cpuOf(name, pairs, { note: 'bench/least.ts, not the gateway' })
  } finally {
    await gateway.stop()
  }
}
