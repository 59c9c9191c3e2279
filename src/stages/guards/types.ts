import type { Call } from '../../core/call.ts'
import type { JudgeSpec } from './judges/spec.ts'

/** What of a call a guard looks at. */
export const PHASES = ['input', 'output', 'toolArguments', 'toolResults', 'toolNames'] as const
export type Phase = (typeof PHASES)[number]

/** What a guard does about what it finds. `flag` lets it pass and says so in the reply's headers; `monitor` says so only in the log. */
export const ACTIONS = ['block', 'redact', 'flag', 'monitor'] as const
export type Action = (typeof ACTIONS)[number]

/** Something found: from its first character to just after its last, in UTF-16 units. */
export interface Finding {
  readonly from: number
  readonly to: number
  /** Where what makes it out begins, when that is in front of it: the name of a value. */
  readonly since?: number
  /** Of one that began in a text before this: it was told there. */
  readonly isRest?: true
  /** What it is, in capitals: `EMAIL`, `CARD`. Placeholders are named after it. */
  readonly kind: string
}

/**
 * Finds spans of a text. Pure, and linear in the length of the text. Whether something is a finding depends on at most `lookBehind`
 * characters in front of it and `reach` from its first character on, so that a stream can be looked at piece by piece.
 */
export interface SpanDetector {
  readonly type: 'spans'
  /** `folded`: the text as fold.ts reads it. `written`: as it is. */
  readonly reads: 'folded' | 'written'
  readonly lookBehind: number
  readonly reach: number
  /** What begins at `from` or later; in order, not overlapping. The text in front of `from` is looked at, and holds no finding. */
  find(text: string, from: number): readonly Finding[]
  /**
   * The first place at or after `from` where something may begin that more text could complete or undo. All that `find` gives in front of
   * it stands, whatever follows. At least `text.length - reach`.
   */
  holdFrom(text: string, from: number): number
}

/** What a check of a whole text says. `kind` names what is wrong. */
export type Verdict = { readonly type: 'clean' } | { readonly type: 'found'; readonly kind: string; readonly reason?: string }

/** Looks at a text as a whole: cannot redact, and cannot say anything before the text is complete. */
export interface WholeDetector {
  readonly type: 'whole'
  /** Whether it can say something only when the text is complete; else it is asked with every piece about the text so far. */
  readonly needsEnd: boolean
  check(text: string): Verdict
}

/** One guard, ready to be used. */
export interface Guard {
  readonly name: string
  readonly action: Action
  readonly phases: ReadonlySet<Phase>
  /** Where it stands besides where it is named; absent: nowhere. */
  readonly on: Scope | undefined
  /** What becomes of a call when the guard itself cannot say: it goes on, or it is refused. */
  readonly onFailure: 'open' | 'closed'
  readonly deadlineMs: number
  /** Whether what was redacted in a request comes back in its reply. */
  readonly restores: boolean
  readonly spans: readonly SpanDetector[]
  readonly wholes: readonly WholeDetector[]
  readonly judge: JudgeSpec | undefined
  /** What its detectors are made from. */
  readonly source: DetectorSource
}

/** Which calls: all that is given must fit. Names with `*` for any text. */
export interface Scope {
  readonly models?: readonly string[]
  readonly routes?: readonly string[]
  readonly tools?: readonly string[]
  readonly agents?: readonly string[]
  readonly teams?: readonly string[]
  readonly keys?: readonly string[]
}

/** A detector as it can be made again elsewhere: what the configuration says of it, without secrets. */
export interface DetectorSource {
  readonly type: string
  readonly [field: string]: unknown
}

/** Those to whom guards leave work: judges, and a thread for long texts. */
export interface Judges {
  /** Searches texts off the event loop: for each text, for each guard, for each of its detectors, what it finds. Absent: nowhere to do so. */
  search?(guards: readonly Guard[], texts: readonly string[]): Promise<readonly (readonly (readonly (readonly Finding[])[])[])[]>
  /** Rejects where no verdict can be had: the guard's `onFailure` then decides. */
  ask(call: Call, judge: JudgeSpec, question: JudgeQuestion): Promise<Verdict>
}

/** What a judge is asked. It never sees what another guard has redacted. */
export interface JudgeQuestion {
  readonly guard: string
  readonly phase: Phase
  readonly texts: readonly string[]
  readonly deadlineMs: number
}
