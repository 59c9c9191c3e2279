import type { Call } from '../../core/call.ts'
import type { ObjectStore } from '../../core/kept-objects.ts'
import type { Stage } from '../../core/stage.ts'
import type { ModelCatalog } from '../catalog.ts'
import { parseAgain } from '../dialects/decode-body.ts'
import type { ModelCall, ModelPart, WireName } from '../types.ts'
import { ObjectOwners } from './objects/owners.ts'
import { rowsOfWire } from './objects/rows.ts'
import type { PassedProvider } from './types.ts'

/** Keys by which the wires name what stands at a provider: a body without any of them is not read again. */
const MAY_NAME = /"(?:file_id|file_ids|vector_store_ids|container|conversation|skill_id|cachedContent|cached_content|fileUri|file_uri)"/

/** What knowing owners needs. */
export interface GuardReferencesDeps {
  readonly objects: ObjectStore
  readonly catalog: () => ModelCatalog
}

/**
 * Refuses a call whose body names what somebody else stored at a provider by `/passthrough`. What nobody stored so is the operator's, or the provider's
 * business. Costs nothing where nothing is passed through.
 * @throws not_found as if there were none; store_unavailable
 */
export function guardReferences({ objects, catalog }: GuardReferencesDeps): Stage<ModelCall, ModelPart> {
  return (call, asked, next) => {
    const { passed } = catalog()
    return passed.length > 0 && MAY_NAME.test(asked.request.text)
      ? check(objects, passed, call, asked).then(() => next(call, asked))
      : next(call, asked)
  }
}

async function check(objects: ObjectStore, passed: readonly PassedProvider[], call: Call, { request }: ModelCall): Promise<void> {
  const body = parseAgain(request.text)
  for (const to of passed) if (speaks(to, request.wire)) await new ObjectOwners(objects, call, to).refuseForeign(body)
}

/** Whether a request of this wire may go to the provider as it is: then what it names may be there. */
function speaks({ target, objects }: PassedProvider, wire: WireName): boolean {
  return objects.length > 0 && (target.wire === wire || objects === rowsOfWire(wire))
}
