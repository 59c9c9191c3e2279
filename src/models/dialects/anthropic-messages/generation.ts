/** What a Claude model takes, as far as its generations differ. */
export interface Generation {
  /** Thinks by a budget of tokens; later ones by an effort, as they see fit. With a budget it cannot be made to call a tool. */
  readonly thinksByBudget: boolean
  /** Takes temperature, top_p and top_k. */
  readonly isSampled: boolean
  /** Thinks where nothing is said of it. */
  readonly thinksByDefault: boolean
  /** How it is told not to think; undefined: it always does. */
  readonly off: 'disabled' | 'between_tools' | undefined
  /** Cannot be made to call a tool. */
  readonly cannotForce: boolean
  /** Takes instructions as turns between the others. */
  readonly hasSystemTurns: boolean
}

const BEFORE_EFFORT = 4.6
const BEFORE_FIXED_SAMPLING = 4.7
/** From here on models think by themselves: https://platform.claude.com/docs/en/models/opus-5/whats-new-opus-5 (read 2026-11-21). */
const BY_DEFAULT = 5
/** Families that always thought: https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting (read 2026-11-21). */
const ALWAYS = new Set(['fable', 'mythos'])
/** Of Sonnet 5 it is not certain. Source: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages (read 2026-11-21). */
const BEFORE_SYSTEM_TURNS = 4.8
const EARLIEST: Generation = {
  ...{ thinksByBudget: true, isSampled: true, thinksByDefault: false },
  ...{ off: 'disabled', cannotForce: false, hasSystemTurns: false },
}

/**
 * Tells the generation of a model by its id: `claude-opus-4-5-20251101`, `anthropic.claude-3-5-haiku-20241022-v1:0`, `claude-opus-5@default`.
 * An id that is none of Claude's is taken for a server that speaks the wire as it was first: with budgets and sampling.
 */
export function generationOf(modelId: string): Generation {
  const [, family = '', major, minor] = /claude-(?:([a-z]+)-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(modelId) ?? []
  if (major === undefined) return EARLIEST
  const version = Number(`${major}.${minor ?? 0}`)
  return {
    thinksByBudget: version < BEFORE_EFFORT,
    isSampled: version < BEFORE_FIXED_SAMPLING,
    thinksByDefault: version >= BY_DEFAULT,
    off: offOf(family, version),
    cannotForce: version > BY_DEFAULT && family !== 'haiku',
    hasSystemTurns: version >= BEFORE_SYSTEM_TURNS && !(family === 'sonnet' && version === BY_DEFAULT),
  }
}

/**
 * After the first of the fifth, Haiku alone is as that was. Sources: https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5,
 * …/sonnet-5-5/whats-new-sonnet-5-5 and …/haiku-5-5/migration-guide (read 2026-11-21).
 */
function offOf(family: string, version: number): Generation['off'] {
  if (version < BY_DEFAULT || family === 'haiku') return 'disabled'
  if (version === BY_DEFAULT) return ALWAYS.has(family) ? undefined : 'disabled'
  return family === 'sonnet' ? 'between_tools' : undefined
}
