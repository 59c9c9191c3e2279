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
export function dropShared(fields: readonly SharedField[] | undefined, losses: Losses, why = 'this wire has no such field'): void {
  for (const { path, isSpare } of fields ?? []) if (!isSpare) losses.drop(path, why)
}
