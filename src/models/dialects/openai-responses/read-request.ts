import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { checkTools } from '../../neutral/check-tools.ts'
import { isEffort } from '../../neutral/effort.ts'
import { readSchema } from '../../neutral/json-schema.ts'
import { Losses } from '../../neutral/loss.ts'
import { MessageList } from '../../neutral/messages.ts'
import {
  defined,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalString,
  optionalWithin,
  readObject,
  reportUnread,
  wrong,
} from '../../neutral/read.ts'
import type { NeutralRequest, OutputForm, Reasoning } from '../../neutral/request.ts'
import { openAiFieldNames, readOpenAiFields } from '../openai-fields.ts'
import { readItems } from './read-items.ts'
import { readToolChoice, readTools } from './read-tools.ts'

/** Fields that other wires have, and those that say only how the response is kept or told. */
const READ = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'max_output_tokens',
  'temperature',
  'top_p',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'top_logprobs',
  'previous_response_id',
  'background',
  'presence_penalty',
  'frequency_penalty',
  'truncation',
  ...openAiFieldNames('openai-responses'),
])
const READ_TEXT = new Set(['format', 'verbosity'])
const READ_REASONING = new Set(['effort', 'summary', 'generate_summary'])

/** What a request for a response says, in no wire's words. @throws invalid_request */
export function readRequest(value: JsonObject): NeutralRequest {
  const losses = new Losses()
  reportUnread(value, READ, { path: '', losses })
  refuseUnkept(value)
  reportModes(value, losses)
  const messages = new MessageList()
  const instructions = optionalString(value.instructions, 'instructions')
  if (instructions !== undefined && instructions !== '') messages.add('system', [{ type: 'text', text: instructions }])
  readItems(value.input, messages, losses)
  const text = value.text === undefined || value.text === null ? {} : readObject(value.text, 'text')
  reportUnread(text, READ_TEXT, { path: 'text', losses })
  const tools = readTools(value.tools, losses)
  const toolChoice = readToolChoice(value.tool_choice, losses)
  checkTools({ ...(tools && { tools }), ...(toolChoice && { toolChoice }) }, { given: value.tools, tools: 'tools', choice: 'tool_choice' })
  return defined<NeutralRequest>({
    messages: messages.list,
    unanswered: messages.unanswered,
    tools,
    toolChoice,
    allowsParallelTools: optionalBoolean(value.parallel_tool_calls, 'parallel_tool_calls'),
    maxOutputTokens: optionalCount(value.max_output_tokens, 'max_output_tokens'),
    temperature: optionalWithin(value.temperature, 'temperature', [0, 2]),
    topP: optionalWithin(value.top_p, 'top_p', [0, 1]),
    presencePenalty: optionalNumber(value.presence_penalty, 'presence_penalty'),
    frequencyPenalty: optionalNumber(value.frequency_penalty, 'frequency_penalty'),
    logprobs: readLogprobs(value, losses),
    output: readOutputForm(text.format),
    reasoning: readReasoning(value.reasoning, losses),
    endUser: optionalString(value.safety_identifier ?? value.user, 'user'),
    shared: readOpenAiFields(value, 'openai-responses'),
    losses: losses.list,
  })
}

/** What is kept for the caller elsewhere must have been put in place of its name by now. */
function refuseUnkept(value: JsonObject): void {
  const { previous_response_id: previous, conversation, prompt, background } = value
  if (previous !== undefined && previous !== null) {
    throw wrong('previous_response_id', 'names no response that is kept here; send the conversation as input')
  }
  if (conversation !== undefined && conversation !== null) {
    throw wrong('conversation', 'is kept by one provider only; send the conversation as input')
  }
  if (prompt !== undefined && prompt !== null) throw wrong('prompt', 'is kept by one provider only; send the prompt as instructions')
  if (background === true) throw wrong('background', 'must be false: this model answers while the caller waits')
}

function reportModes({ truncation }: JsonObject, losses: Losses): void {
  if (truncation === 'auto') losses.drop('truncation', 'other wires never shorten a conversation')
}

function readLogprobs(value: JsonObject, losses: Losses): { readonly top: number } | undefined {
  const include: readonly Json[] = Array.isArray(value.include) ? value.include : []
  for (const one of include) {
    if (one === 'message.output_text.logprobs' || one === 'reasoning.encrypted_content') continue
    losses.drop('include', `only a provider of this wire has "${String(one).slice(0, 60)}"`)
  }
  const top = optionalNumber(value.top_logprobs, 'top_logprobs')
  const isWanted = include.includes('message.output_text.logprobs') || (top !== undefined && top > 0)
  return isWanted ? { top: top ?? 0 } : undefined
}

function readOutputForm(value: Json | undefined): OutputForm | undefined {
  if (value === undefined || value === null) return undefined
  const path = 'text.format'
  const format = readObject(value, path)
  if (format.type === 'text') return undefined
  if (format.type === 'json_object') return { type: 'json' }
  if (format.type !== 'json_schema') throw wrong(`${path}.type`, 'must be text, json_object or json_schema')
  return defined<OutputForm & { readonly type: 'schema' }>({
    type: 'schema',
    name: optionalString(format.name, `${path}.name`),
    schema: readSchema(format.schema, `${path}.schema`),
    isStrict: optionalBoolean(format.strict, `${path}.strict`),
    description: optionalString(format.description, `${path}.description`),
  })
}

function readReasoning(value: Json | undefined, losses: Losses): Reasoning | undefined {
  if (value === undefined || value === null) return undefined
  const reasoning = readObject(value, 'reasoning')
  const { context, mode, ...rest } = reasoning
  // Either says what would be so anyway.
  const special = { ...(context === 'auto' ? {} : { context }), ...(mode === 'standard' ? {} : { mode }) }
  reportUnread({ ...rest, ...special }, READ_REASONING, { path: 'reasoning', losses })
  const summary = reasoning.summary ?? reasoning.generate_summary
  const isShown = summary === undefined || summary === null ? {} : { isShown: true }
  const effort = optionalString(reasoning.effort, 'reasoning.effort')
  if (effort === 'none') return { type: 'off' }
  if (effort === undefined) return isObject(value) && Object.keys(isShown).length > 0 ? { type: 'adaptive', ...isShown } : undefined
  if (!isEffort(effort)) throw wrong('reasoning.effort', 'must be none, minimal, low, medium, high, xhigh or max')
  return { type: 'effort', effort, ...isShown }
}
