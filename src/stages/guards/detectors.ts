import type { GuardConfig } from './config.ts'
import { PII_KINDS, piiDetector } from './pii/index.ts'
import type { Action, Phase, SpanDetector, WholeDetector } from './types.ts'

/** A kind of guard: what it does unless the file says otherwise, and how its detectors are made. */
export interface GuardType {
  readonly action: Action
  readonly phases: readonly Phase[]
  /** One sentence, for the documentation. */
  readonly summary: string
  /** Fields of the configuration that mean something to it, beside those of every guard. */
  readonly fields: readonly (keyof GuardConfig)[]
  /** Those among them that must be written. A type without any is ready under its own name. */
  readonly needs: readonly (keyof GuardConfig)[]
  readonly make: (config: GuardConfig) => readonly (SpanDetector | WholeDetector)[]
}

const TEXTS: readonly Phase[] = ['input', 'output', 'toolArguments', 'toolResults']

/** Every kind of guard that decides by itself: one row a kind. */
export const GUARD_TYPES = {
  pii: {
    action: 'redact',
    phases: TEXTS,
    summary: 'What belongs to a person: mail and IP addresses, telephone and card numbers, IBANs, national ids, dates of birth.',
    fields: ['kinds'],
    needs: [],
    make: ({ kinds }) => [piiDetector(kinds ?? PII_KINDS)],
  },
} as const satisfies Record<string, GuardType>
