import { isObject, type JsonObject } from '../../core/json.ts'
import type { Losses } from '../neutral/loss.ts'

/** The arguments of a call in a wire that has them as an object. What a model wrote that is none, or was cut, stands in one text. */
export function inputOf(text: string, losses: Losses): JsonObject {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Told below, as anything else that is no object.
  }
  losses.approximate('tool_calls.arguments', 'arguments that are no JSON object are carried as one text')
  return { arguments: text }
}
