import type { JsonObject } from '../../../core/json.ts'
import { budgetOf, effortOf, nearestEffort } from '../../neutral/effort.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { Effort, Reasoning } from '../../neutral/request.ts'
import type { Generation } from './generation.ts'

const MIN_BUDGET = 1024
const EFFORTS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']

/** What bears upon how a model is told to think. */
interface ReasoningContext {
  readonly generation: Generation
  /** The bound of the output. */
  readonly asked: number
  /** Whether the caller asked for it. */
  readonly hasBound: boolean
  /** A tool must be called. */
  readonly isForced: boolean
  /** Tools are offered. */
  readonly hasTools: boolean
  readonly losses: Losses
}

/** How hard to think, and the bound that leaves room for it. */
export interface WrittenReasoning {
  readonly thinking?: JsonObject
  readonly effort?: string
  readonly maxTokens: number
}

/**
 * Writes how hard to think. To be made to call a tool and to think by a budget exclude each other: a 400. Who asks for a call counts on it; how hard to
 * think is a wish. Source: https://platform.claude.com/docs/en/build-with-claude/thinking#response-prefill-and-forced-tool-use (read 2026-11-21).
 */
export function writeReasoning(reasoning: Reasoning | undefined, context: ReasoningContext): WrittenReasoning {
  const { generation, asked, losses } = context
  if (reasoning === undefined) return { maxTokens: asked }
  if (reasoning.type === 'off') return writeOff(context)
  if (context.isForced && generation.thinksByBudget) {
    losses.drop('reasoning_effort', 'a model that is made to call a tool cannot think before')
    return { maxTokens: asked }
  }
  const display = reasoning.isShown === false ? { display: 'omitted' } : {}
  if (generation.thinksByBudget) {
    if (reasoning.type !== 'budget') losses.approximate('reasoning_effort', 'this model has budgets of tokens, not efforts')
    const wanted = reasoning.type === 'budget' ? reasoning.tokens : budgetOf(reasoning.effort ?? 'medium')
    return budgeted(Math.max(MIN_BUDGET, wanted), display, context)
  }
  if (reasoning.type === 'budget') losses.approximate('reasoning.max_tokens', 'this model has efforts, not budgets of tokens')
  const effort = reasoning.type === 'budget' ? effortOf(reasoning.tokens) : reasoning.effort
  const shown = reasoning.isShown === undefined ? { display: 'summarized' } : { display: reasoning.isShown ? 'summarized' : 'omitted' }
  return {
    thinking: { type: 'adaptive', ...shown },
    ...(effort === undefined ? {} : { effort: nearestEffort(effort, EFFORTS) }),
    maxTokens: asked,
  }
}

function writeOff({ generation: { off }, asked, hasTools, losses }: ReasoningContext): WrittenReasoning {
  if (off === undefined) {
    losses.approximate('reasoning_effort', 'this model always thinks; it is told to as little as it can')
    return { effort: 'low', maxTokens: asked }
  }
  if (off === 'between_tools' && hasTools) losses.approximate('reasoning_effort', 'this model thinks between calls of tools all the same')
  return { thinking: { type: off }, maxTokens: asked }
}

/** A budget is a part of the bound, and less than it. Where the caller set a bound, the budget gives way; else the bound does. */
function budgeted(budget: number, display: JsonObject, { asked, hasBound, losses }: ReasoningContext): WrittenReasoning {
  if (!hasBound) return { thinking: { type: 'enabled', budget_tokens: budget, ...display }, maxTokens: budget + asked }
  if (asked <= MIN_BUDGET) {
    losses.drop('reasoning_effort', `thinking needs a bound of more than ${MIN_BUDGET} tokens`)
    return { maxTokens: asked }
  }
  return { thinking: { type: 'enabled', budget_tokens: Math.min(budget, asked - 1), ...display }, maxTokens: asked }
}
