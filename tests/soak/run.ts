// A soak run: mixed load for some minutes, then the books. `node scripts/run-bun.js tests/soak/run.ts --seconds 300`.
// Prints a JSON line a minute and one at the end; exits with 1 where something did not hold.
import { parseArgs } from 'node:util'
import { spendTwice } from '../chaos/lab/books.ts'
import { chanceFor } from '../chaos/lab/chance.ts'
import type { GatewayProcess } from '../chaos/lab/gateway-process.ts'
import { openLab } from '../chaos/lab/lab.ts'
import { pause, until } from '../chaos/lab/until.ts'
import { countLog } from './count-log.ts'
import { Load } from './load.ts'
import { Memory } from './memory.ts'
import { CALL_COST_NANO_USD, openSteadyUpstream } from './steady-upstream.ts'

/** What a gateway may grow by after it has warmed up. */
const MAX_GROWTH_MB = 10
const DEFAULT_SECONDS = 300
const WORKERS = 32
const LINE_MS = 60_000

const { values } = parseArgs({ options: { seconds: { type: 'string', default: String(DEFAULT_SECONDS) } } })
const seconds = Number(values.seconds)
if (!(seconds >= 10 && seconds <= 86_400)) throw new Error('--seconds takes a number from 10 to 86400.')

using upstream = openSteadyUpstream()
await using lab = await openLab({ baseUrl: upstream.baseUrl, config: { log: { level: 'error' } } })
const gateway = await lab.gateway()
const { key } = await gateway.createKey()
const load = new Load({ origin: gateway.origin, key, workers: WORKERS, chance: chanceFor('soak') })
const memory = new Memory(gateway, seconds)
await run(gateway)
const problems = await check(gateway)
for (const problem of problems) console.error(`soak: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1

async function run(running: GatewayProcess): Promise<void> {
  const beganMs = performance.now()
  let lineMs = beganMs + LINE_MS
  load.start()
  while (performance.now() - beganMs < seconds * 1000) {
    await pause(1000)
    memory.sample()
    if (performance.now() < lineMs) continue
    lineMs += LINE_MS
    print({ seconds: Math.round((performance.now() - beganMs) / 1000), ...figures(running) })
  }
  await load.stop()
  await until('no call is left', async () => (await running.liveCalls()) === 0)
}

/** What did not hold, in words. */
async function check(running: GatewayProcess): Promise<readonly string[]> {
  const { kept, rebuilt } = await spendTwice(running)
  const spend = await running.ask<readonly { readonly calls: number; readonly costNanoUsd: string }[]>('GET', '/api/v1/spend?by=layer')
  const last = figures(running)
  const { code } = await running.stop()
  const log = await countLog(lab.dataFolder)
  const { calls, whole, failures } = load.tally
  print({ ...last, ...log.counts, verification: log.verification.type, growthMb: memory.growthMb, exitCode: code })
  const wanted: readonly (readonly [what: string, holds: boolean])[] = [
    [`${failures.length} calls failed in a way that nobody asked for: ${failures.slice(0, 5).join(' | ')}`, failures.length === 0],
    [`the log has problems: ${log.problems.slice(0, 5).join(' | ')}`, log.problems.length === 0],
    [`clients made ${calls} calls, the log has ${log.counts.started} started`, log.counts.started === calls],
    [`the log has ${log.counts.started} started and ${log.counts.ended} ended`, log.counts.ended === log.counts.started],
    [
      `the provider got ${upstream.requests} requests, the log has ${log.counts.attempts} attempts`,
      upstream.requests === log.counts.attempts,
    ],
    [`the chain is ${JSON.stringify(log.verification)}`, log.verification.type === 'intact'],
    [`spend has ${JSON.stringify(spend)} for ${calls} calls`, spend[0]?.calls === calls && spend.length === 1],
    [
      `${whole} whole replies cost ${BigInt(whole) * CALL_COST_NANO_USD}, spend has ${spend[0]?.costNanoUsd}`,
      spend[0]?.costNanoUsd === String(BigInt(whole) * CALL_COST_NANO_USD),
    ],
    ['spend is another after it was added up again', JSON.stringify(kept) === JSON.stringify(rebuilt)],
    [`the gateway stopped with ${code}`, code === 0],
    [`memory grew by ${memory.growthMb} MB, more than ${MAX_GROWTH_MB}`, memory.growthMb <= MAX_GROWTH_MB],
  ]
  return wanted.filter(([, holds]) => !holds).map(([what]) => what)
}

function figures(running: GatewayProcess) {
  const { failures, ...tally } = load.tally
  return { ...tally, failures: failures.length, residentMb: memory.lastMb, openFiles: running.openFiles }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
