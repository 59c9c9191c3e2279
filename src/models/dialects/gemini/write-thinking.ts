import type { JsonObject } from '../../../core/json.ts'
import { budgetOf, nearestEffort } from '../../neutral/effort.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { Effort, Reasoning } from '../../neutral/request.ts'
import type { Target } from '../../types.ts'

const LEVELS: readonly Effort[] = ['minimal', 'low', 'medium', 'high']

/**
 * `thinkingConfig`. Models up to 2.5 have budgets of tokens, later ones levels, and cannot be kept from thinking.
 * Source: https://ai.google.dev/gemini-api/docs/thinking (read 2026-11-21).
 */
export function writeThinking(reasoning: Reasoning | undefined, target: Target, losses: Losses): JsonObject | undefined {
  if (reasoning === undefined) return undefined
  if (reasoning.type === 'off') return writeOff(target, losses)
  const includeThoughts = reasoning.isShown ?? true
  if (reasoning.type === 'budget') return { thinkingBudget: reasoning.tokens, includeThoughts }
  const { effort } = reasoning
  if (effort === undefined) return { ...(hasLevels(target) ? {} : { thinkingBudget: -1 }), includeThoughts }
  if (!hasLevels(target)) {
    losses.approximate('reasoning_effort', 'this model has budgets of tokens, not efforts')
    return { thinkingBudget: Math.min(budgetOf(effort), MAX_BUDGET), includeThoughts }
  }
  const level = nearestEffort(effort, LEVELS)
  if (level !== effort) losses.approximate('reasoning_effort', `the nearest that this wire has is ${level}`)
  return { thinkingLevel: level.toUpperCase(), includeThoughts }
}

/** The largest budget that all models with budgets take. */
const MAX_BUDGET = 24_576

/** Of models whose name says nothing, the newer form is believed. */
export function hasLevels({ id }: Pick<Target, 'id'>): boolean {
  return !/gemini-(1|2)(\D|$)/.test(id)
}

function writeOff(target: Target, losses: Losses): JsonObject {
  if (!hasLevels(target)) return { thinkingBudget: 0 }
  losses.approximate('reasoning', 'this model always thinks; it is asked to do so little')
  return { thinkingLevel: 'LOW' }
}
