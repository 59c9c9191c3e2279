import type { Call } from '../../../core/call.ts'
import { asGatewayError, GatewayError } from '../../../core/errors.ts'
import { noteFailure, onFound } from '../notes.ts'
import type { Guard, Judges, Phase } from '../types.ts'

/** Longest texts, in characters, that judges are sent of one phase. Nobody says of a longer one that it is clean. */
const MAX_JUDGED = 200_000

interface Consulted {
  readonly guards: readonly Guard[]
  readonly phase: Phase
  readonly texts: readonly string[]
  readonly where: string
}

/**
 * Has the judges of a phase look at its texts, all at once. Where only the log is told, nobody waits for them.
 * @throws guard_blocked; guard_unavailable where a guard that is `closed` has no verdict
 */
export async function consult(call: Call, judges: Judges, { guards, phase, texts, where }: Consulted): Promise<void> {
  const asked = guards.filter(({ judge }) => judge !== undefined)
  if (asked.length === 0 || texts.every((text) => text.trim() === '')) return
  const waiting: Promise<void>[] = []
  for (const guard of asked) {
    const judging = judge(call, judges, guard, { phase, texts, where })
    // A monitor refuses nothing, so its promise never rejects.
    if (guard.action !== 'monitor') waiting.push(judging)
  }
  const results = await Promise.allSettled(waiting)
  const refused = results.find((result) => result.status === 'rejected')
  if (refused !== undefined) throw refused.reason
}

async function judge(call: Call, judges: Judges, guard: Guard, { phase, texts, where }: Omit<Consulted, 'guards'>): Promise<void> {
  const { judge: spec } = guard
  if (spec === undefined) return
  let verdict: Awaited<ReturnType<Judges['ask']>>
  try {
    const length = texts.reduce((sum, text) => sum + text.length, 0)
    if (length > MAX_JUDGED) throw new GatewayError('guard_unavailable', `more than ${MAX_JUDGED} characters are not judged`)
    verdict = await judges.ask(call, spec, { guard: guard.name, phase, texts, deadlineMs: guard.deadlineMs })
  } catch (thrown) {
    if (call.signal.aborted) throw asGatewayError(call.signal.reason)
    const { message } = asGatewayError(thrown)
    noteFailure(call.record.facts, guard, phase, message)
    if (guard.onFailure === 'open' || guard.action === 'monitor') return
    throw new GatewayError('guard_unavailable', `The guard "${guard.name}" could not judge this call: ${message}.`, { cause: thrown })
  }
  if (verdict.type === 'found')
    onFound(call, guard, phase, verdict, `${where}${verdict.reason === undefined ? '' : ` (${verdict.reason})`}`)
}
