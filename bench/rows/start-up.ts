import { readAgeMs } from '../lab/proc.ts'
import type { Row } from '../lab/result.ts'
import { median, spreadOf } from '../lab/statistics.ts'
import { type Target, tryCall } from '../lab/target.ts'

const limitMs = 20_000

/** From the start of the Bun process to the first call that was answered with 200. The launcher's own time is not in it. */
export const startUp: Row = {
  names: ['start_up'],
  shapes: ['mock-whole'],
  async measure(lab) {
    const spare = await lab.installSpare()
    const gateway: number[] = []
    const floor: number[] = []
    for (let start = 0; start < lab.scale.starts; start++) {
      floor.push(await timeStart(lab.floor))
      gateway.push(await timeStart(spare))
    }
    await spare.stop()
    return [
      {
        name: 'start_up',
        unit: 'ms',
        value: median(gateway),
        floor: median(floor),
        bar: { on: 'value', atMost: 500 },
        spread: spreadOf(gateway),
        note: `median of ${gateway.length} starts`,
      },
    ]
  },
}

async function timeStart(target: Target): Promise<number> {
  await target.stop()
  const limit = performance.now() + limitMs
  await target.launch()
  while (!(await tryCall(target))) {
    if (performance.now() > limit) throw new Error(`The ${target.name} answered no call within ${limitMs / 1000} s of its start.`)
    await Bun.sleep(2)
  }
  return readAgeMs(target.pid)
}
