import type { JsonObject } from '../../../core/json.ts'
import type { Written } from '../../dialect.ts'
import { refuseUnanswered, withResultsBeside } from '../../neutral/answers.ts'
import { withFunctionsAlone } from '../../neutral/free-tools.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest, OutputForm } from '../../neutral/request.ts'
import { dropShared } from '../../neutral/shared-field.ts'
import { narrowSchema, PART_OF_SCHEMA } from '../../neutral/strict-schema.ts'
import type { Target } from '../../types.ts'
import { claudeOf, familyOf } from './family.ts'
import { writeMessages, writeSystem } from './write-messages.ts'
import { isThinking, writeThinking } from './write-thinking.ts'
import { writeTools } from './write-tools.ts'

/** Writes a request of another wire for a provider of this one. The model and whether it streams stand in the path. */
export function writeRequest(request: NeutralRequest, _isStream: boolean, target: Target): Written {
  const losses = new Losses()
  losses.addAll(request.losses)
  return { text: JSON.stringify(writeBody(request, target, losses)), losses: losses.list }
}

/** The body of a request. */
export function writeBody(given: NeutralRequest, target: Target, losses: Losses): JsonObject {
  refuseUnanswered(given)
  const request = withResultsBeside(withFunctionsAlone(given, losses), losses)
  reportDropped(request, losses)
  const thinking = writeThinking(request, target, losses)
  const system = writeSystem(request, target, losses)
  const inference = writeInference(request, target, { isThinking: isThinking(thinking), losses })
  const isClaude = familyOf(target) === 'claude'
  const additional = { ...writeTopK(request.topK, target, losses), ...thinking }
  return {
    messages: writeMessages(request.messages, target, losses),
    system: system.length === 0 ? undefined : system,
    inferenceConfig: Object.values(inference).every((value) => value === undefined) ? undefined : inference,
    toolConfig: writeTools(request, { takesMarks: isClaude, cannotForce: isClaude && claudeOf(target).cannotForce, losses }),
    outputConfig: writeOutputForm(request.output, losses),
    additionalModelRequestFields: Object.keys(additional).length === 0 ? undefined : additional,
  }
}

function reportDropped(request: NeutralRequest, losses: Losses): void {
  const why = 'this wire has no such field'
  const { seed, candidates, logprobs, presencePenalty, frequencyPenalty, endUser } = request
  if (seed !== undefined) losses.drop('seed', why)
  if (candidates !== undefined && candidates > 1) losses.drop('n', 'this wire gives one answer a request')
  if (logprobs !== undefined) losses.drop('logprobs', why)
  if (presencePenalty !== undefined && presencePenalty !== 0) losses.drop('presence_penalty', why)
  if (frequencyPenalty !== undefined && frequencyPenalty !== 0) losses.drop('frequency_penalty', why)
  if (endUser !== undefined) losses.drop('user', why)
  if (request.allowsParallelTools === false) losses.drop('parallel_tool_calls', 'this wire cannot forbid parallel calls')
  dropShared(request.shared, losses)
}

interface InferenceContext {
  readonly isThinking: boolean
  readonly losses: Losses
}

/** Claude takes no sampling while it thinks, and its later models none at all. */
function writeInference(request: NeutralRequest, target: Target, { isThinking, losses }: InferenceContext): JsonObject {
  const isClaude = familyOf(target) === 'claude'
  const isSampled = !isClaude || (claudeOf(target).isSampled && !isThinking)
  if (!isSampled && request.temperature !== undefined && request.temperature !== 1)
    losses.drop('temperature', 'this model does not take it here')
  if (!isSampled && request.topP !== undefined) losses.drop('top_p', 'this model does not take it here')
  return {
    maxTokens: request.maxOutputTokens,
    temperature: isSampled ? request.temperature : undefined,
    topP: isSampled ? request.topP : undefined,
    stopSequences: request.stopSequences,
  }
}

/** Not part of the wire, but two makers take it among their own fields. */
function writeTopK(topK: number | undefined, target: Target, losses: Losses): JsonObject {
  if (topK === undefined) return {}
  const family = familyOf(target)
  if (family === 'claude' && claudeOf(target).isSampled) return { top_k: topK }
  if (family === 'nova') return { inferenceConfig: { topK } }
  losses.drop('top_k', 'this model does not take it here')
  return {}
}

function writeOutputForm(output: OutputForm | undefined, losses: Losses): JsonObject | undefined {
  if (output?.type !== 'schema') return undefined
  const { name, description } = output
  const { schema, isChanged } = narrowSchema(output.schema)
  if (isChanged) losses.approximate('response_format', PART_OF_SCHEMA)
  // The schema goes as text here.
  const jsonSchema = { name: name ?? 'answer', description, schema: JSON.stringify(schema) }
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } }
}
