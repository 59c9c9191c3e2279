import type { JsonObject } from '../../../core/json.ts'
import type { Written } from '../../dialect.ts'
import { refuseUnanswered, withResultsBeside } from '../../neutral/answers.ts'
import { withFunctionsAlone } from '../../neutral/free-tools.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest, OutputForm, Tool } from '../../neutral/request.ts'
import { dropShared } from '../../neutral/shared-field.ts'
import { narrowSchema, PART_OF_SCHEMA } from '../../neutral/strict-schema.ts'
import type { Target } from '../../types.ts'
import { type Generation, generationOf } from './generation.ts'
import { writeCache, writeMessages } from './write-messages.ts'
import { writeReasoning } from './write-reasoning.ts'

/** The wire demands a bound. Every model that still runs can give as much. */
const DEFAULT_MAX_TOKENS = 16_384
const JSON_ONLY = 'Answer with one JSON object and nothing else.'

/** Writes a request of another wire for a provider of this one. */
export function writeRequest(given: NeutralRequest, isStream: boolean, target: Target): Written {
  const losses = new Losses()
  losses.addAll(given.losses)
  refuseUnanswered(given)
  const request = withResultsBeside(withFunctionsAlone(given, losses), losses)
  const generation = generationOf(target.id)
  const { system, messages, usedTools } = writeMessages(request.messages, {
    hasSystemTurns: generation.hasSystemTurns && target.traits?.takesSystemTurns === true,
    losses,
  })
  const asked = request.maxOutputTokens ?? Math.min(DEFAULT_MAX_TOKENS, target.maxOutputTokens ?? DEFAULT_MAX_TOKENS)
  const { thinking, effort, maxTokens } = writeReasoning(request.reasoning, {
    generation,
    asked,
    hasBound: request.maxOutputTokens !== undefined,
    isForced: request.tools !== undefined && isForcing(choiceType(request)),
    hasTools: request.tools !== undefined,
    losses,
  })
  const isThinking = thinking !== undefined && thinking.type !== generation.off
  const format = writeOutputForm(request.output, losses)
  reportDropped(request, losses)
  const { traits } = target
  const body: JsonObject = {
    ...traits?.bodyFields,
    ...(traits?.hasModelInPath ? {} : { model: target.id }),
    max_tokens: maxTokens,
    system: writeSystem(system, request.output),
    messages,
    ...(isStream && (!traits?.hasModelInPath || traits.saysStream) ? { stream: true } : {}),
    ...writeSampling(request, { generation, isThinking, losses }),
    stop_sequences: request.stopSequences,
    ...writeTools(request, { usedTools, generation, losses }),
    thinking,
    output_config: format === undefined && effort === undefined ? undefined : { format, effort },
    metadata: request.endUser === undefined ? undefined : { user_id: request.endUser },
    ...writeTier(request, target, losses),
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

/**
 * The one tier that both makers sell by the request: nothing but the usual one. Clouds have tiers of their own.
 * Source: https://platform.claude.com/docs/en/api/service-tiers (read 2026-11-21).
 */
function writeTier({ shared = [] }: NeutralRequest, { traits }: Target, losses: Losses): JsonObject {
  const tier = shared.find(({ name }) => name === 'service_tier')
  dropShared(
    shared.filter((field) => field !== tier),
    losses,
  )
  if (tier === undefined) return {}
  if (tier.value === 'default' && !traits?.hasModelInPath) return { service_tier: 'standard_only' }
  dropShared([tier], losses, 'this wire knows the usual tier and the one that was bought ahead')
  return {}
}

function reportDropped({ seed, candidates, logprobs, presencePenalty, frequencyPenalty }: NeutralRequest, losses: Losses): void {
  const why = 'this wire has no such field'
  if (seed !== undefined) losses.drop('seed', why)
  if (candidates !== undefined && candidates > 1) losses.drop('n', 'this wire gives one answer a request')
  if (logprobs !== undefined) losses.drop('logprobs', why)
  if (presencePenalty !== undefined && presencePenalty !== 0) losses.drop('presence_penalty', why)
  if (frequencyPenalty !== undefined && frequencyPenalty !== 0) losses.drop('frequency_penalty', why)
}

function writeSystem(system: readonly JsonObject[], output: OutputForm | undefined): JsonObject[string] {
  const blocks = output?.type === 'json' ? [...system, { type: 'text', text: JSON_ONLY }] : system
  return blocks.length === 0 ? undefined : blocks
}

interface SamplingContext {
  readonly generation: Generation
  readonly isThinking: boolean
  readonly losses: Losses
}

/** Temperature goes to 1 here, and is fixed while a model thinks, and for the later models always. */
function writeSampling(request: NeutralRequest, { generation, isThinking, losses }: SamplingContext): JsonObject {
  const { temperature, topP, topK } = request
  const isFree = generation.isSampled && !isThinking
  if (!isFree) {
    const why = generation.isSampled ? 'a model that thinks has a fixed one' : 'this model has a fixed one'
    if (temperature !== undefined && temperature !== 1) losses.drop('temperature', why)
    if (topP !== undefined && topP !== 1) losses.drop('top_p', why)
    if (topK !== undefined) losses.drop('top_k', why)
    return {}
  }
  if (temperature !== undefined && temperature > 1) losses.approximate('temperature', 'it ends at 1 in this wire')
  return { temperature: temperature === undefined ? undefined : Math.min(1, temperature), top_p: topP, top_k: topK }
}

interface ToolContext {
  readonly usedTools: readonly string[]
  readonly generation: Generation
  readonly losses: Losses
}

function writeTools(request: NeutralRequest, { usedTools, generation, losses }: ToolContext): JsonObject {
  const { tools, toolChoice } = request
  if (tools === undefined) {
    if (usedTools.length === 0) return {}
    losses.emulate('tools', 'this wire wants tools that the history names to be described; they are, and none may be called')
    return { tools: usedTools.map((name) => ({ name, input_schema: { type: 'object' } })), tool_choice: { type: 'none' } }
  }
  const offered = toolChoice?.type === 'some' ? tools.filter(({ name }) => toolChoice.names.includes(name)) : tools
  const type = choiceType(request)
  const cannotForce = isForcing(type) && generation.cannotForce
  if (cannotForce) losses.approximate('tool_choice', 'this model cannot be made to call a tool')
  if (toolChoice?.type === 'some') losses.emulate('tool_choice', 'the other tools are left out')
  const isSingle = request.allowsParallelTools === false ? { disable_parallel_tool_use: true } : {}
  const choice = cannotForce ? 'auto' : type
  const isSaid = toolChoice !== undefined || request.allowsParallelTools === false
  return {
    tools: offered.map((tool) => writeTool(tool, losses)),
    tool_choice: isSaid
      ? {
          type: choice,
          ...(choice === 'tool' && toolChoice?.type === 'tool' ? { name: toolChoice.name } : {}),
          ...(choice === 'none' ? {} : isSingle),
        }
      : undefined,
  }
}

function isForcing(type: string): boolean {
  return type === 'any' || type === 'tool'
}

function choiceType({ toolChoice }: NeutralRequest): 'auto' | 'any' | 'tool' | 'none' {
  switch (toolChoice?.type) {
    case 'none':
    case 'tool':
      return toolChoice.type
    case 'required':
      return 'any'
    case 'some':
      return toolChoice.isRequired ? 'any' : 'auto'
    default:
      return 'auto'
  }
}

function writeTool({ name, description, schema: given, isStrict, cache }: Tool, losses: Losses): JsonObject {
  const schema = given.type === undefined ? { type: 'object', ...given } : given
  const mark = writeCache(cache)
  if (!isStrict) return { name, description, input_schema: schema, ...mark }
  const narrowed = narrowSchema(schema)
  if (narrowed.isChanged) losses.approximate('tools.strict', PART_OF_SCHEMA)
  return { name, description, input_schema: narrowed.schema, strict: true, ...mark }
}

function writeOutputForm(output: OutputForm | undefined, losses: Losses): JsonObject | undefined {
  if (output === undefined) return undefined
  if (output.type === 'json') {
    losses.emulate('response_format', 'this wire has no free JSON; the model is told to answer so')
    return undefined
  }
  const { schema, isChanged } = narrowSchema(output.schema)
  if (isChanged) losses.approximate('response_format', PART_OF_SCHEMA)
  return { type: 'json_schema', schema }
}
