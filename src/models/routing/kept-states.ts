import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../../core/errors.ts'
import { parseJson } from '../../core/json.ts'
import type { LaneTable } from './lanes.ts'
import { unmeasured } from './performance.ts'

/** The codes of the table. */
const code = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])

const measured = z.object({ firstTokenMs: z.number().exactOptional(), tokensPerSecond: z.number().exactOptional() })

const lane = z.object({
  laneId: z.string(),
  accessId: z.string(),
  keyId: z.string(),
  provider: z.string(),
  id: z.string(),
  keyIndex: z.number(),
  keyCount: z.number(),
  openUntilMs: z.number().optional(),
  pauses: z.number().optional(),
  why: code.optional(),
  coolUntilMs: z.number().optional(),
  cooldowns: z.number().optional(),
  isCoolAsked: z.boolean().optional(),
  parkedBy: code.optional(),
  performance: z.object({ samples: z.number(), recent: measured, usual: measured, atMs: z.number() }).optional(),
})

const states = z.object({ version: z.literal(2), parkedKeys: z.record(z.string(), code), lanes: z.array(lane) })

/** What keeps one lane from being used. */
export type KeptLane = z.output<typeof lane>

/** What keeps providers from being used, as it is written down. */
export const keptStates = states

/** What keeps lanes from being used. */
export function keptLanes(lanes: LaneTable, nowMs: number): readonly z.input<typeof lane>[] {
  return lanes
    .all()
    .flatMap(({ lane: { laneId, accessId, keyId, provider, id, keyIndex, keyCount }, ...state }): z.input<typeof lane>[] => {
      const { circuit, coolUntilMs, cooldowns, isCoolAsked, parkedBy } = state
      const open =
        circuit.type === 'closed'
          ? {}
          : { openUntilMs: circuit.type === 'open' ? circuit.untilMs : nowMs, pauses: circuit.pauses, why: circuit.why }
      const cool = coolUntilMs > nowMs ? { coolUntilMs, cooldowns, isCoolAsked } : {}
      const parked = parkedBy === undefined ? {} : { parkedBy }
      const rest = { ...open, ...cool, ...parked }
      return Object.keys(rest).length === 0 ? [] : [{ ...{ laneId, accessId, keyId, provider, id, keyIndex, keyCount }, ...rest }]
    })
}

/** Callers of a wildcard name as many models as they like: the speed of those that were used last is kept. */
const MOST_SPEEDS = 500

const SPEEDS_KEPT_MS = 86_400_000

/** How fast lanes were. */
function measuredLanes(lanes: LaneTable, nowMs: number): readonly KeptLane[] {
  const known = lanes.all().filter(({ performance: { samples, atMs } }) => samples > 0 && nowMs - atMs < SPEEDS_KEPT_MS)
  const latest = known.length <= MOST_SPEEDS ? known : known.toSorted((left, right) => right.lastSent - left.lastSent).slice(0, MOST_SPEEDS)
  return latest.map(
    ({ lane: { laneId, accessId, keyId, provider, id, keyIndex, keyCount }, performance: { samples, recent, usual, atMs } }) => ({
      ...{ laneId, accessId, keyId, provider, id, keyIndex, keyCount },
      performance: { samples, recent, usual, atMs },
    }),
  )
}

/** The same with the parked keys and how fast targets were, as text. Holds fingerprints of keys and no key. */
export function encodeStates(lanes: LaneTable, nowMs: number): string {
  const kept = [...keptLanes(lanes, nowMs), ...measuredLanes(lanes, nowMs)]
  return `${JSON.stringify({ version: 2, parkedKeys: Object.fromEntries(lanes.parkedKeys), lanes: kept } satisfies z.input<typeof states>, undefined, 1)}\n`
}

/** Takes up what was written down. @returns false where the text is none of ours: then nothing is changed */
export function restoreStates(lanes: LaneTable, text: string): boolean {
  const read = states.safeParse(parseJson(text))
  if (!read.success) return false
  for (const [accessId, why] of Object.entries(read.data.parkedKeys)) lanes.parkKey(accessId, why)
  for (const { openUntilMs, pauses = 1, why, coolUntilMs, cooldowns, isCoolAsked, parkedBy, performance, ...of } of read.data.lanes) {
    const state = lanes.stateOf(of)
    if (openUntilMs !== undefined && why !== undefined) state.circuit = { type: 'open', untilMs: openUntilMs, pauses, why }
    if (coolUntilMs !== undefined) Object.assign(state, { coolUntilMs, cooldowns: cooldowns ?? 1, isCoolAsked: isCoolAsked ?? false })
    if (parkedBy !== undefined) state.parkedBy = parkedBy
    if (performance !== undefined) state.performance = { ...unmeasured(), ...performance }
  }
  return true
}
