/** What a Claude model takes, as far as its generations differ. */
export interface Generation {
  /** Thinks by a budget of tokens; later ones by an effort, as they see fit. */
  readonly thinksByBudget: boolean
  /** Takes temperature, top_p and top_k. */
  readonly isSampled: boolean
  /** Thinks where nothing is said of it. */
  readonly thinksByDefault: boolean
  /** Cannot be told not to think, and so cannot be made to call a tool. */
  readonly alwaysThinks: boolean
}

const BEFORE_EFFORT = 4.6
const BEFORE_FIXED_SAMPLING = 4.7
/** From here on models think by themselves: https://platform.claude.com/docs/en/models/opus-5/whats-new-opus-5 (read 2026-11-21). */
const BY_DEFAULT = 5
/** Families that always thought, and what came after the first of the fifth: …/models/opus-5-5/whats-new-opus-5-5 (read 2026-11-21). */
const ALWAYS = new Set(['fable', 'mythos'])

/**
 * Tells the generation of a model by its id: `claude-opus-4-5-20251101`, `anthropic.claude-3-5-haiku-20241022-v1:0`, `claude-opus-5@default`.
 * An id that is none of Claude's is taken for a server that speaks the wire as it was first: with budgets and sampling.
 */
export function generationOf(modelId: string): Generation {
  const [, family = '', major, minor] = /claude-(?:([a-z]+)-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(modelId) ?? []
  if (major === undefined) return { thinksByBudget: true, isSampled: true, thinksByDefault: false, alwaysThinks: false }
  const version = Number(`${major}.${minor ?? 0}`)
  return {
    thinksByBudget: version < BEFORE_EFFORT,
    isSampled: version < BEFORE_FIXED_SAMPLING,
    thinksByDefault: version >= BY_DEFAULT,
    alwaysThinks: version > BY_DEFAULT || (version === BY_DEFAULT && ALWAYS.has(family)),
  }
}
