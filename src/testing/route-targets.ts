import { CLOSED } from '../models/routing/circuit.ts'
import type { LaneState, LaneTable } from '../models/routing/lanes.ts'
import { type Measured, unmeasured } from '../models/routing/performance.ts'
import type { ModelTarget, RequestFacts, RequestShape, Route } from '../models/routing/types.ts'
import type { Target } from '../models/types.ts'

// Targets, routes and requests, for tests of routing.

/** A lane of a provider's key. */
export function laneFor(name: string, keyIndex = 0, keyCount = 1): Target {
  return {
    ...{ laneId: `${name} ${keyIndex} ${name}`, accessId: `${name} ${keyIndex}`, keyId: `${name} ${keyIndex}` },
    ...{ keyIndex, keyCount, provider: name, id: name, name },
    ...{ wire: 'openai-chat', url: `http://${name}.invalid`, headers: {}, credentials: [], price: undefined },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1000 },
  }
}

/** A model as a target. */
export function modelFor(name: string, more: Partial<ModelTarget> = {}): ModelTarget {
  return {
    ...{ type: 'model', name, lanes: [laneFor(name)], price: undefined, can: {}, weight: 1, when: undefined, goodAt: [], scores: {} },
    ...more,
  }
}

/** A route over targets. */
export function routeFor(targets: Route['targets'], more: Partial<Route> = {}): Route {
  return {
    ...{
      name: 'smart',
      strategy: 'priority',
      targets,
      stickyBy: ['label', 'user', 'conversation', 'prompt'],
      firstTokenWithinMs: undefined,
    },
    retries: { max: 0, baseMs: 100, longestMs: 1000, perCall: 0.2 },
    ...{
      only: undefined,
      guards: [],
      cache: undefined,
      canary: undefined,
      shadow: undefined,
      hedge: undefined,
      continues: false,
      retriesFiltered: false,
      degradedFactor: 3,
    },
    ...more,
  }
}

const PLAIN_SHAPE: RequestShape = {
  ...{ inputTokens: 100, leastInputTokens: 60, hasTools: false, hasImages: false, hasAudio: false, wantsSchema: false },
  ...{ wantsReasoning: false, hasPrefill: false, kinds: ['chat'], isHard: false },
}

/** What is known of a request. */
export function factsFor(shape: Partial<RequestShape> = {}, more: Partial<RequestFacts> = {}): RequestFacts {
  return {
    principal: { organisation: 'acme', labels: {} },
    isStream: false,
    promptHash: undefined,
    session: undefined,
    needs: { ...PLAIN_SHAPE, ...shape },
    shape: { ...PLAIN_SHAPE, ...shape },
    ...more,
  }
}

/** Says of a lane how fast it was of late, up to the latest time that there is, and usually. */
export function measure(lanes: LaneTable, name: string, recent: Measured, usual: Measured = recent, atMs = Infinity): LaneState {
  const state = lanes.stateOf(laneFor(name))
  state.performance = { ...unmeasured(), samples: 100, recent, usual, atMs }
  state.circuit = CLOSED
  return state
}
