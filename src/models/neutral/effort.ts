import type { Effort } from './request.ts'

/** Tokens of thinking that an effort stands for, where a wire knows budgets only; and back, the nearest from below. */
const BUDGETS = { minimal: 1024, low: 2048, medium: 8192, high: 16_384, xhigh: 32_768, max: 65_536 } as const satisfies Record<
  Effort,
  number
>

const EFFORTS = Object.keys(BUDGETS) as readonly Effort[] // the keys of a table of efforts

/** Whether a text is an effort. */
export function isEffort(text: unknown): text is Effort {
  return typeof text === 'string' && Object.hasOwn(BUDGETS, text)
}

/** Tokens that an effort stands for. */
export function budgetOf(effort: Effort): number {
  return BUDGETS[effort]
}

/** The effort that a budget of tokens comes nearest to. */
export function effortOf(tokens: number): Effort {
  return EFFORTS.findLast((effort) => BUDGETS[effort] <= tokens) ?? 'minimal'
}

/** The nearest of those that a wire knows, from below where there is one. */
export function nearestEffort(effort: Effort, known: readonly Effort[]): Effort {
  if (known.includes(effort)) return effort
  const lower = known.filter((one) => BUDGETS[one] <= BUDGETS[effort])
  return lower.at(-1) ?? known[0] ?? effort
}
