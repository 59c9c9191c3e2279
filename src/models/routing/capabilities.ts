import type { RequestNeeds } from '../../core/route-explanation.ts'
import { CAPABILITY_ROWS } from './capability-table.ts'
import type { Capabilities } from './types.ts'

const NOTHING_KNOWN: Capabilities = {}

/** What a model can do: what the configuration says wins over the built-in table. */
export function capabilitiesOf(modelId: string, written: Capabilities | undefined): Capabilities {
  // Behind some providers' slashes stands the name that everybody knows.
  const name = modelId.slice(modelId.lastIndexOf('/') + 1)
  const known = CAPABILITY_ROWS.find(({ pattern }) => pattern.test(name))?.can
  return known === undefined ? (written ?? NOTHING_KNOWN) : { ...known, ...written }
}

/** Why a model cannot serve a request; undefined where nothing is known that speaks against it. */
export function whyIncapable(can: Capabilities, needs: RequestNeeds): string | undefined {
  const reason = missingFeature(can, needs)
  if (reason !== undefined) return reason
  const { context, output } = can
  const { leastInputTokens, maxOutputTokens = 0 } = needs
  if (output !== undefined && maxOutputTokens > output)
    return `its output is at most ${output} tokens, and ${maxOutputTokens} are asked for`
  if (context === undefined || leastInputTokens + maxOutputTokens <= context) return undefined
  const asked = maxOutputTokens === 0 ? '' : ` and may write ${maxOutputTokens}`
  return `its context is ${context} tokens; the request has at least ${leastInputTokens}${asked}`
}

/** Whether anything that is known of these could rule one out: else the request need not be looked at. */
export function isChoosy(can: Capabilities): boolean {
  const before = choosy.get(can)
  if (before !== undefined) return before
  const is = Object.values(can).some((value) => value === false || typeof value === 'number')
  choosy.set(can, is)
  return is
}

/** A cache of a pure function: it is asked for each target of each call. */
const choosy = new WeakMap<Capabilities, boolean>()

function missingFeature(can: Capabilities, needs: RequestNeeds): string | undefined {
  if (needs.hasTools && can.tools === false) return 'it has no tools'
  if (needs.hasImages && can.images === false) return 'it does not read images'
  if (needs.hasAudio && can.audio === false) return 'it does not take audio'
  if (needs.wantsSchema && can.schema === false) return 'it does not keep to a JSON schema'
  if (needs.wantsReasoning && can.reasoning === false) return 'it does not reason'
  return needs.hasPrefill && can.prefill === false ? "it does not go on with an assistant's message" : undefined
}
