/** What a Claude model takes, as far as its generations differ. */
export interface Generation {
  /** Thinks by a budget of tokens; later ones by an effort, as they see fit. */
  readonly thinksByBudget: boolean
  /** Takes temperature, top_p and top_k. */
  readonly isSampled: boolean
}

const BEFORE_EFFORT = 4.6
const BEFORE_FIXED_SAMPLING = 4.7

/**
 * Tells the generation of a model by its id: `claude-opus-4-5-20251101`, `anthropic.claude-3-5-haiku-20241022-v1:0`, `claude-opus-5@default`.
 * An id that is none of Claude's is taken for a server that speaks the wire as it was first: with budgets and sampling.
 */
export function generationOf(modelId: string): Generation {
  const [, major, minor] = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(modelId) ?? []
  if (major === undefined) return { thinksByBudget: true, isSampled: true }
  const version = Number(`${major}.${minor ?? 0}`)
  return { thinksByBudget: version < BEFORE_EFFORT, isSampled: version < BEFORE_FIXED_SAMPLING }
}
