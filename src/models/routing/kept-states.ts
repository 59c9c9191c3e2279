import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../../core/errors.ts'
import type { LaneTable } from './lanes.ts'

/** The codes of the table. */
const code = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])

const lane = z.object({
  laneId: z.string(),
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
})

const states = z.object({ version: z.literal(1), parkedKeys: z.record(z.string(), code), lanes: z.array(lane) })

/** What keeps one lane from being used. */
export type KeptLane = z.output<typeof lane>

/** What keeps providers from being used, as it is written down. */
export const keptStates = states

/** What keeps lanes from being used. */
export function keptLanes(lanes: LaneTable, nowMs: number): readonly z.input<typeof lane>[] {
  return lanes.all().flatMap(({ lane: { laneId, keyId, provider, id, keyIndex, keyCount }, ...state }): z.input<typeof lane>[] => {
    const { circuit, coolUntilMs, cooldowns, isCoolAsked, parkedBy } = state
    const open =
      circuit.type === 'closed'
        ? {}
        : { openUntilMs: circuit.type === 'open' ? circuit.untilMs : nowMs, pauses: circuit.pauses, why: circuit.why }
    const cool = coolUntilMs > nowMs ? { coolUntilMs, cooldowns, isCoolAsked } : {}
    const parked = parkedBy === undefined ? {} : { parkedBy }
    const rest = { ...open, ...cool, ...parked }
    return Object.keys(rest).length === 0 ? [] : [{ ...{ laneId, keyId, provider, id, keyIndex, keyCount }, ...rest }]
  })
}

/** The same with the parked keys, as text. Holds fingerprints of keys and no key. */
export function encodeStates(lanes: LaneTable, nowMs: number): string {
  const kept = [...keptLanes(lanes, nowMs)]
  return `${JSON.stringify({ version: 1, parkedKeys: Object.fromEntries(lanes.parkedKeys), lanes: kept } satisfies z.input<typeof states>, undefined, 1)}\n`
}

/** Takes up what was written down. @returns false where the text is none of ours: then nothing is changed */
export function restoreStates(lanes: LaneTable, text: string): boolean {
  const read = states.safeParse(parseJson(text))
  if (!read.success) return false
  for (const [keyId, why] of Object.entries(read.data.parkedKeys)) lanes.parkKey(keyId, why)
  for (const { openUntilMs, pauses = 1, why, coolUntilMs, cooldowns, isCoolAsked, parkedBy, ...of } of read.data.lanes) {
    const state = lanes.stateOf(of)
    if (openUntilMs !== undefined && why !== undefined) state.circuit = { type: 'open', untilMs: openUntilMs, pauses, why }
    if (coolUntilMs !== undefined) Object.assign(state, { coolUntilMs, cooldowns: cooldowns ?? 1, isCoolAsked: isCoolAsked ?? false })
    if (parkedBy !== undefined) state.parkedBy = parkedBy
  }
  return true
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
