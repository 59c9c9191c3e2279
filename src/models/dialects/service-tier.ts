import type { Json } from '../../core/json.ts'
import type { RequestBounds } from '../types.ts'

/** A provider's own name for a tier is no longer. */
const MAX_NAME = 40

/** The tier of service that a request names. What is no text is no tier: the provider refuses it. */
export function serviceTierOf(tier: Json | undefined): Pick<RequestBounds, 'serviceTier'> {
  return typeof tier === 'string' ? { serviceTier: tier.slice(0, MAX_NAME) } : {}
}
