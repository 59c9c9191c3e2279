import { writeCalls } from '../lab/million-calls.ts'
import type { Measured, Row } from '../lab/result.ts'
import { median, spreadOf } from '../lab/statistics.ts'

const TIMES = 9
/** All there is, and the question of the README: one family of models in a part of the time. */
const QUESTIONS = [{}, { since: '30d', model: 'claude*' }] as const

/** Spend by team and model over as many calls as the scale says: at the control API of a running gateway, and as a command. */
export const spend: Row = {
  names: ['spend_api', 'spend_command'],
  shapes: [],
  async measure(lab) {
    const calls = lab.scale.reportedCalls
    const gateway = await lab.installReporting()
    const costNanoUsd = await writeCalls(gateway.dataFolder, calls)
    await gateway.launch()
    await gateway.waitUntilReady()
    try {
      const ask = (question: object) => gateway.askControl('GET', `/api/v1/spend?${new URLSearchParams({ by: 'team,model', ...question })}`)
      const command = ({ since, model }: { readonly since?: string; readonly model?: string }) => {
        const only = since === undefined ? [] : ['--since', since, '--where', `model=${model}`]
        return gateway.runCommand(['spend', '--by', 'team,model', '--json', ...only])
      }
      const before = await ask({})
      const api = await slowest(ask)
      const asCommand = await slowest(command)
      const beganMs = performance.now()
      await gateway.askControl('POST', '/api/v1/spend/rebuild')
      const rebuiltSeconds = (performance.now() - beganMs) / 1000
      const problems = [
        ...wrongSums(before, { calls, costNanoUsd }),
        ...((await ask({})) === before ? [] : ['after a rebuild the sums are others']),
      ]
      const note = `${calls.toLocaleString('en')} calls; rebuilt from the log in ${rebuiltSeconds.toFixed(0)} s`
      return [
        { ...result('spend_api', api, 100), note, problems },
        { ...result('spend_command', asCommand, 500), note: 'the gateway runs; launcher included', problems: [] },
      ]
    } finally {
      await gateway.stop()
    }
  },
}

/** Times of the question that takes longer, in milliseconds. */
async function slowest(ask: (question: (typeof QUESTIONS)[number]) => Promise<string>): Promise<readonly number[]> {
  let worst: readonly number[] = []
  for (const question of QUESTIONS) {
    const times: number[] = []
    for (let count = 0; count < TIMES; count++) {
      const beganMs = performance.now()
      await ask(question)
      times.push(performance.now() - beganMs)
    }
    if (worst.length === 0 || median(times) > median(worst)) worst = times
  }
  return worst
}

function result(name: string, times: readonly number[], atMost: number): Measured {
  return { name, unit: 'ms', value: median(times), bar: { on: 'value', atMost }, spread: spreadOf(times) }
}

function wrongSums(text: string, wanted: { readonly calls: number; readonly costNanoUsd: bigint }): readonly string[] {
  // The shape that scripts rely on.
  const lines = JSON.parse(text) as readonly { readonly calls: number; readonly costNanoUsd: string }[]
  const calls = lines.reduce((sum, line) => sum + line.calls, 0)
  const costNanoUsd = lines.reduce((sum, line) => sum + BigInt(line.costNanoUsd), 0n)
  const isRight = calls === wanted.calls && costNanoUsd === wanted.costNanoUsd
  return isRight ? [] : [`${wanted.calls} calls of ${wanted.costNanoUsd} nano-USD are reported as ${calls} of ${costNanoUsd}`]
}
