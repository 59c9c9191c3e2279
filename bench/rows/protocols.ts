import { cpuOf } from '../lab/cpu.ts'
import { alternate, type Lab, measureJob } from '../lab/lab.ts'
import { type ProtocolCall, protocolCall, protocolTools } from '../lab/protocol-calls.ts'
import type { Measured, Row } from '../lab/result.ts'
import { compare } from '../lab/statistics.ts'
import type { Target } from '../lab/target.ts'

const listedServers = 10
const warmUpCalls = 30_000

/** Calls of tools and messages to agents against a proxy that parses nothing; and the list of many tools, which no proxy makes. */
export const protocols: Row = {
  names: ['mcp_call_cpu', 'a2a_message_cpu', 'mcp_list_p50', 'mcp_list_p99'],
  shapes: [],
  async measure(lab) {
    const { floor, gateway } = await lab.installProtocols(listedServers)
    const own = { ...lab, floor, gateway }
    try {
      return [
        await measureCpu(own, 'mcp_call_cpu', 'tool'),
        await measureCpu(own, 'a2a_message_cpu', 'message'),
        ...(await measureList(own)),
      ]
    } finally {
      await gateway.stop()
      await floor.stop()
    }
  },
}

/** CPU a call in a closed loop of 64 connections: keys, rules, the check of the arguments and the event log are on. */
async function measureCpu(lab: Lab, name: string, call: ProtocolCall): Promise<Measured> {
  const seconds = lab.scale.roundSeconds
  for (const target of [lab.floor, lab.gateway]) {
    const { check, request } = protocolCall(target, call)
    await check()
    // A fresh process compiles for its first ten thousands of calls, and that is no part of the price of a call.
    await lab.load.run({ type: 'calls', port: target.port, request, connections: 64, calls: warmUpCalls, seconds: 20 })
  }
  const pairs = await alternate(lab, lab.scale.rounds, (target) =>
    measureJob(lab, target, { type: 'calls', port: target.port, request: protocolCall(target, call).request, connections: 64, seconds }),
  )
  const perSecond = compare(pairs, (round) => round.callsPerSecond)
  const note = `${Math.round(perSecond.gateway)} calls/s (floor ${Math.round(perSecond.floor)})`
  return cpuOf(name, pairs, { bar: { on: 'ratio', atMost: 2 }, note })
}

/** Time of `tools/list` on one connection, once the gateway has seen the lists of all servers. */
async function measureList(lab: Lab): Promise<Measured[]> {
  const { request } = protocolCall(lab.gateway, 'list')
  const listed = await protocolTools(lab.gateway)
  const run = (target: Target) =>
    lab.load.run({ type: 'calls', port: target.port, request, connections: 1, seconds: lab.scale.roundSeconds })
  await run(lab.gateway)
  const { latencyMs, errors, firstError } = await run(lab.gateway)
  const problems = [
    ...(errors === 0 ? [] : [`gateway: ${errors} failed, first: ${firstError}`]),
    ...(listed.tools === listedServers * protocolTools.perServer ? [] : [`gateway: listed ${listed.tools} tools`]),
  ]
  return (['p50', 'p99'] as const).map((quantile) => ({
    name: `mcp_list_${quantile}`,
    unit: 'ms',
    value: latencyMs[quantile],
    bar: { on: 'value', atMost: 3 },
    note: `${listed.tools} tools of ${listedServers} servers, ${Math.round(listed.sizeBytes / 1000)} kB`,
    problems,
  }))
}
