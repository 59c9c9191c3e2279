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
type Claude = ReturnType<typeof claudeOf>

/** How hard to think, in the fields of the model's maker: this wire has none of its own. Undefined: as it would anyway. */
export function writeThinking(request: NeutralRequest, target: Target, losses: Losses): JsonObject | undefined {
  const { reasoning } = request
  if (reasoning === undefined || reasoning.type === 'off') return undefined
  switch (familyOf(target)) {
    case 'claude':
      if (isForced(request) && !claudeOf(target).alwaysThinks) return writeForced(reasoning, claudeOf(target), losses)
      return claudeOf(target).thinksByBudget ? writeBudget(reasoning, request.maxOutputTokens, losses) : writeAdaptive(reasoning, losses)
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

/** To be made to call a tool and to think before exclude each other. Who asks for a call counts on it; how hard to think is a wish. */
function writeForced(reasoning: Thinks, { thinksByBudget, thinksByDefault }: Claude, losses: Losses): JsonObject | undefined {
  const why = 'a model that is made to call a tool cannot think before'
  if (thinksByBudget) {
    losses.drop('reasoning_effort', why)
    return undefined
  }
  losses.approximate('reasoning_effort', `${why}; it is told the effort alone`)
  const wanted = reasoning.type === 'budget' ? effortOf(reasoning.tokens) : reasoning.effort
  const effort = wanted === undefined ? undefined : nearestEffort(wanted, thinksByDefault ? EFFORTS : CLAUDE_EFFORTS)
  const fields = {
    ...(thinksByDefault ? { thinking: { type: 'disabled' } } : {}),
    ...(effort === undefined ? {} : { output_config: { effort } }),
  }
  return Object.keys(fields).length === 0 ? undefined : fields
}

/** Whether a model was told to think, by the fields of its maker. */
export function isThinking(fields: JsonObject | undefined): boolean {
  return fields !== undefined && !(isObject(fields.thinking) && fields.thinking.type === 'disabled') && !isEffortAlone(fields)
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
