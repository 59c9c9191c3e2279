import type { JsonObject } from '../../../core/json.ts'
import type { Written } from '../../dialect.ts'
import { refuseUnanswered, withResultsBeside } from '../../neutral/answers.ts'
import { freeNames, withFunctionsAlone } from '../../neutral/free-tools.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest, OutputForm, Reasoning, Tool, ToolChoice } from '../../neutral/request.ts'
import type { Target } from '../../types.ts'
import { dropToolMarks, withoutBreakpoints } from '../cache-marks.ts'
import { writeOpenAiFields } from '../openai-fields.ts'
import { effortForBudget, effortOn, isAnswerSchema, offOn, strictOf } from '../strict.ts'
import { writeMessages } from './write-messages.ts'

const MAX_STOP_SEQUENCES = 4

/** Writes a request of another wire for a provider of this one. */
export function writeRequest(given: NeutralRequest, isStream: boolean, target: Target): Written {
  const losses = new Losses()
  losses.addAll(given.losses)
  const isOpenAi = target.traits?.takesOpenAiExtras === true
  // Of the other servers of this wire, many take a call without a result.
  if (isOpenAi) refuseUnanswered(given)
  const request = withResultsBeside(isOpenAi ? given : withoutBreakpoints(withFunctionsAlone(given, losses), losses), losses)
  if (request.topK !== undefined) losses.drop('top_k', 'this wire has no top_k')
  dropToolMarks(request.tools, losses)
  const { stopSequences } = request
  if (stopSequences !== undefined && stopSequences.length > MAX_STOP_SEQUENCES)
    losses.drop('stop_sequences', `this wire takes ${MAX_STOP_SEQUENCES} of them at most`)
  const { include_obfuscation, ...fields } = writeOpenAiFields(request, target, losses)
  const body: JsonObject = {
    model: target.id,
    messages: writeMessages(request.messages, losses),
    ...(isStream ? { stream: true, stream_options: { include_usage: true, include_obfuscation } } : {}),
    [target.traits?.maxTokensField ?? 'max_tokens']: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    n: request.candidates,
    stop: stopSequences?.slice(0, MAX_STOP_SEQUENCES),
    seed: request.seed,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    ...(request.logprobs === undefined ? {} : { logprobs: true, top_logprobs: request.logprobs.top }),
    tools: request.tools?.map((tool) => writeTool(tool, losses)),
    // Without tools these two are errors at most providers.
    tool_choice: request.tools === undefined ? undefined : writeToolChoice(request.toolChoice, freeNames(request)),
    parallel_tool_calls: request.tools === undefined ? undefined : request.allowsParallelTools,
    response_format: writeOutputForm(request.output, losses),
    reasoning_effort: writeEffort(request.reasoning, target, losses),
    ...fields,
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

function writeTool({ name, description, schema, isStrict, free }: Tool, losses: Losses): JsonObject {
  if (free !== undefined) {
    const format = free.grammar === undefined ? undefined : { type: 'grammar', grammar: free.grammar }
    return { type: 'custom', custom: { name, description, format } }
  }
  const strict = strictOf(schema, isStrict, { path: 'tools.strict', losses })
  return { type: 'function', function: { name, description, parameters: schema, strict } }
}

function writeToolChoice(choice: ToolChoice | undefined, free: ReadonlySet<string> | undefined): JsonObject[string] {
  if (choice === undefined) return undefined
  const chosen = (name: string) => (free?.has(name) ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } })
  switch (choice.type) {
    case 'tool':
      return chosen(choice.name)
    case 'some': {
      const tools = choice.names.map(chosen)
      return { type: 'allowed_tools', allowed_tools: { mode: choice.isRequired ? 'required' : 'auto', tools } }
    }
    default:
      return choice.type
  }
}

function writeOutputForm(output: OutputForm | undefined, losses: Losses): JsonObject | undefined {
  if (output === undefined) return undefined
  if (output.type === 'json') return { type: 'json_object' }
  const { name, schema, isStrict, description } = output
  if (!isAnswerSchema(schema, losses)) return undefined
  // The name is asked for; a caller whose wire has none means nothing by it.
  const strict = strictOf(schema, isStrict, { path: 'response_format', losses })
  return { type: 'json_schema', json_schema: { name: name ?? 'answer', description, schema, strict } }
}

function writeEffort(reasoning: Reasoning | undefined, target: Target, losses: Losses): string | undefined {
  if (reasoning === undefined) return undefined
  switch (reasoning.type) {
    case 'off':
      return offOn(target, losses)
    case 'budget':
      losses.approximate('thinking.budget_tokens', 'this wire has efforts, not budgets of tokens')
      return effortForBudget(reasoning.tokens)
    case 'adaptive':
      return reasoning.effort === undefined ? undefined : effortOn(target, reasoning.effort, losses)
    default:
      return effortOn(target, reasoning.effort, losses)
  }
}
