import type { JsonObject } from '../../../core/json.ts'
import type { ToolCallContent } from '../../neutral/content.ts'

/** A call of a message, to a function or to a custom tool. */
export function writeCall({ id, name, arguments: text, isFree }: ToolCallContent): JsonObject {
  if (isFree) return { id, type: 'custom', custom: { name, input: text } }
  // Clients parse the arguments as JSON: an empty text would fail there.
  return { id, type: 'function', function: { name, arguments: text === '' ? '{}' : text } }
}
