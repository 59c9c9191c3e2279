import type { ToolAsk } from '../core/events.ts'
import type { ToolAsks } from '../core/ports.ts'

const MAX_TRACES = 10_000
const MAX_TOOLS = 100

/** Remembers the latest asks of each trace. Bounded: the trace that was longest without a new ask goes first. */
export function createToolAsks(): ToolAsks {
  const traces = new Map<string, Map<string, ToolAsk>>()
  return {
    note: (traceId, ask, tools) => {
      const asks = traces.get(traceId) ?? new Map<string, ToolAsk>()
      traces.delete(traceId)
      traces.set(traceId, asks)
      for (const tool of tools) if (asks.size < MAX_TOOLS || asks.has(tool)) asks.set(tool, ask)
      const [oldest] = traces.keys()
      if (traces.size > MAX_TRACES && oldest !== undefined) traces.delete(oldest)
    },
    find: (traceId, names) => {
      const asks = traces.get(traceId)
      for (const name of names) {
        const ask = asks?.get(name)
        if (ask !== undefined) return ask
      }
      return undefined
    },
  }
}
