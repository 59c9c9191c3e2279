import { type Lab, measureBoth } from '../lab/lab.ts'
import { megabytes } from '../lab/memory.ts'
import { readRssBytes } from '../lab/proc.ts'
import type { Row } from '../lab/result.ts'
import { restart, type Target, tryCall } from '../lab/target.ts'

/** Resident memory of a process that has started, answered one call, and rests. */
export const memoryIdle: Row = {
  names: ['memory_idle'],
  shapes: ['mock-whole'],
  async measure(lab) {
    const { gateway, floor } = await measureBoth(lab, (target) => rest(lab, target))
    return [
      {
        name: 'memory_idle',
        unit: 'MB',
        value: gateway.restingMb,
        floor: floor.restingMb,
        bar: { on: 'value', atMost: 90 },
        problems: gateway.isAnswering ? [] : ['gateway: did not answer a call'],
      },
    ]
  },
}

async function rest(lab: Lab, target: Target) {
  await restart(target)
  const isAnswering = await tryCall(target)
  await Bun.sleep(lab.scale.idleSeconds * 1000)
  return { isAnswering, restingMb: megabytes(readRssBytes(target.pid)) }
}
