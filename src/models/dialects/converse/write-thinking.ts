import { isObject, type JsonObject } from '../../../core/json.ts'
import { budgetOf, effortOf, nearestEffort } from '../../neutral/effort.ts'
import type { Losses } from '../../neutral/loss.ts'
import type { Effort, NeutralRequest, Reasoning } from '../../neutral/request.ts'
import type { Target } from '../../types.ts'
import { claudeOf, familyOf } from './family.ts'

const MIN_BUDGET = 1024
const CLAUDE_EFFORTS: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max']
const EFFORTS: readonly Effort[] = ['low', 'medium', 'high']

type Thinks = Exclude<Reasoning, { readonly type: 'off' }>

/** How hard to think, in the fields of the model's maker: this wire has none of its own. Undefined: as it would anyway. */
export function writeThinking(request: NeutralRequest, target: Target, losses: Losses): JsonObject | undefined {
  const { reasoning } = request
  if (reasoning === undefined) return undefined
  if (reasoning.type === 'off') return writeOff(request, target, losses)
  switch (familyOf(target)) {
    case 'claude':
      if (!claudeOf(target).thinksByBudget) return writeAdaptive(reasoning, losses)
      if (!isForced(request)) return writeBudget(reasoning, request.maxOutputTokens, losses)
      losses.drop('reasoning_effort', 'a model that is made to call a tool cannot think before')
      return undefined
    case 'nova':
      return { reasoningConfig: { type: 'enabled', maxReasoningEffort: effortAmong(reasoning, EFFORTS, losses) ?? 'medium' } }
    case 'gpt': {
      const effort = effortAmong(reasoning, EFFORTS, losses)
      return effort === undefined ? undefined : { reasoning_effort: effort }
    }
    default:
      losses.drop('reasoning', 'how this model is told to think is not known')
      return undefined
  }
}

/** Whether a tool must be called. */
function isForced({ tools, toolChoice: choice }: NeutralRequest): boolean {
  if (tools === undefined || tools.length === 0) return false
  return choice?.type === 'required' || choice?.type === 'tool' || (choice?.type === 'some' && choice.isRequired)
}

/** Where a model would think by itself, it is told not to, or as little as it can. */
function writeOff({ tools }: NeutralRequest, target: Target, losses: Losses): JsonObject | undefined {
  const family = familyOf(target)
  if (family === 'gpt') {
    losses.approximate('reasoning_effort', ALWAYS_THINKS)
    return { reasoning_effort: 'low' }
  }
  if (family !== 'claude' || !claudeOf(target).thinksByDefault) return undefined
  const { off } = claudeOf(target)
  if (off === undefined) {
    losses.approximate('reasoning_effort', ALWAYS_THINKS)
    return { output_config: { effort: 'low' } }
  }
  if (off === 'between_tools' && tools !== undefined)
    losses.approximate('reasoning_effort', 'this model thinks between calls of tools all the same')
  return { thinking: { type: off } }
}

const ALWAYS_THINKS = 'this model always thinks; it is told to as little as it can'

/** Whether a model was told to think, by the fields of its maker. */
export function isThinking(fields: JsonObject | undefined): boolean {
  const isOff = isObject(fields?.thinking) && (fields.thinking.type === 'disabled' || fields.thinking.type === 'between_tools')
  return fields !== undefined && !isOff && !isEffortAlone(fields)
}

function isEffortAlone(fields: JsonObject): boolean {
  return Object.keys(fields).every((key) => key === 'output_config')
}

/** The budget must leave room for an answer within the bound. */
function writeBudget(reasoning: Thinks, maxTokens: number | undefined, losses: Losses): JsonObject | undefined {
  const wanted = reasoning.type === 'budget' ? reasoning.tokens : budgetOf(reasoning.effort ?? 'medium')
  if (reasoning.type !== 'budget') losses.approximate('reasoning_effort', 'this model has budgets of tokens, not efforts')
  const most = maxTokens === undefined ? wanted : maxTokens - 1
  if (most < MIN_BUDGET) {
    losses.drop('reasoning', `a bound of ${maxTokens} tokens leaves no room to think`)
    return undefined
  }
  const budget = Math.max(MIN_BUDGET, Math.min(wanted, most))
  if (reasoning.type === 'budget' && budget !== wanted) losses.approximate('thinking.budget_tokens', `set to ${budget}, which fits`)
  return { thinking: { type: 'enabled', budget_tokens: budget } }
}

function writeAdaptive(reasoning: Thinks, losses: Losses): JsonObject {
  const effort = effortAmong(reasoning, CLAUDE_EFFORTS, losses)
  return { thinking: { type: 'adaptive' }, ...(effort === undefined ? {} : { output_config: { effort } }) }
}

function effortAmong(reasoning: Thinks, known: readonly Effort[], losses: Losses): Effort | undefined {
  if (reasoning.type === 'budget') {
    losses.approximate('thinking.budget_tokens', 'this model has efforts, not budgets of tokens')
    return nearestEffort(effortOf(reasoning.tokens), known)
  }
  if (reasoning.effort === undefined) return undefined
  const effort = nearestEffort(reasoning.effort, known)
  if (effort !== reasoning.effort) losses.approximate('reasoning_effort', `the nearest that this model has is ${effort}`)
  return effort
}
