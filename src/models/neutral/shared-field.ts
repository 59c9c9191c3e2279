import type { Json } from '../../core/json.ts'
import type { Losses } from './loss.ts'

/** A field of a request that the wires of one maker have in common, and no other wire: it goes on to its kind word for word. */
export interface SharedField {
  /** As these wires name it. */
  readonly name: string
  /** As the caller wrote it: a wire may have it inside of another field. */
  readonly path: string
  readonly value: Json
  /** Left out, nothing is lost: it says what would be so anyway, or what the gateway sees to itself. */
  readonly isSpare?: true
}

/** Reports the fields that are not carried. */
export function dropShared(fields: readonly SharedField[] | undefined, losses: Losses, why?: string): void {
  for (const { name, path, isSpare } of fields ?? []) if (!isSpare) losses.drop(path, why ?? reasonFor(name))
}

function reasonFor(name: string): string {
  // Others sell tiers of the same names for some of their models, at other conditions, and refuse them for the rest.
  return name === 'service_tier' ? 'tiers of service are each maker’s own' : 'this wire has no such field'
}
