import type { JsonObject } from '../../../core/json.ts'
import type { Written } from '../../dialect.ts'
import { refuseUnanswered } from '../../neutral/answers.ts'
import { freeNames, withFunctionsAlone } from '../../neutral/free-tools.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest, OutputForm, Reasoning, Tool, ToolChoice } from '../../neutral/request.ts'
import type { Target } from '../../types.ts'
import { dropToolMarks, withoutBreakpoints } from '../cache-marks.ts'
import { writeOpenAiFields } from '../openai-fields.ts'
import { effortForBudget, effortOn, isAnswerSchema, offOn, strictOf } from '../strict.ts'
import { writeItems } from './write-items.ts'

/** OpenAI refuses less. */
const LEAST_OUTPUT_TOKENS = 16

/** OpenAI's models that think, whether they are told to or not. Others refuse to be asked for what they thought. */
const REASONS = /^(?:o\d|gpt-(?:5|[6-9]|\d\d)(?!.*chat))/
/** Source: https://developers.openai.com/api/docs/guides/reasoning (read 2026-11-21), on the phases of messages that are sent again. */
const HAS_PHASES = /^gpt-(?:5\.3-codex|5\.(?:[4-9]|\d\d)|[6-9]|\d\d)/

/** Writes a request of another wire for a provider of this one. Nothing is kept there: the caller's wire keeps its own conversation. */
export function writeRequest(given: NeutralRequest, isStream: boolean, target: Target): Written {
  const losses = new Losses()
  losses.addAll(given.losses)
  const isOpenAi = target.traits?.takesOpenAiExtras === true
  // What other servers of this wire make of a call without a result is not known.
  if (isOpenAi) refuseUnanswered(given)
  const request = isOpenAi ? given : withoutBreakpoints(withFunctionsAlone(given, losses), losses)
  reportLosses(request, losses)
  dropToolMarks(request.tools, losses)
  const input = writeItems(request.messages, { hasPhases: isOpenAi && HAS_PHASES.test(target.id), losses })
  const reasons = (request.reasoning !== undefined && request.reasoning.type !== 'off') || (isOpenAi && REASONS.test(target.id))
  const include = [
    ...(reasons || input.some(({ type }) => type === 'reasoning') ? ['reasoning.encrypted_content'] : []),
    ...(request.logprobs === undefined ? [] : ['message.output_text.logprobs']),
  ]
  const { verbosity, include_obfuscation, ...fields } = writeOpenAiFields(request, target, losses)
  const format = writeOutputForm(request.output, losses)
  const streams = include_obfuscation === undefined ? { stream: true } : { stream: true, stream_options: { include_obfuscation } }
  const body: JsonObject = {
    model: target.id,
    input,
    ...(isStream ? streams : {}),
    // Chat completions are kept where the caller says so; responses are unless it says no.
    store: false,
    max_output_tokens: writeMaxTokens(request.maxOutputTokens, losses),
    temperature: request.temperature,
    top_p: request.topP,
    top_logprobs: request.logprobs?.top,
    tools: request.tools?.map((tool) => writeTool(tool, losses)),
    // Without tools these two are errors.
    tool_choice: request.tools === undefined ? undefined : writeToolChoice(request.toolChoice, freeNames(request)),
    parallel_tool_calls: request.tools === undefined ? undefined : request.allowsParallelTools,
    text: format === undefined && verbosity === undefined ? undefined : { ...format, verbosity },
    reasoning: writeReasoning(request.reasoning, target, losses),
    include: include.length === 0 ? undefined : include,
    ...fields,
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

function reportLosses(request: NeutralRequest, losses: Losses): void {
  const missing = {
    top_k: request.topK,
    seed: request.seed,
    stop: request.stopSequences,
    presence_penalty: request.presencePenalty || undefined,
    frequency_penalty: request.frequencyPenalty || undefined,
    n: request.candidates === 1 ? undefined : request.candidates,
  }
  for (const [path, value] of Object.entries(missing)) if (value !== undefined) losses.drop(path, `this wire has no ${path}`)
}

function writeMaxTokens(tokens: number | undefined, losses: Losses): number | undefined {
  if (tokens === undefined || tokens >= LEAST_OUTPUT_TOKENS) return tokens
  losses.approximate('max_tokens', `this wire takes no less than ${LEAST_OUTPUT_TOKENS}`)
  return LEAST_OUTPUT_TOKENS
}

function writeTool({ name, description, schema, isStrict, free }: Tool, losses: Losses): JsonObject {
  if (free !== undefined) {
    const format = free.grammar === undefined ? undefined : { type: 'grammar', ...free.grammar }
    return { type: 'custom', name, description, format }
  }
  const strict = strictOf(schema, isStrict, { path: 'tools.strict', losses })
  // Left out, this wire would take it for true, and refuse most schemas.
  return { type: 'function', name, description, parameters: schema, strict: strict ?? false }
}

function writeToolChoice(choice: ToolChoice | undefined, free: ReadonlySet<string> | undefined): JsonObject[string] {
  if (choice === undefined) return undefined
  const chosen = (name: string) => ({ type: free?.has(name) ? 'custom' : 'function', name })
  switch (choice.type) {
    case 'tool':
      return chosen(choice.name)
    case 'some':
      return {
        type: 'allowed_tools',
        mode: choice.isRequired ? 'required' : 'auto',
        tools: choice.names.map(chosen),
      }
    default:
      return choice.type
  }
}

function writeOutputForm(output: OutputForm | undefined, losses: Losses): JsonObject | undefined {
  if (output === undefined) return undefined
  if (output.type === 'json') return { format: { type: 'json_object' } }
  const { name, schema, isStrict, description } = output
  if (!isAnswerSchema(schema, losses)) return undefined
  // The name is asked for; a caller whose wire has none means nothing by it.
  const strict = strictOf(schema, isStrict, { path: 'response_format', losses }) ?? false
  return { format: { type: 'json_schema', name: name ?? 'answer', description, schema, strict } }
}

function writeReasoning(reasoning: Reasoning | undefined, target: Target, losses: Losses): JsonObject | undefined {
  if (reasoning === undefined) return undefined
  if (reasoning.type === 'off') {
    const effort = offOn(target, losses)
    return effort === undefined ? undefined : { effort }
  }
  const summary = (reasoning.isShown ?? reasoning.type !== 'effort') ? { summary: 'auto' } : {}
  if (reasoning.type === 'budget') {
    losses.approximate('thinking.budget_tokens', 'this wire has efforts, not budgets of tokens')
    return { effort: effortForBudget(reasoning.tokens), ...summary }
  }
  return { effort: reasoning.effort === undefined ? undefined : effortOn(target, reasoning.effort, losses), ...summary }
}
