import type { JsonObject } from '../../../core/json.ts'
import type { Written } from '../../dialect.ts'
import { refuseUnanswered, withResultsBeside } from '../../neutral/answers.ts'
import { withFunctionsAlone } from '../../neutral/free-tools.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest, OutputForm, Tool, ToolChoice } from '../../neutral/request.ts'
import { dropShared } from '../../neutral/shared-field.ts'
import type { Target } from '../../types.ts'
import { dropToolMarks } from '../cache-marks.ts'
import { writeContents, writeInstruction } from './write-parts.ts'
import { writeThinking } from './write-thinking.ts'

const MAX_STOP_SEQUENCES = 5

/** Writes a request of another wire for a provider of this one. Whether it streams is said by the path. */
export function writeRequest(request: NeutralRequest, _isStream: boolean, target: Target): Written {
  const losses = new Losses()
  losses.addAll(request.losses)
  const body = writeBody(request, target, losses)
  return { text: JSON.stringify(body), losses: losses.list }
}

/** The body of a request. */
export function writeBody(given: NeutralRequest, target: Target, losses: Losses): JsonObject {
  refuseUnanswered(given)
  const request = withResultsBeside(withFunctionsAlone(given, losses), losses)
  if (request.endUser !== undefined) losses.drop('user', 'this wire has no end users')
  dropShared(request.shared, losses)
  if (request.allowsParallelTools === false) losses.drop('parallel_tool_calls', 'this wire cannot forbid parallel calls')
  dropToolMarks(request.tools, losses)
  if (request.tools?.some(({ isStrict }) => isStrict)) losses.drop('tools.strict', 'this wire has no strict tools')
  const config = writeConfig(request, target, losses)
  return {
    ...writeInstruction(request.messages, losses),
    contents: writeContents(request.messages, target, losses),
    tools: request.tools === undefined ? undefined : [{ functionDeclarations: request.tools.map(writeTool) }],
    toolConfig: request.tools === undefined ? undefined : writeToolChoice(request.toolChoice),
    generationConfig: Object.values(config).every((value) => value === undefined) ? undefined : config,
  }
}

function writeConfig(request: NeutralRequest, target: Target, losses: Losses): JsonObject {
  const { stopSequences } = request
  if (stopSequences !== undefined && stopSequences.length > MAX_STOP_SEQUENCES) {
    losses.drop('stop_sequences', `this wire takes ${MAX_STOP_SEQUENCES} of them at most`)
  }
  return {
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    candidateCount: request.candidates,
    maxOutputTokens: request.maxOutputTokens,
    stopSequences: stopSequences?.slice(0, MAX_STOP_SEQUENCES),
    seed: request.seed,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    ...(request.logprobs === undefined ? {} : { responseLogprobs: true, logprobs: request.logprobs.top }),
    ...writeOutputForm(request.output),
    thinkingConfig: writeThinking(request.reasoning, target, losses),
  }
}

function writeTool({ name, description, schema }: Tool): JsonObject {
  // A function without parameters has no schema here: an empty one is refused.
  const isEmpty = Object.keys(schema).length === 0
  return { name, description, parametersJsonSchema: isEmpty ? undefined : schema }
}

function writeToolChoice(choice: ToolChoice | undefined): JsonObject | undefined {
  if (choice === undefined) return undefined
  return { functionCallingConfig: writeCalling(choice) }
}

function writeCalling(choice: ToolChoice): JsonObject {
  switch (choice.type) {
    case 'auto':
      return { mode: 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
    default:
      return { mode: choice.isRequired ? 'ANY' : 'VALIDATED', allowedFunctionNames: choice.names }
  }
}

function writeOutputForm(output: OutputForm | undefined): JsonObject {
  if (output === undefined) return {}
  const mime = { responseMimeType: 'application/json' }
  return output.type === 'json' ? mime : { ...mime, responseJsonSchema: output.schema }
}
