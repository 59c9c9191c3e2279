import type { Usage } from '../../../core/events.ts'
import { isObject, type Json } from '../../../core/json.ts'
import { readUsage as readAnthropicUsage } from '../../dialects/anthropic-messages/usage.ts'
import { readUsage as readGeminiUsage } from '../../dialects/gemini/usage.ts'
import { readUsage as readChatUsage } from '../../dialects/openai-chat/read-usage.ts'
import { readUsage as readResponsesUsage } from '../../dialects/openai-responses/usage.ts'
import type { Pointer } from './json-probe.ts'

/** Wires in whose words an answer may tell tokens. */
export const USAGE_WIRES = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
export type UsageWire = (typeof USAGE_WIRES)[number]

/** Where the answers of a wire tell their usage, and how it is read. */
interface UsagePlaces {
  /** In a whole answer and in events. */
  readonly at: readonly Pointer[]
  /** What stands there, in this order. */
  readonly read: (found: readonly (Json | undefined)[]) => Usage | undefined
}

/** The readers are those of the dialects: what is passed through is counted as it is elsewhere. */
export const USAGE_PLACES: Readonly<Record<UsageWire, UsagePlaces>> = {
  'openai-chat': { at: [['usage'], ['service_tier']], read: ([usage, tier]) => readChatUsage(usage, tier) },
  'openai-responses': {
    // Of a whole answer, and of the event that ends a stream.
    at: [['usage'], ['service_tier'], ['response', 'usage'], ['response', 'service_tier']],
    read: ([usage, tier, inEvent, tierInEvent]) => readResponsesUsage(usage, tier) ?? readResponsesUsage(inEvent, tierInEvent),
  },
  'anthropic-messages': {
    // A stream tells the input in its first event and the output in its last: without that it was cut.
    at: [['usage'], ['message', 'usage']],
    read: ([usage, begun]) => readAnthropicUsage(isObject(usage) && isObject(begun) ? { ...begun, ...usage } : usage),
  },
  gemini: { at: [['usageMetadata']], read: ([usage]) => readGeminiUsage(usage) },
}
