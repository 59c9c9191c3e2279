import { type Lab, measureCalls } from './lab.ts'
import { judge, judgeUnmeasured, type Result, type Row } from './result.ts'
import { requestOf, restart } from './target.ts'

/** Until then the runtime still compiles, in threads whose CPU is counted. */
const warmUpCalls = 30_000

/**
 * CPU microseconds that a chat call costs the floor. Measured in every run, also because it warms up the mock, the load generator and both
 * targets, each target as much as the other.
 */
export async function measureFloor(lab: Lab): Promise<number> {
  const options = { shape: 'mock-whole', seconds: lab.scale.roundSeconds }
  for (const target of [lab.floor, lab.gateway]) {
    const request = requestOf(target, options.shape)
    await lab.load.run({ type: 'calls', port: target.port, request, connections: 64, calls: warmUpCalls, seconds: 20 })
  }
  const { cpuMicros } = await measureCalls(lab, lab.floor, options)
  return Number(cpuMicros.toPrecision(4))
}

/** Measures rows one after another. One that fails is said to be unmeasured; the others are measured on fresh processes. */
export async function measureRows(lab: Lab, rows: readonly Row[], say: (text: string) => void): Promise<Result[]> {
  const results: Result[] = []
  for (const row of rows) {
    const startMs = performance.now()
    const measured = await measureRow(lab, row)
    results.push(...measured)
    const figures = measured.map(({ name, value, unit }) => `${name} ${value ?? 'not measured'} ${unit}`)
    say(`${figures.join(', ')} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`)
  }
  return results
}

async function measureRow(lab: Lab, row: Row): Promise<Result[]> {
  try {
    return (await row.measure(lab)).map(judge)
  } catch (error) {
    // The failure may have left a target stopped or broken. When it cannot be started again, the run ends here.
    await restart(lab.floor)
    await restart(lab.gateway)
    return judgeUnmeasured(row, error instanceof Error ? error.message : String(error))
  }
}
