/** A part of a test's reply. */
export interface TestPart {
  readonly name: string
  readonly sizeBytes: number
}

/** What an upstream does. Times are those of the fake world. */
export interface SourcePlan {
  /** Attempts that fail before anything is accepted. */
  readonly failFirst: number
  readonly acceptAfterMs: number
  readonly parts: readonly { readonly sizeBytes: number; readonly afterMs: number }[]
  /** How it goes on after the last part. `hang`: nothing more until it is cancelled. `throw-now`: `pull` itself throws. */
  readonly end: 'ok' | 'throw' | 'throw-now' | 'hang' | 'ending-throws'
  /** Gives parts without a promise where they are there already. */
  readonly givesAtOnce: boolean
  /** What becomes of a pending `pull` when it is cancelled. */
  readonly whenCancelled: 'forgets' | 'resolves' | 'rejects'
}

/** One reader of a reply. */
export interface ReaderPlan {
  readonly startsAtMs: number
  /** Between two parts. */
  readonly pauseMs: number
  /** Reads so many parts and then leaves, or reads no more and waits for the signal. Left out: reads to the end. */
  readonly stop?: { readonly afterParts: number; readonly by: 'leaving' | 'idling' }
  /** Leaves so long after it was given its reply, also while it waits for a part. */
  readonly leavesAfterMs?: number
  /** Aborts its signal at this time, whatever it does. */
  readonly abortsAtMs?: number
  /** Asks for a part while it waits for one: a fault of the reader, which must harm nothing. */
  readonly asksTwice: boolean
  /** Whose signal it has: a call's own, or the web's. */
  readonly signal: 'call' | 'web'
}

/** What a `transform` does with parts. */
export type TransformMode = 'pass' | 'late' | 'split' | 'hide' | 'wait'

/** One stage of a random pipeline. */
export type StagePlan =
  | { readonly type: 'tap'; readonly throwsAt?: number }
  | { readonly type: 'when-ended'; readonly throws: boolean }
  | { readonly type: 'hold' }
  | { readonly type: 'transform'; readonly mode: TransformMode; readonly throwsAt?: number; readonly flushThrows: boolean }
  | { readonly type: 'retry'; readonly tries: number }
  | { readonly type: 'answer-early'; readonly parts: number }
  /** Fails its n-th call (from 0), before it calls the next stage. */
  | { readonly type: 'fail'; readonly how: 'throws' | 'rejects'; readonly onCall: number; readonly isRetryable: boolean }
  | { readonly type: 'share'; readonly maxBytes: number; readonly others: readonly ReaderPlan[] }

/** A whole case: stages outermost first. */
export interface PipelinePlan {
  readonly stages: readonly StagePlan[]
  readonly source: SourcePlan
  readonly reader: ReaderPlan
}

/** Names of the parts that a reader gets of a reply that ends `ok`. */
export function expectedParts(stages: readonly StagePlan[], source: SourcePlan): readonly string[] {
  const sent = source.parts.map((_part, index) => `part${index}`)
  return stages.reduceRight<readonly string[]>((names, stage) => {
    if (stage.type === 'answer-early') return earlyNames(stage.parts)
    return stage.type === 'transform' ? transformedNames(names, stage.mode) : names
  }, sent)
}

/** Names of the parts of an early answer. */
export function earlyNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `early${index}`)
}

function transformedNames(names: readonly string[], mode: TransformMode): readonly string[] {
  if (mode === 'split') return names.flatMap((name) => [`${name}a`, `${name}b`])
  return mode === 'hide' ? names.filter((_name, index) => index % 2 === 0) : names
}
