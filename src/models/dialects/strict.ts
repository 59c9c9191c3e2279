import type { JsonObject } from '../../core/json.ts'
import type { Losses } from '../neutral/loss.ts'
import { isStrictSchema } from '../neutral/strict-schema.ts'

/** `strict` of a schema on OpenAI's wires, which refuse it where a property may be left out, as other wires allow. */
export function strictOf(
  schema: JsonObject,
  isStrict: boolean | undefined,
  { path, losses }: { readonly path: string; readonly losses: Losses },
): boolean | undefined {
  if (!isStrict || isStrictSchema(schema)) return isStrict
  losses.approximate(path, 'this wire is strict only where each object is closed and requires all of its properties; the schema is shown')
  return false
}
