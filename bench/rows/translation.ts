import { messagesRequest } from '../lab/chat-request.ts'
import { cpuOf } from '../lab/cpu.ts'
import { alternate, type Lab, measureJob } from '../lab/lab.ts'
import { readCpuMicros } from '../lab/proc.ts'
import type { Measured, Row } from '../lab/result.ts'
import { median, spreadOf } from '../lab/statistics.ts'
import { requestOf, type Target } from '../lab/target.ts'

const streams = 100
const chunks = 100
const wholeShape = 'mock-whole'
const streamShape = `mock-stream-${chunks}x20`
const settleMs = 100

/** A caller of Anthropic Messages on a provider of chat completions: whole against the floor, streamed against the same wire. */
export const translation: Row = {
  names: ['translate_cpu', 'translate_chunk_cpu'],
  shapes: [wholeShape, streamShape],
  async measure(lab) {
    return [await measureWhole(lab), await measureStreams(lab)]
  },
}

async function measureWhole(lab: Lab): Promise<Measured> {
  const seconds = lab.scale.roundSeconds
  const pairs = await alternate(lab, lab.scale.rounds, (target) => {
    const request = target.name === 'floor' ? requestOf(target, wholeShape) : acrossOf(target, wholeShape)
    return measureJob(lab, target, { type: 'calls', port: target.port, request, connections: 64, seconds })
  })
  return cpuOf('translate_cpu', pairs, { bar: { on: 'ratio', atMost: 2.2 } })
}

/** The same gateway twice: what a chunk costs that is written anew, and what one costs that passes. */
async function measureStreams(lab: Lab): Promise<Measured> {
  const passed: number[] = []
  const written: number[] = []
  const problems: string[] = []
  for (let round = 0; round <= lab.scale.streamRounds; round++) {
    const same = await cpuOfChunk(lab, requestOf(lab.gateway, streamShape), problems)
    const across = await cpuOfChunk(lab, acrossOf(lab.gateway, streamShape), problems)
    // The first round warms both up.
    if (round === 0) continue
    passed.push(same)
    written.push(across)
  }
  const ratios = written.map((cpu, index) => cpu / (passed[index] ?? Number.NaN))
  return {
    name: 'translate_chunk_cpu',
    unit: 'µs CPU a chunk',
    value: median(written),
    floor: median(passed),
    ratio: median(ratios),
    bar: { on: 'ratio', atMost: 2 },
    spread: spreadOf(ratios),
    note: 'the floor is the same stream on the same wire, through the gateway',
    problems,
  }
}

async function cpuOfChunk(lab: Lab, request: string, problems: string[]): Promise<number> {
  const { gateway } = lab
  const before = readCpuMicros(gateway.pid)
  const report = await lab.load.run({ type: 'streams', port: gateway.port, request, streams, chunks, openOverMs: 200, limitMs: 20_000 })
  await Bun.sleep(settleMs)
  if (report.lost > 0) problems.push(`${report.lost} streams were lost, first: ${report.firstError ?? 'no reason'}`)
  return (readCpuMicros(gateway.pid) - before) / Math.max(1, report.chunks)
}

function acrossOf(target: Target, shape: string): string {
  return messagesRequest({ port: target.port, key: target.key, model: target.nameModel(shape), isStreamed: shape !== wholeShape })
}
