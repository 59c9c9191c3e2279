import type { ProviderReport, ProviderStates } from '../../core/provider-report.ts'
import type { World } from '../../core/world.ts'
import type { Target } from '../types.ts'
import { admits } from './circuit.ts'
import type { Lane, LaneState, LaneTable } from './lanes.ts'

/** What the control API asks and does about providers. */
export function providerStates(
  { lanes }: { readonly lanes: LaneTable },
  world: World,
  configured: () => readonly Target[],
): ProviderStates {
  return {
    list: () => reportLanes(lanes, configured(), world.now()),
    reset: (provider) => {
      const isKnown = configured().some((lane) => lane.provider === provider) || lanes.all().some(({ lane }) => lane.provider === provider)
      return isKnown ? lanes.reset(provider) : undefined
    },
  }
}

/** The state of every way to a model that is configured or was used, in the order of the configuration. A way by an address or a key that was changed is none. */
function reportLanes(lanes: LaneTable, configured: readonly Target[], nowMs: number): readonly ProviderReport[] {
  const byPlace = new Map<string, Lane>()
  const used = lanes.all().toSorted((left, right) => right.lastSent - left.lastSent)
  for (const lane of [...configured, ...used.map((state) => state.lane)]) {
    const place = `${lane.provider} ${lane.keyIndex} ${lane.id}`
    if (!byPlace.has(place)) byPlace.set(place, lane)
  }
  return [...byPlace.values()].map((lane) => reportLane(lanes, lane, nowMs))
}

function reportLane(lanes: LaneTable, lane: Lane, nowMs: number): ProviderReport {
  const state = lanes.stateOf(lane)
  const resting = lanes.restingOf(lane, nowMs)
  const { circuit, performance, inFlight } = state
  const { firstTokenMs, tokensPerSecond } = performance.recent
  return {
    ...{ provider: lane.provider, key: lane.keyIndex + 1, model: lane.id, state: wordFor(lanes, state, nowMs) },
    ...(resting === undefined ? {} : { why: resting.why }),
    ...(resting?.untilMs === undefined ? {} : { untilMs: resting.untilMs }),
    inFlight,
    recentFailures: circuit.type === 'closed' ? Math.round(circuit.failures * 10) / 10 : 0,
    recentSuccesses: circuit.type === 'closed' ? Math.round(circuit.successes * 10) / 10 : 0,
    ...(firstTokenMs === undefined ? {} : { firstTokenMs: Math.round(firstTokenMs) }),
    ...(tokensPerSecond === undefined ? {} : { tokensPerSecond: Math.round(tokensPerSecond * 10) / 10 }),
  }
}

function wordFor(lanes: LaneTable, { lane, circuit, parkedBy, coolUntilMs }: LaneState, nowMs: number): ProviderReport['state'] {
  if (parkedBy !== undefined || lanes.isKeyParked(lane.accessId)) return 'parked'
  if (coolUntilMs > nowMs) return 'limited'
  if (circuit.type === 'closed') return 'ready'
  return circuit.type === 'half-open' || admits(circuit, nowMs) === 'probe' ? 'probing' : 'open'
}
