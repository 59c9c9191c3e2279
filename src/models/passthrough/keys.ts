import type { Call } from '../../core/call.ts'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import type { Reply } from '../../core/reply.ts'
import { whenEnded } from '../../core/stage.ts'
import { pickLane } from '../routing/choose.ts'
import { rowOf } from '../routing/failures.ts'
import type { LaneTable, Resting } from '../routing/lanes.ts'
import { refusal } from '../routing/refusal.ts'
import type { PassedCall, PassedLane, PassedPart } from './types.ts'

/** How a call goes by the keys of a provider. */
export interface KeyedSending {
  readonly lanes: LaneTable
  /** Whether what is sent can be sent once more. */
  readonly isRepeatable: () => boolean
  readonly send: (lane: PassedLane) => Promise<Reply<PassedPart>>
}

/**
 * Sends by a key that is ready: the one that is needed, the one that is wanted, or the one that is freest. Where the provider refuses a key, or it is
 * at its limit, by the next one, as long as nothing was accepted and any will do.
 * @throws provider_rate_limited, provider_unavailable where no key can be used now; as sending does
 */
export async function sendByKeys(call: Call, passed: PassedCall, { lanes, isRepeatable, send }: KeyedSending): Promise<Reply<PassedPart>> {
  const tried = new Set<string>()
  let lane = firstLane(call, passed, lanes)
  for (;;) {
    tried.add(lane.laneId)
    try {
      return await tracked(call, lanes, lane, send)
    } catch (thrown) {
      const isForAnother = rowOf(asGatewayError(thrown)).actions.includes('next-key')
      if (!isForAnother || passed.owned?.key?.isNeeded === true || !isRepeatable()) throw thrown
      const next = pickLane(passed.to, tried, { lanes, nowMs: call.world.now() })
      if (next === undefined) throw thrown
      lane = next
      call.record.facts.attempts++
    }
  }
}

function firstLane(call: Call, { to, owned }: PassedCall, lanes: LaneTable): PassedLane {
  const nowMs = call.world.now()
  const key = owned?.key
  const wanted = key && to.lanes.find(({ keyId }) => keyId === key.keyId)
  if (key?.isNeeded === true) {
    if (wanted === undefined) throw gone(to.target.provider)
    const resting = lanes.restingOf(wanted, nowMs)
    if (resting?.cause === 'limit' && !resting.isSoft) throw restingError(to.target.provider, [resting], nowMs)
    return wanted
  }
  if (wanted !== undefined && lanes.restingOf(wanted, nowMs) === undefined) return wanted
  const lane = pickLane(to, new Set(), { lanes, nowMs })
  if (lane !== undefined) return lane
  throw restingError(
    to.target.provider,
    to.lanes.map((one) => lanes.restingOf(one, nowMs)).filter((resting) => resting !== undefined),
    nowMs,
  )
}

/** Keeps account of a key over one sending. */
async function tracked(call: Call, lanes: LaneTable, lane: PassedLane, send: KeyedSending['send']): Promise<Reply<PassedPart>> {
  const state = lanes.begin(lane, call.world.now())
  const pending = send(lane).then((reply) => {
    lanes.accepted(state, call.world.now())
    return reply
  })
  return whenEnded(pending, (ending) => {
    const verdict =
      ending.outcome === 'ok'
        ? ({ type: 'good', measured: {} } as const)
        : ending.outcome === 'broken'
          ? ({ type: 'bad', error: ending.error } as const)
          : undefined
    lanes.end(state, verdict, call.world.now())
    return undefined
  })
}

function restingError(provider: string, resting: readonly Resting[], nowMs: number): GatewayError {
  const out = resting.map(({ why, cause, untilMs }) => ({ target: provider, why, cause, ...(untilMs === undefined ? {} : { untilMs }) }))
  return refusal({ name: provider, only: undefined }, out, nowMs)
}

function gone(provider: string): GatewayError {
  return new GatewayError(
    'not_found',
    `What this is about was made with a key of ${provider} that is not configured any more, and no other key reaches it.`,
  )
}
