/** Who shares answers with whom. */
export type CacheScope = 'principal' | 'team' | 'organisation'

/** Whether the answers of a model are cached, and for whom. */
export interface CacheSettings {
  readonly ttlMs: number
  readonly scope: CacheScope
  /** Answers are given out at once, or with the pauses that they first had. */
  readonly replay: 'instant' | 'timed'
  readonly maxAnswerBytes: number
  readonly semantic?: SemanticSettings
}

/** When an answer to a question that is only like this one may do. */
export interface SemanticSettings {
  /** Cosine that is similar enough, above 0 and at most 1. */
  readonly threshold: number
  /** What makes the vectors: `lexical`, or the name of a model. */
  readonly embedder: string
  /** Hotter calls are meant to differ each time. */
  readonly maxTemperature: number
  /** What may differ all the same. */
  readonly across: readonly ('model' | 'tools' | 'system' | 'output')[]
}
